"""`Model.deploy`: names, configurations, targets, models and scripts, each checked before any work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployer import BROKEN, ECHO, SUM, Deployer, deployer

from jupyter_mldeploy import services
from jupyter_mldeploy.core import ComputeTarget, Model, Webservice, Workspace
from jupyter_mldeploy.core.compute import AksCompute, AmlCompute
from jupyter_mldeploy.core.exceptions import (
    AzureMLException,
    ComputeTargetException,
    UserErrorException,
    WebserviceException,
)
from jupyter_mldeploy.core.webservice import AciWebservice, AksWebservice, LocalWebservice

READS_MODEL = """
    from azureml.core.model import Model

    def init():
        global text
        text = open(Model.get_model_path("{0}")).read()

    def run(raw_data):
        return text
"""


@pytest.fixture
def own(ws: Workspace, tmp_path: Path) -> Iterator[Deployer]:
    with deployer(ws, tmp_path) as made:
        yield made


@pytest.fixture
def cluster(ws: Workspace, request: pytest.FixtureRequest) -> Iterator[ComputeTarget]:
    target = ComputeTarget.create(ws, "deploy-aks", AksCompute.provisioning_configuration())
    yield target
    for name in services.names(ws._home):
        services.delete(ws._home, name)
    target.delete()


BAD_NAMES = ["", "ab", "a" * 33, "Upper", "1abc", "-abc", "abc-", "a_bc", "a.bc", "../abc", "abc\n", "äbc", None, 7]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_refused_before_anything_else(name: Any, ws: Workspace) -> None:
    with pytest.raises(WebserviceException, match="cannot name a service"):
        Model.deploy(ws, name, ["nothing of it exists"], "wrong", "wrong")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["abc", "a-1", "a" * 32])
def test_a_good_name_is_taken(name: str, own: Deployer) -> None:
    assert own.deploy(name).name == name


def test_positional_order_is_v1s(own: Deployer) -> None:
    service = Model.deploy(
        own.ws, "by-position", [], own.inference(), AciWebservice.deploy_configuration(), None, False, False
    )
    with pytest.raises(WebserviceException, match="'by-position' exists already"):
        Model.deploy(own.ws, "by-position", [], own.inference(ECHO.format("new")), None, None, False)
    service.wait_for_deployment()
    again = Model.deploy(own.ws, "by-position", [], own.inference(ECHO.format("new")), None, None, True)
    again.wait_for_deployment()
    assert service.run("{}") == "new"


def test_without_an_inference_configuration_it_says_what_is_needed(ws: Workspace) -> None:
    with pytest.raises(UserErrorException, match="InferenceConfig"):
        Model.deploy(ws, "no-code", [])
    assert "no-code" not in services.names(ws._home)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"configuration": "aci"}, "deployment_config is 'aci'"),
        ({"configuration": None, "deployment_target": "text"}, "deployment_target is 'text'"),
        ({"models": "model"}, "give a list"),
        ({"models": 5}, "give a list"),
        ({"models": [5]}, "5 is no model"),
        ({"models": ["not-registered"]}, "ModelNotFound"),
        ({"models": ["not-registered:1"]}, "ModelNotFound"),
        ({"models": ["a:b"]}, "ModelNotFound"),
        ({"configuration": AciWebservice.deploy_configuration(tags=["a"])}, "tags"),
    ],
)
def test_wrong_arguments_are_refused_and_nothing_is_left(given: dict[str, Any], said: str, own: Deployer) -> None:
    with pytest.raises(WebserviceException, match=said):
        own.deploy("wrong-arguments", **given)
    assert "wrong-arguments" not in services.names(own.ws._home)


def test_a_certificate_that_is_none_is_refused_before_any_work(own: Deployer) -> None:
    files = {"ssl_cert_pem_file": __file__, "ssl_key_pem_file": __file__}
    configuration = AciWebservice.deploy_configuration(ssl_enabled=True, ssl_cname="a.b", **files)
    with pytest.raises(WebserviceException, match="do not fit"):
        own.deploy("with-tls", configuration)
    assert "with-tls" not in services.names(own.ws._home)


@pytest.mark.parametrize(("text", "said"), [("def init(): pass\n", "no `run`"), ("x = 1\n", "no `init` and no `run`")])
def test_a_script_without_init_or_run_is_refused_before_any_work(own: Deployer, text: str, said: str) -> None:
    with pytest.raises(AzureMLException, match=said):
        own.deploy("half-a-script", text=text)
    assert "half-a-script" not in services.names(own.ws._home)


def test_a_value_that_was_broken_after_construction_is_found(own: Deployer) -> None:
    configuration = AciWebservice.deploy_configuration()
    configuration.memory_gb = 0
    with pytest.raises(WebserviceException, match="memory_gb is 0"):
        own.deploy("broken-later", configuration)


def test_an_aks_target_gives_aks_defaults(own: Deployer, cluster: ComputeTarget) -> None:
    service = own.deployed("on-aks", deployment_target=cluster)
    assert isinstance(service, AksWebservice)
    assert (service.compute_name, service.auth_enabled) == ("deploy-aks", True)
    assert json.loads(service.run('{"data": [[1, 1]]}')) == [2]
    with pytest.raises(ComputeTargetException, match="in use by on-aks"):
        cluster.delete()


def test_the_configurations_target_wins_over_the_argument(own: Deployer, cluster: ComputeTarget) -> None:
    configuration = AksWebservice.deploy_configuration(compute_target_name="not-there")
    with pytest.raises(ComputeTargetException) as raised:
        own.deploy("two-targets", configuration, deployment_target=cluster)
    assert raised.value.message.startswith("ComputeTargetNotFound") and "deploy-aks" in raised.value.message


def test_a_target_that_does_not_fit_is_refused(own: Deployer, cluster: ComputeTarget) -> None:
    with pytest.raises(WebserviceException, match="does not fit the compute target 'deploy-aks'"):
        own.deploy("odd", AciWebservice.deploy_configuration(), deployment_target=cluster)
    training = ComputeTarget.create(own.ws, "deploy-training", AmlCompute.provisioning_configuration())
    with pytest.raises(WebserviceException, match="needs a deployment_config"):
        own.deploy("odd", deployment_target=training)
    training.delete()


def test_aks_without_a_cluster_runs_as_a_stand_in(own: Deployer, capsys: pytest.CaptureFixture[str]) -> None:
    service = own.deployed("no-cluster", AksWebservice.deploy_configuration(num_replicas=2, namespace="space"))
    out = capsys.readouterr().out
    assert "AKS service 'no-cluster' runs on this machine" in out and "without effect here: namespace" in out
    assert (service.compute_name, service.num_replicas) == (None, 2)


def test_models_are_given_as_objects_names_or_ids(own: Deployer) -> None:
    path = own.folder / "weights.txt"
    for text in ("first", "second"):
        path.write_text(text)
        Model.register(own.ws, str(path), "deployed-model")
    first, script = Model(own.ws, id="deployed-model:1"), READS_MODEL.format("deployed-model")
    answers = {}
    for models in ([first], ["deployed-model:1"], ["deployed-model"]):
        service = own.deployed("with-model", text=script, models=models, overwrite=True)
        answers[str(models[0])[:16]] = service.run("{}")
    assert list(answers.values()) == ["first", "second"] or list(answers.values()) == ["first", "first", "second"]
    assert [(model.name, model.version) for model in service.models] == [("deployed-model", 2)]
    assert [s.name for s in Webservice.list(own.ws, model_name="deployed-model")] == ["with-model"]
    assert [s.name for s in Webservice.list(own.ws, model_id="deployed-model:2")] == ["with-model"]
    assert Webservice.list(own.ws, model_id="deployed-model:1") == []


def test_a_path_is_for_local_only(own: Deployer) -> None:
    path = own.folder / ("weights-of-a-very-long-name-indeed.txt")
    path.write_text("by path")
    with pytest.raises(WebserviceException, match=r"(?s)ModelNotFound.*local path: register it first"):
        own.deploy("by-path", models=[str(path)])
    name = path.name[:30]
    local = LocalWebservice.deploy_configuration()
    service = own.deployed("by-path", local, READS_MODEL.format(name), models=[str(path)])
    assert service.run("{}") == "by path"
    assert service.serialize()["state"] == "running"
    assert [s.name for s in LocalWebservice.list(own.ws, model_id=f"{name}:0")] == ["by-path"]


def test_a_bad_new_version_leaves_the_old_one_serving(own: Deployer) -> None:
    service = own.deployed("steady", text=ECHO.format("old"))
    new = own.deploy("steady", text=BROKEN, overwrite=True)
    with pytest.raises(WebserviceException, match="goes on serving") as raised:
        new.wait_for_deployment()
    assert "no such model in here" in raised.value.message
    assert service.run("{}") == "old" and new.state == "Healthy"


def test_show_output_prints_what_will_be_deployed(own: Deployer, capsys: pytest.CaptureFixture[str]) -> None:
    own.deploy("shown", AciWebservice.deploy_configuration(cpu_cores=1, primary_key="sesame"), show_output=True)
    out = capsys.readouterr().out
    assert "Entry script: score.py" in out and "cpu_cores: 1" in out and "wait_for_deployment" in out
    assert "sesame" not in out


def test_keys_never_reach_the_record_or_the_operations(own: Deployer) -> None:
    configuration = AksWebservice.deploy_configuration(primary_key="sesame-one", secondary_key="sesame-two")
    own.deployed("secretive", configuration)
    folder = own.ws._home.service("secretive")
    files = [path for path in folder.rglob("*") if path.is_file() and b"sesame" in path.read_bytes()]
    assert files and all(path.stat().st_mode & 0o077 == 0 and "secrets" in path.name for path in files)


def test_the_users_objects_are_left_as_they_are(own: Deployer) -> None:
    inference, configuration = own.inference(SUM), AciWebservice.deploy_configuration(tags={"a": 1})
    before = (dict(inference.environment.environment_variables), dict(vars(configuration)))
    Model.deploy(own.ws, "unmutated", [], inference, configuration)
    assert (dict(inference.environment.environment_variables), dict(vars(configuration))) == before
