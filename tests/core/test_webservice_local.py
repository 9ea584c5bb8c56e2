"""`LocalWebservice`: states, ports, reload, and what differs from the services of the cloud types."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from deployer import BROKEN, ECHO, SLOW, Deployer, deployer

from jupyter_mldeploy.core import Model, Webservice, Workspace
from jupyter_mldeploy.core.exceptions import WebserviceException
from jupyter_mldeploy.core.webservice import AciWebservice, AksWebservice, LocalWebservice

LOCAL = LocalWebservice.deploy_configuration()


@pytest.fixture
def own(ws: Workspace, tmp_path: Path) -> Iterator[Deployer]:
    with deployer(ws, tmp_path) as made:
        yield made


def test_the_states_are_v1s_lower_case_words(own: Deployer, capsys: pytest.CaptureFixture[str]) -> None:
    assert LocalWebservice(own.ws, "stated", must_exist=False).state == "unknown"
    service = own.deploy("stated", LOCAL)
    assert (type(service), service.state) == (LocalWebservice, "deploying")
    service.wait_for_deployment()
    assert service.state == "running"
    assert f'"Succeeded", state running, {service.scoring_uri}' in capsys.readouterr().out
    service.delete()
    assert (service.state, service.scoring_uri, service.swagger_uri, service.port) == ("deleted", None, None, None)
    service.update_deployment_state()
    assert service.state == "deleted"


def test_a_failed_init_is_failed_and_still_has_its_log(own: Deployer) -> None:
    service = own.deploy("local-broken", LOCAL, BROKEN)
    with pytest.raises(WebserviceException, match="no such model in here"):
        service.wait_for_deployment()
    assert service.state == "failed"
    assert "no such model in here" in LocalWebservice(own.ws, "local-broken").get_logs()
    with pytest.raises(WebserviceException, match="run is not possible: .* state 'failed'"):
        service.run("{}")
    own.inference(ECHO.format("repaired"))
    service.reload(wait=True)
    assert service.run("{}") == "repaired"


@pytest.mark.parametrize(
    "call",
    [
        LocalWebservice.delete,
        LocalWebservice.get_logs,
        LocalWebservice.reload,
        lambda service: service.run("{}"),
        LocalWebservice.wait_for_deployment,
    ],
)
def test_calls_in_the_wrong_state_name_call_and_state(call: Any, ws: Workspace) -> None:
    with pytest.raises(WebserviceException, match="is not possible: service 'nowhere' is in state 'unknown'"):
        call(LocalWebservice(ws, "nowhere", must_exist=False))


def test_must_exist_may_be_asked_for_later(ws: Workspace) -> None:
    service = LocalWebservice(ws, "nowhere", False)
    service.update_deployment_state()
    with pytest.raises(WebserviceException, match="WebserviceNotFound"):
        service.update_deployment_state(must_exist=True)


def test_run_waits_for_a_service_that_is_still_deploying(own: Deployer) -> None:
    assert own.deploy("patient", LOCAL, SLOW.format(0.5)).run("{}") == "slow"


def test_the_port_is_taken_and_a_busy_one_is_refused_before_any_work(own: Deployer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(WebserviceException, match=str(port)):
            own.deploy("on-a-port", LocalWebservice.deploy_configuration(port))
    service = own.deployed("on-a-port", LocalWebservice.deploy_configuration(port), ECHO.format("here"))
    assert service.port == port
    assert requests.post(f"http://localhost:{port}/score", "{}", timeout=10).json() == "here"


def test_a_local_deployment_replaces_a_local_service_unasked_and_no_other(own: Deployer) -> None:
    own.deployed("replaced", LOCAL, ECHO.format("one"))
    assert own.deployed("replaced", LOCAL, ECHO.format("two")).run("{}") == "two"
    own.deploy("of-aci", AciWebservice.deploy_configuration())
    with pytest.raises(WebserviceException, match="'of-aci' exists already"):
        own.deploy("of-aci", LOCAL)


def test_reload_reads_the_script_again_and_keeps_the_old_one_when_it_is_bad(own: Deployer) -> None:
    own.deployed("retried", LOCAL, ECHO.format("one"))
    service = LocalWebservice(own.ws, "retried")
    own.inference(BROKEN)
    service.reload()
    with pytest.raises(WebserviceException, match="no such model in here"):
        service.wait_for_deployment()
    assert (service.state, service.run("{}")) == ("running", "one")
    own.inference(ECHO.format("two"))
    service.reload(True)
    assert service.run("{}") == "two"


def test_update_changes_what_is_given(own: Deployer) -> None:
    service = own.deployed("updated", LOCAL, ECHO.format("one"))
    port = service.port
    service.update(inference_config=own.inference(ECHO.format("two"), "other.py"), wait=True)
    assert (service.run("{}"), service.port) == ("two", port)
    guarded = LocalWebservice.deploy_configuration()
    guarded.auth_enabled = True
    service.update(deployment_config=guarded, wait=True)
    assert service.auth_enabled and service.run("{}") == "two"
    assert requests.post(service.scoring_uri, "{}", timeout=10).status_code == 401


def test_update_deploys_where_nothing_is(own: Deployer) -> None:
    service = LocalWebservice(own.ws, "from-nothing", must_exist=False)
    service.update(models=[], inference_config=own.inference(ECHO.format("new")), wait=True)
    assert service.run("{}") == "new"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"image_config": object()}, "image_config"),
        ({"deployment_config": AciWebservice.deploy_configuration()}, "deployment_config is"),
        ({"deployment_config": 5}, "deployment_config is 5"),
        ({"models": "text"}, "give a list"),
        ({"models": [None]}, "None is no model"),
        ({"inference_config": "text"}, "inference_config is 'text'"),
    ],
)
def test_update_refuses_wrong_types(own: Deployer, given: dict[str, Any], said: str) -> None:
    own.deploy("typed", LOCAL)
    with pytest.raises(WebserviceException, match=said):
        LocalWebservice(own.ws, "typed").update(**given)


def test_keys_exist_once_auth_is_on(own: Deployer) -> None:
    service = own.deployed("local-keys", LOCAL, ECHO.format("in"))
    for call in (service.get_keys, lambda: service.regen_key("primary")):
        with pytest.raises(NotImplementedError, match="auth_enabled"):
            call()
    configuration = LocalWebservice.deploy_configuration()
    configuration.auth_enabled = True
    service = own.deployed("local-keys", configuration, ECHO.format("in"))
    before = service.get_keys()
    service.regen_key("secondary")
    assert service.get_keys()[0] == before[0] and service.get_keys()[1] != before[1]
    assert service.run("{}") == "in"


def test_v1s_refusals_stay(ws: Workspace) -> None:
    with pytest.raises(NotImplementedError):
        LocalWebservice.deserialize(ws, {})
    with pytest.raises(NotImplementedError):
        LocalWebservice(ws, "nowhere", must_exist=False).get_token()


def test_the_same_goes_to_the_cloud_types_under_another_name(own: Deployer) -> None:
    (own.folder / "weights.txt").write_text("w")
    model = Model.register(own.ws, str(own.folder / "weights.txt"), "local-model")
    service = own.deployed("local-first", LOCAL, ECHO.format("same"), models=[model])
    with pytest.raises(WebserviceException, match="'local-first' exists already"):
        service.deploy_to_cloud("local-first")
    unnamed = service.deploy_to_cloud()
    unnamed.wait_for_deployment()
    assert (unnamed.name, unnamed.compute_type, unnamed.run("{}")) == ("local-first-cloud", "ACI", "same")
    cloud = service.deploy_to_cloud("cloud-second", AksWebservice.deploy_configuration())
    cloud.wait_for_deployment()
    assert isinstance(cloud, AksWebservice) and cloud.run("{}") == "same"
    assert [m.id for m in cloud.models] == [model.id]
    with pytest.raises(WebserviceException, match="cannot name a service"):
        service.deploy_to_cloud("Bad Name")


def test_models_by_path_must_be_registered_before_they_go_to_the_cloud(own: Deployer) -> None:
    (own.folder / "weights.txt").write_text("w")
    service = own.deployed("by-path-only", LOCAL, models=[str(own.folder / "weights.txt")])
    with pytest.raises(WebserviceException, match=r"Register these models first.*weights\.txt"):
        service.deploy_to_cloud("in-the-cloud", AciWebservice.deploy_configuration())


def test_listing_shows_local_services_and_all_of_them_when_asked(own: Deployer) -> None:
    own.deployed("listed", LOCAL)
    with pytest.raises(WebserviceException):
        own.deployed("listed-broken", LOCAL, BROKEN)
    own.deploy("not-local")
    names = {service.name for service in LocalWebservice.list(own.ws)}
    every = {service.name for service in LocalWebservice.list(own.ws, all=True)}
    assert "listed" in names and "listed-broken" not in names and "not-local" not in every
    assert {"listed", "listed-broken"} <= every
    assert LocalWebservice.list(own.ws, model_name="none") == []
    assert isinstance(Webservice(own.ws, "listed"), LocalWebservice)
