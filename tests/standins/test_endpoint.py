"""`AksEndpoint`: versions, traffic, default and control version, and changes without a lost request."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from deployer import BROKEN, ECHO, Deployer

from jupyter_mldeploy import services
from jupyter_mldeploy.core import Webservice
from jupyter_mldeploy.core.exceptions import WebserviceException
from jupyter_mldeploy.core.webservice import AksEndpoint, load_deployment_configuration
from jupyter_mldeploy.targets import target


def endpoint(own: Deployer, name: str, **options: Any) -> Any:
    """An endpoint with the version blue."""
    options = {"version_name": "blue", "auth_enabled": False, **options}
    return own.deployed(name, AksEndpoint.deploy_configuration(**options), ECHO.format("blue"))


def add(own: Deployer, service: Any, name: str, **options: Any) -> None:
    script = own.inference(ECHO.format(name), f"{name.replace('-', '_')}.py")
    service.create_version(version_name=name, models=[], inference_config=script, **options)
    service.wait_for_deployment(show_output=False)


def answers(service: Any, number: int) -> Counter[str]:
    """Which version answered, over so many requests on one connection."""
    seen: Counter[str] = Counter()
    where = urlsplit(service.scoring_uri)
    with closing(HTTPConnection(where.netloc, timeout=20)) as connection:
        for _ in range(number):
            connection.request("POST", where.path, "{}")
            seen[json.load(connection.getresponse())] += 1
    return seen


@contextmanager
def load(service: Any, clients: int = 3) -> Iterator[Counter[Any]]:
    """Clients that call without a pause, and what they saw."""
    seen: Counter[Any] = Counter()
    ending = threading.Event()

    def client() -> None:
        with requests.Session() as session:
            while not ending.is_set():
                answer = session.post(service.scoring_uri, data="{}", timeout=20)
                seen[answer.status_code] += 1

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        ending.set()
        for thread in threads:
            thread.join(30)


def test_as_the_documentation_shows_it(own: Deployer) -> None:
    service = endpoint(own, "by-the-book", traffic_percentile=20, tags={"a": "b"}, description="first")
    assert (service.compute_type, service.state) == ("AKSENDPOINT", "Healthy")
    assert list(service.versions) == ["blue"]
    add(own, service, "green", traffic_percentile=10, tags={"c": "d"}, description="second")
    assert answers(service, 100) == {"blue": 90, "green": 10}
    service.update_version(
        version_name=service.versions["green"].name,
        description="second, updated",
        traffic_percentile=40,
        is_default=True,
        is_control_version_type=True,
    )
    service.wait_for_deployment(True)
    assert answers(service, 100) == {"blue": 20, "green": 80}
    blue, green = service.versions["blue"], service.versions["green"]
    assert (blue.is_default, blue.version_type, blue.traffic_percentile) == (False, "Treatment", 20)
    assert (green.is_default, green.version_type, green.traffic_percentile) == (True, "Control", 40)
    assert (green.is_control_version_type, green.state, green.tags) == (True, "Healthy", {"c": "d"})
    assert green.description == "second, updated"
    assert AksEndpoint.VersionType.control.value == "Control"
    service.delete_version(version_name="green")
    service.wait_for_deployment(True)
    (left,) = Webservice(own.ws, "by-the-book").versions.values()
    assert (left.name, left.is_default, left.is_control_version_type) == ("blue", True, True)
    assert answers(service, 50) == {"blue": 50}


def test_six_versions_at_most_and_of_those_left_the_one_with_the_most_traffic_becomes_the_default(
    own: Deployer, capsys: pytest.CaptureFixture[str]
) -> None:
    service = endpoint(own, "six", traffic_percentile=50)
    for number in range(2, 7):
        script = own.inference(ECHO.format(number), f"version_{number}.py")
        service.create_version(f"version-{number}", models=[], inference_config=script, traffic_percentile=number)
    service.wait_for_deployment()
    with pytest.raises(WebserviceException, match="6 versions, which is the most"):
        add(own, service, "version-7")
    service.delete_version("blue")
    service.delete_version("version-5")  # waits for its turn
    service.wait_for_deployment()
    assert "Version 'blue' was the default of 'six'; now it is 'version-6'." in capsys.readouterr().out
    assert answers(service, 100) == {"2": 2, "3": 3, "4": 4, "6": 91}
    assert services.state(own.ws._home, "six").phase == "Healthy"


def test_traffic_is_kept_over_10000_requests(own: Deployer) -> None:
    service = endpoint(own, "ten-thousand", traffic_percentile=60)
    add(own, service, "green", traffic_percentile=25)
    add(own, service, "red", traffic_percentile=15)
    seen: Counter[str] = Counter()
    threads = [threading.Thread(target=lambda: seen.update(answers(service, 2500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sum(seen.values()) == 10_000
    for name, percent in {"blue": 60, "green": 25, "red": 15}.items():
        assert abs(seen[name] / 100 - percent) < 1


def test_versions_come_change_and_go_under_load_without_a_failed_request(own: Deployer) -> None:
    service = endpoint(own, "under-load", traffic_percentile=50)
    with load(service) as seen:
        add(own, service, "green", traffic_percentile=50)
        service.update_version("green", inference_config=own.inference(ECHO.format("new"), "new.py"))
        service.wait_for_deployment()
        service.update_version("green", num_replicas=2, is_default=True)
        service.wait_for_deployment()
        service.delete_version("blue")
        service.wait_for_deployment()
        assert answers(service, 50) == {"new": 50}
        service.reload(wait=True)
        service.update(enable_app_insights=True)
        service.wait_for_deployment()
    assert set(seen) == {200}
    assert sum(seen.values()) > 100
    assert service.versions["green"].num_replicas == 2


def test_traffic_and_marks_change_without_new_workers(own: Deployer) -> None:
    service = endpoint(own, "no-new-workers")
    add(own, service, "green")
    handle = services.record(own.ws._home, "no-new-workers").handle
    assert handle

    def pids() -> set[int]:
        (reply,) = target(handle.target, own.ws._home).control(handle, {"v": 1, "op": "status"})
        return {worker["pid"] for worker in reply.data["workers"]}

    before = pids()
    service.update_version("green", traffic_percentile=30, is_default=True, tags={"a": "1"}, description="d")
    service.wait_for_deployment()
    assert pids() == before


def test_a_version_that_does_not_come_up_says_why_and_changes_nothing(own: Deployer) -> None:
    service = endpoint(own, "one-bad")
    service.create_version("bad", inference_config=own.inference(BROKEN, "bad.py"), traffic_percentile=50)
    with pytest.raises(WebserviceException, match="no such model in here"):
        service.wait_for_deployment()
    assert list(service.versions) == ["blue"]
    add(own, service, "green", traffic_percentile=50)
    service.update_version("green", inference_config=own.inference(BROKEN, "bad.py"))
    with pytest.raises(WebserviceException, match="no such model in here"):
        service.wait_for_deployment()
    assert answers(service, 100) == {"blue": 50, "green": 50}


def test_it_comes_back_with_all_its_versions(own: Deployer) -> None:
    service = endpoint(own, "comes-back")
    add(own, service, "green", traffic_percentile=40)
    handle = services.record(own.ws._home, "comes-back").handle
    assert handle
    os.kill(handle.data["pid"], signal.SIGKILL)
    psutil.Process(handle.data["pid"]).wait(10)
    service.update_deployment_state()
    assert service.state == "Unhealthy"
    with pytest.raises(WebserviceException, match="does not run: restart it first"):
        service.update_version("green", traffic_percentile=10)
        service.wait_for_deployment()
    service.restart(wait=True)
    assert answers(service, 100) == {"blue": 60, "green": 40}
    assert service.versions["green"].state == "Healthy"


def test_authentication_holds_for_all_versions_also_new_ones(own: Deployer) -> None:
    service = endpoint(own, "guarded", auth_enabled=None, primary_key="first-key", secondary_key="second-key")
    assert service.auth_enabled
    add(own, service, "green", traffic_percentile=50)
    assert requests.post(service.scoring_uri, data="{}").status_code == 401
    assert {service.run("{}") for _ in range(40)} == {"blue", "green"}
    service.update(auth_enabled=False)
    service.update_version("green", inference_config=own.inference(ECHO.format("green"), "green.py"))
    service.wait_for_deployment()
    assert set(answers(service, 40)) == {"blue", "green"}


def test_what_holds_for_the_whole_is_updated(own: Deployer) -> None:
    service = endpoint(own, "as-a-whole", tags={"a": "b"})
    service.update(description="all of it", tags={"c": "d"}, properties={"e": "f"})
    found: Any = Webservice(own.ws, "as-a-whole")
    assert (found.description, found.tags, found.properties) == ("all of it", {"c": "d"}, {"e": "f"})
    with pytest.raises(WebserviceException, match="Nothing to update"):
        service.update()
    service.update(enable_app_insights=True)
    service.wait_for_deployment()
    assert service.enable_app_insights
    service.run("{}")
    assert '"version": "blue"' in service.get_logs()


REFUSED = [
    (lambda s, i: s.create_version("green"), "needs inference_config"),
    (lambda s, i: s.create_version(None, inference_config=i), "version_name is None"),
    (lambda s, i: s.create_version("blue", inference_config=i), "'blue' exists already"),
    (lambda s, i: s.create_version("Green", inference_config=i), "version_name: 'Green' cannot name a version"),
    (lambda s, i: s.create_version("green", inference_config=i, traffic_percentile=101), "from 0 to 100"),
    (lambda s, i: s.create_version("green", inference_config=i, traffic_percentile=81), "together at most 100"),
    (lambda s, i: s.create_version("green", inference_config=i, num_replicas=0), "num_replicas is 0"),
    (lambda s, i: s.update_version("green", traffic_percentile=5), "no version 'green'"),
    (lambda s, i: s.update_version("blue"), "Nothing to update"),
    (lambda s, i: s.update_version("blue", traffic_percentile=-1), "traffic_percentile is -1"),
    (lambda s, i: s.update_version("blue", is_default=False), "make another version the default"),
    (lambda s, i: s.delete_version("green"), "no version 'green'"),
    (lambda s, i: s.delete_version("blue"), "'blue' is the only one"),
    (lambda s, i: s.update(auth_enabled=True, token_auth_enabled=True), "exclude each other"),
]


def test_what_cannot_be_is_refused_before_any_work(own: Deployer) -> None:
    service = endpoint(own, "refusing", traffic_percentile=20)
    before = services.operation(own.ws._home, "refusing")
    for call, said in REFUSED:
        with pytest.raises(WebserviceException, match=said):
            call(service, own.inference(ECHO.format("green"), "green.py"))
    assert services.operation(own.ws._home, "refusing") == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"version_name": "A"}, "version_name: 'A' cannot name a version"),
        ({"traffic_percentile": 101}, "traffic_percentile is 101"),
        ({"traffic_percentile": True}, "traffic_percentile is True"),
        ({"traffic_percentile": 1.5}, "traffic_percentile is 1.5"),
        ({"num_replicas": 1, "autoscale_enabled": True}, "exclude each other"),
    ],
)
def test_a_configuration_says_what_is_wrong(given: dict[str, Any], said: str) -> None:
    with pytest.raises(WebserviceException, match=said):
        AksEndpoint.deploy_configuration(**given)


def test_without_a_name_the_first_version_has_the_endpoints(own: Deployer) -> None:
    service = own.deployed("nameless", AksEndpoint.deploy_configuration(auth_enabled=False), ECHO.format("x"))
    assert list(service.versions) == ["nameless"]


def test_the_json_form(own: Deployer) -> None:
    content = {"computeType": "AksEndpoint", "versionName": "blue", "trafficPercentile": 30, "authEnabled": False}
    configuration = load_deployment_configuration(content)
    assert isinstance(configuration, type(AksEndpoint.deploy_configuration()))
    service = own.deployed("from-json", configuration, ECHO.format("blue"))
    assert service.versions["blue"].traffic_percentile == 30
    assert json.dumps(service.serialize())
    assert [s.name for s in Webservice.list(own.ws, compute_type="AksEndpoint")] == ["from-json"]
