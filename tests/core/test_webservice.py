"""A deployed service through v1's names: fetching, waiting, calling, keys, logs, deleting."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from deployer import BROKEN, ECHO, SLOW, Deployer, deployer

from jupyter_mldeploy import services
from jupyter_mldeploy.core import Model, Workspace
from jupyter_mldeploy.core.exceptions import NotAvailableException, UserErrorException, WebserviceException
from jupyter_mldeploy.core.webservice import (
    AciWebservice,
    AksEndpoint,
    AksWebservice,
    LocalWebservice,
    UnknownWebservice,
    Webservice,
)
from jupyter_mldeploy.disk import read_json, write_json

INPUT = json.dumps({"data": [[1, 2], [3, 4]]})


@pytest.fixture(scope="module")
def shared(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployer]:
    """Three services for the tests that change nothing: web-aci, web-aks, web-local."""
    with deployer(ws, tmp_path_factory.mktemp("scripts")) as made:
        made.deploy("web-aci", AciWebservice.deploy_configuration(tags={"kind": "one"}, properties={"p": 1}))
        made.deploy("web-aks", AksWebservice.deploy_configuration(tags={"kind": "two"}, num_replicas=2))
        made.deployed("web-local", LocalWebservice.deploy_configuration())
        for name in ("web-aci", "web-aks"):
            Webservice(ws, name).wait_for_deployment(timeout_sec=60)
        yield made


@pytest.fixture
def own(ws: Workspace, tmp_path: Path) -> Iterator[Deployer]:
    with deployer(ws, tmp_path) as made:
        yield made


def test_a_deployment_returns_at_once_and_becomes_healthy(own: Deployer, capsys: pytest.CaptureFixture[str]) -> None:
    service = own.deploy("at-once")
    assert isinstance(service, AciWebservice), "v1's default without target and configuration"
    assert service.state == "Transitioning"
    assert "ACI service 'at-once' runs on this machine" in capsys.readouterr().out
    service.wait_for_deployment(True)
    assert service.state == "Healthy"
    assert json.loads(service.run(INPUT)) == [3, 7]


@pytest.mark.parametrize(
    ("name", "kind", "state"),
    [
        ("web-aci", AciWebservice, "Healthy"),
        ("web-aks", AksWebservice, "Healthy"),
        ("web-local", LocalWebservice, "running"),
    ],
)
def test_a_service_fetched_by_name_is_of_its_own_class_and_works(
    shared: Deployer, name: str, kind: type[Webservice], state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Webservice(shared.ws, name)
    assert type(service) is kind
    assert type(kind(shared.ws, name)) is kind
    assert service.state == state
    service.wait_for_deployment()
    assert f'{name!r}: operation "Succeeded", state {state}' in capsys.readouterr().out
    assert json.loads(service.run(INPUT)) == [3, 7]
    assert "init of the summing script" in service.get_logs()


def test_another_types_class_answers_with_the_services_own(shared: Deployer) -> None:
    assert type(AciWebservice(shared.ws, "web-aks")) is AksWebservice
    assert AciWebservice(shared.ws, "web-aks").num_replicas == 2
    with pytest.raises(WebserviceException, match="WebserviceNotFound.*ACI"):
        LocalWebservice(shared.ws, "web-aci")


@pytest.mark.parametrize("kind", [Webservice, AciWebservice, AksWebservice, LocalWebservice])
def test_a_missing_service_is_found_by_the_idiom_of_notebooks(ws: Workspace, kind: type[Webservice]) -> None:
    with pytest.raises(WebserviceException) as raised:
        kind(ws, "not-there")
    assert raised.value.message.startswith("WebserviceNotFound")
    assert "not-there" in raised.value.message


@pytest.mark.parametrize("kind", [Webservice, AciWebservice, AksWebservice, LocalWebservice])
@pytest.mark.parametrize("arguments", [(None, None), (None, "name"), ("ws", "")])
def test_without_workspace_or_name_the_object_is_empty(kind: Any, arguments: tuple[Any, Any], ws: Workspace) -> None:
    service = kind(ws if arguments[0] else None, arguments[1])
    assert (service.scoring_uri, service.compute_type, service.tags) == (None, None, None)


ATTRIBUTES = (
    "auth_enabled compute_type created_time updated_time description image_id image_digest image tags name properties "
    "created_by error state workspace token_auth_enabled scoring_uri swagger_uri"
)
ACI_ATTRIBUTES = (
    "enable_app_insights cname container_resource_requirements encryption_properties vnet_configuration location "
    "public_ip public_fqdn ssl_certificate ssl_enabled ssl_key environment models"
)
AKS_ATTRIBUTES = (
    "enable_app_insights autoscaler compute_name container_resource_requirements liveness_probe_requirements "
    "data_collection max_concurrent_requests_per_container max_request_wait_time num_replicas scoring_timeout_ms "
    "is_default traffic_percentile version_type token_auth_enabled environment models deployment_status namespace"
)


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("web-aci", f"{ATTRIBUTES} {ACI_ATTRIBUTES}"),
        ("web-aks", f"{ATTRIBUTES} {AKS_ATTRIBUTES}"),
        ("web-local", f"{ATTRIBUTES} port environment models"),
    ],
)
def test_every_attribute_of_v1_is_there(shared: Deployer, name: str, attributes: str) -> None:
    service = Webservice(shared.ws, name)
    missing = [attribute for attribute in attributes.split() if not hasattr(service, attribute)]
    assert not missing


def test_the_attributes_say_what_was_asked(shared: Deployer) -> None:
    aci, aks, local = (Webservice(shared.ws, name) for name in ("web-aci", "web-aks", "web-local"))
    assert (aci.tags, aci.properties, aci.auth_enabled) == ({"kind": "one"}, {"p": "1"}, False)
    assert (aks.auth_enabled, aks.autoscaler.autoscale_enabled, aks.scoring_timeout_ms) == (True, False, 60_000)
    assert (local.auth_enabled, local.description, local.error) == (False, None, None)
    assert aci.scoring_uri.endswith("/score") and aci.swagger_uri == aci.scoring_uri.replace("score", "swagger.json")
    assert aks.scoring_uri.endswith("/api/v1/service/web-aks/score")
    assert aks.swagger_uri.endswith("/api/v1/service/web-aks/swagger.json")
    assert f":{local.port}/score" in local.scoring_uri
    assert "name=web-aci" in repr(aci) and "state=Healthy" in repr(aci)


def test_waiting_shows_the_stages_with_times(own: Deployer, capsys: pytest.CaptureFixture[str]) -> None:
    own.deploy("with-stages").wait_for_deployment(show_output=True)
    out = capsys.readouterr().out
    assert re.search(r"^\d\d:\d\d:\d\d  bundle  done$", out, re.M)
    assert 'operation "Succeeded", state Healthy, http://' in out


def test_a_failed_init_is_told_with_traceback_log_and_operation(own: Deployer) -> None:
    service = own.deploy("broken", text=BROKEN)
    began = time.monotonic()
    with pytest.raises(WebserviceException) as raised:
        service.wait_for_deployment()
    assert time.monotonic() - began < 10
    message = raised.value.message
    assert "no such model in here" in message and "in init" in message and "score.py" in message
    assert "about to break" in message, "the last lines of the log"
    assert "Current state: Failed" in message and re.search(r"Operation: \d{8}T", message)
    assert service.state == "Failed" and "no such model" in str(service.error)
    for later in (service, Webservice(own.ws, "broken")):
        assert "no such model in here" in later.get_logs()
        with pytest.raises(WebserviceException, match="(?s)cannot be called: .*Current state: Failed, .*no such model"):
            later.run(INPUT)


def test_a_timeout_names_where_it_is_and_the_work_goes_on(own: Deployer) -> None:
    service = own.deploy("sluggish", text=SLOW.format(1.5))
    with pytest.raises(WebserviceException, match="After 0.3 s"):
        service.wait_for_deployment(timeout_sec=0.3)
    service.wait_for_deployment(timeout_sec=30)
    assert service.run("{}") == "slow"


def test_an_interrupted_wait_leaves_the_work_alone(own: Deployer) -> None:
    service = own.deploy("interrupted", text=SLOW.format(1))
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            service.wait_for_deployment()
    finally:
        signal.signal(signal.SIGALRM, previous)
    Webservice(own.ws, "interrupted").wait_for_deployment(timeout_sec=30)


@pytest.mark.parametrize("given", [INPUT, INPUT.encode(), bytearray(INPUT.encode()), {"data": [[1, 2], [3, 4]]}])
def test_run_takes_text_bytes_and_what_json_can_write(shared: Deployer, given: Any) -> None:
    answer = Webservice(shared.ws, "web-aci").run(given)
    assert answer == "[3, 7]", "a text that the script returns is encoded twice, as v1 did"


def test_run_says_what_cannot_be_sent(shared: Deployer) -> None:
    with pytest.raises(WebserviceException, match="cannot be sent: .*set is not JSON serializable"):
        Webservice(shared.ws, "web-aci").run({"data": {1, 2}})


@pytest.mark.parametrize("name", ["web-aci", "web-aks", "web-local"])
def test_an_error_of_the_script_has_code_headers_and_content(shared: Deployer, name: str) -> None:
    with pytest.raises(WebserviceException) as raised:
        Webservice(shared.ws, name).run("no json")
    assert raised.value.status_code == 500
    assert "x-ms-run-function-failed" in raised.value.message and "Content: {" in raised.value.message


def test_calls_by_rest_need_the_key_where_auth_is_on(shared: Deployer) -> None:
    aks, aci = Webservice(shared.ws, "web-aks"), Webservice(shared.ws, "web-aci")
    headers = {"Content-Type": "application/json"}
    assert requests.post(aci.scoring_uri, INPUT, headers=headers, timeout=10).json() == "[3, 7]"
    assert requests.post(aks.scoring_uri, INPUT, headers=headers, timeout=10).status_code == 401
    primary, secondary = aks.get_keys()
    assert primary != secondary
    for key in (primary, secondary):
        signed = {**headers, "Authorization": f"Bearer {key}"}
        assert requests.post(aks.scoring_uri, INPUT, headers=signed, timeout=10).json() == "[3, 7]"


def test_keys_may_be_given_and_renewed(own: Deployer) -> None:
    configuration = AksWebservice.deploy_configuration(primary_key="first-key-of-mine", secondary_key="another-of-mine")
    service = own.deployed("with-keys", configuration)
    assert service.get_keys() == ("first-key-of-mine", "another-of-mine")
    service.regen_key("Primary")
    service.regen_key("SECONDARY", set_key="chosen-by-me")
    primary, secondary = service.get_keys()
    assert primary != "first-key-of-mine" and secondary == "chosen-by-me"
    assert json.loads(service.run(INPUT)) == [3, 7]
    old = {"Authorization": "Bearer first-key-of-mine"}
    assert requests.post(service.scoring_uri, INPUT, headers=old, timeout=10).status_code == 401


@pytest.mark.parametrize("word", ["", None, "third", "prim ary", 1])
def test_regen_key_knows_two_words(shared: Deployer, word: Any) -> None:
    with pytest.raises(WebserviceException, match="'primary' or 'secondary'"):
        Webservice(shared.ws, "web-aks").regen_key(word)


def test_tokens_are_refused_as_each_type_does(shared: Deployer) -> None:
    with pytest.raises(NotImplementedError):
        Webservice(shared.ws, "web-aci").get_token()
    with pytest.raises(NotImplementedError):
        Webservice(shared.ws, "web-local").get_token()
    for call in (AksWebservice.get_token, AksWebservice.get_access_token):
        with pytest.raises(WebserviceException, match="token_auth_enabled=True"):
            call(AksWebservice(shared.ws, "web-aks"))


def test_tags_and_properties_change_with_one_line_each(own: Deployer, capsys: pytest.CaptureFixture[str]) -> None:
    service = own.deploy("annotated", AciWebservice.deploy_configuration(tags={"a": "1", "b": "2"}))
    service.add_tags({"b": 3, "c": "4"})
    service.remove_tags("a")
    service.remove_tags(["c", "never-there"])
    service.add_properties({"p": 0.5})
    assert capsys.readouterr().out.count("Service 'annotated': ") == 4
    again = Webservice(own.ws, "annotated")
    assert (again.tags, again.properties) == ({"b": "3"}, {"p": "0.5"})
    with pytest.raises(WebserviceException, match="tags"):
        service.add_tags(["a"])


def test_deleting_stops_it_and_a_second_time_says_so(own: Deployer, capsys: pytest.CaptureFixture[str]) -> None:
    service = own.deployed("short-lived")
    uri = service.scoring_uri
    service.delete()
    assert service.state == "Deleting"
    with pytest.raises(requests.ConnectionError):
        requests.post(uri, INPUT, timeout=5)
    service.delete()
    assert "nothing was deleted" in capsys.readouterr().out
    with pytest.raises(WebserviceException, match="WebserviceNotFound"):
        service.update_deployment_state()


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"web-aci", "web-aks"}),
        ({"compute_type": "aks"}, {"web-aks"}),
        ({"compute_type": "ACI"}, {"web-aci"}),
        ({"compute_type": "AksEndpoint"}, set()),
        ({"tags": ["kind"]}, {"web-aci", "web-aks"}),
        ({"tags": [["kind", "two"]]}, {"web-aks"}),
        ({"properties": [("p", "1")]}, {"web-aci"}),
        ({"properties": ["q"]}, set()),
        ({"model_name": "none-of-it"}, set()),
        ({"model_id": "none:1"}, set()),
        ({"image_name": "any"}, set()),
        ({"image_id": "any"}, set()),
        ({"image_digest": "any"}, set()),
    ],
)
def test_listing_leaves_local_services_out_and_filters(shared: Deployer, filters: Any, expected: set[str]) -> None:
    found = {service.name for service in Webservice.list(shared.ws, **filters)}
    assert found & {"web-aci", "web-aks", "web-local"} == expected
    assert set(shared.ws.webservices) >= {"web-aci", "web-aks"} and "web-local" not in shared.ws.webservices


def test_an_unknown_type_or_a_wrong_filter_is_refused(ws: Workspace) -> None:
    with pytest.raises(WebserviceException, match="'vm'. Known: ACI, AKS, AKSENDPOINT"):
        Webservice.list(ws, compute_type="vm")
    with pytest.raises(UserErrorException, match="tags must be a list"):
        Webservice.list(ws, tags={"a": 1})


def test_serialize_has_v1s_keys_and_comes_back(shared: Deployer) -> None:
    keys = [
        "name",
        "description",
        "tags",
        "properties",
        "state",
        "createdTime",
        "updatedTime",
        "error",
        "computeType",
        "workspaceName",
        "imageId",
        "imageDigest",
        "imageDetails",
        "scoringUri",
        "createdBy",
    ]
    for name in ("web-aci", "web-aks", "web-local"):
        payload = Webservice(shared.ws, name).serialize()
        assert set(keys) <= set(payload)
        json.dumps(payload)
    for kind, name in ((AciWebservice, "web-aci"), (AksWebservice, "web-aks")):
        payload = kind(shared.ws, name).serialize()
        again = kind.deserialize(shared.ws, payload)
        assert {key: again.serialize()[key] for key in keys} == {key: payload[key] for key in keys}


def test_a_payload_of_the_service_is_read_by_its_own_names(ws: Workspace) -> None:
    payload = {
        "computeType": "ACI",
        "createdTime": "2024-01-02T03:04:05Z",
        "description": None,
        "kvTags": {"a": "b"},
        "name": "x",
        "properties": {},
    }
    assert AciWebservice.deserialize(ws, payload).tags == {"a": "b"}
    for key in payload:
        lacking = {name: value for name, value in payload.items() if name != key}
        if key != "kvTags":
            with pytest.raises(WebserviceException, match=f"lacks {key}"):
                AciWebservice.deserialize(ws, lacking)


def test_a_type_that_another_version_wrote_can_be_looked_at(own: Deployer) -> None:
    own.deployed("of-the-future")
    path = own.ws._home.service("of-the-future") / "record.json"
    record = read_json(path, dict)
    record["plan"]["type"] = "QUANTUM"
    write_json(path, record)
    service = Webservice(own.ws, "of-the-future")
    assert type(service) is UnknownWebservice and "of-the-future" in service.get_logs() + service.name
    for call in (lambda: service.run(INPUT), lambda: service.update(), service.get_token):
        with pytest.raises(NotAvailableException, match="QUANTUM"):
            call()
    service.delete()


def test_check_for_existing_webservice(shared: Deployer) -> None:
    Webservice.check_for_existing_webservice(shared.ws, "not-there")
    Webservice.check_for_existing_webservice(shared.ws, "web-aci", overwrite=True)
    with pytest.raises(WebserviceException, match="'web-aci' exists already"):
        Webservice.check_for_existing_webservice(shared.ws, "web-aci")


def test_reload_takes_the_edited_script_on_a_fetched_object(own: Deployer) -> None:
    own.deployed("reloaded", text=ECHO.format("one"))
    own.inference(ECHO.format("two"))
    service = Webservice(own.ws, "reloaded")
    service.reload(wait=True)
    assert service.run("{}") == "two"


@pytest.mark.parametrize(
    ("configuration", "dead"),
    [(AciWebservice.deploy_configuration(), "Unhealthy"), (LocalWebservice.deploy_configuration(), "failed")],
)
def test_a_service_whose_front_died_says_so_and_is_back_after_one_call(
    own: Deployer, configuration: Any, dead: str
) -> None:
    service = own.deployed("struck", configuration)
    record = services.record(own.ws._home, "struck")
    assert record.handle is not None
    os.kill(record.handle.data["pid"], signal.SIGKILL)
    (own.folder / "score.py").unlink()
    deadline = time.monotonic() + 5
    while service.state != dead and time.monotonic() < deadline:
        time.sleep(0.02)
        service.update_deployment_state()
    assert service.state == dead and service.error
    with pytest.raises(WebserviceException, match=r"service\.restart\(\)"):
        service.wait_for_deployment()
    with pytest.raises(
        WebserviceException, match="is not possible" if dead == "failed" else "Current state: Unhealthy"
    ):
        service.run(INPUT)
    Webservice(own.ws, "struck").restart(wait=True)
    assert json.loads(service.run(INPUT)) == [3, 7], "also by an object from before"


def test_a_version_of_an_endpoint_shows_its_own_models(own: Deployer) -> None:
    (own.folder / "m.txt").write_text("weights")
    model = Model.register(own.ws, str(own.folder / "m.txt"), "of-green")
    asked = AksEndpoint.deploy_configuration(version_name="blue", auth_enabled=False)
    service = own.deployed("with-models", asked)
    script = own.inference(ECHO.format("green"), "green.py")
    service.create_version("green", models=[model], inference_config=script)
    service.wait_for_deployment()
    assert [m.id for m in service.versions["green"].models] == ["of-green:1"]
    assert service.versions["blue"].models == []
    service.versions["green"].delete()
    service.wait_for_deployment()
    assert list(service.versions) == ["blue"]
