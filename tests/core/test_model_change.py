"""Changing, downloading, deleting and describing a registered model."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from jupyter_mldeploy import services
from jupyter_mldeploy.core import Model, Workspace
from jupyter_mldeploy.core.exceptions import WebserviceException, WorkspaceException
from jupyter_mldeploy.core.resource_configuration import ResourceConfiguration
from jupyter_mldeploy.services import records
from jupyter_mldeploy.specs import Plan, ScriptSpec, ServiceRecord, Settings


@pytest.fixture
def model(ws: Workspace, here: Path) -> Model:
    Path("m.pkl").write_bytes(b"model")
    return Model.register(ws, "m.pkl", "changed", tags={"a": "1", "b": "2"}, properties={"p": "q"}, description="old")


def test_update_replaces_the_tags_and_ignores_what_is_empty(ws: Workspace, model: Model) -> None:
    model.update(tags={"c": 3}, description="new", resource_configuration=ResourceConfiguration(cpu=2))
    again = Model(ws, id=model.id)
    assert again.tags == model.tags == {"c": "3"}
    assert again.description == "new"
    assert again.resource_configuration is not None and again.resource_configuration.cpu == 2
    model.update(tags={}, description="", sample_input_dataset=None)
    again = Model(ws, id=model.id)
    assert (again.tags, again.description) == ({"c": "3"}, "new")
    assert again.resource_configuration is not None


def test_tags_are_added_changed_and_removed_with_a_line_each(
    ws: Workspace, model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    model.add_tags({"a": "one", "c": 3})
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2 and "'1'" in said[0] and "'one'" in said[0]
    model.remove_tags("a")
    model.remove_tags(["b", "unknown"])
    assert Model(ws, id=model.id).tags == model.tags == {"c": "3"}
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_properties_are_added_and_never_changed(
    ws: Workspace, model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    model.add_properties({"n": 0.5})
    assert len(capsys.readouterr().out.splitlines()) == 1
    with pytest.raises(WebserviceException, match="'p'"):
        model.update_tags_properties(add_tags={"new": 1}, add_properties={"p": "other"})
    again = Model(ws, id=model.id)
    assert again.properties == {"p": "q", "n": "0.5"}
    assert "new" not in again.tags


def test_a_property_that_another_object_added_is_not_changed_either(ws: Workspace, model: Model) -> None:
    Model(ws, id=model.id).add_properties({"late": 1})
    with pytest.raises(WebserviceException, match="late"):
        model.add_properties({"late": 2})
    assert Model(ws, id=model.id).properties["late"] == "1"


def test_all_at_once(ws: Workspace, model: Model) -> None:
    model.update_tags_properties({"c": 1}, ["a"], {"n": 2})
    again = Model(ws, id=model.id)
    assert again.tags == {"b": "2", "c": "1"}
    assert again.properties == {"p": "q", "n": "2"}


@pytest.mark.parametrize("call", ["add_tags", "add_properties"])
def test_what_is_no_dict_is_refused(model: Model, call: str) -> None:
    with pytest.raises(WebserviceException):
        getattr(model, call)(["a"])


def test_dataset_references_gather(ws: Workspace, model: Model) -> None:
    model.add_dataset_references([("training", "d-1")])
    model.add_dataset_references([("training", "d-2"), ("validation", "d-3")])
    assert Model(ws, id=model.id).datasets == {"training": ["d-1", "d-2"], "validation": ["d-3"]}


def test_download_gives_the_path_and_overwrites_only_when_told(model: Model) -> None:
    assert model.download("to") == "to/m.pkl"
    Path("to/m.pkl").write_text("mine")
    with pytest.raises(WebserviceException, match="exist_ok"):
        model.download("to")
    assert Path("to/m.pkl").read_text() == "mine"
    model.download("to", exist_ok=True)
    assert Path("to/m.pkl").read_bytes() == b"model"
    model.download("to", exists_ok=True)


def test_a_download_that_does_not_fit_is_refused_before_any_work(ws: Workspace, here: Path, small_disk: Path) -> None:
    Path("big").write_bytes(b"x" * 3_000_000)
    big = Model.register(ws, "big", "too-big")
    with pytest.raises(WorkspaceException, match="3 MB are needed"):
        big.download(str(small_disk))
    assert list(small_disk.iterdir()) == []


def test_serialize_has_v1s_keys_and_deserialize_takes_both_shapes(ws: Workspace, model: Model) -> None:
    payload = model.serialize()
    assert " ".join(json.loads(json.dumps(payload))) == (
        "createdTime createdBy description id mimeType name framework frameworkVersion tags properties unpack url "
        "version experimentName runId runDetails datasets resourceConfiguration sampleInputDatasetId "
        "sampleOutputDatasetId"
    )
    again = Model.deserialize(ws, payload)
    assert again.serialize() == payload
    assert again.created_time == model.created_time
    azure = {"id": "m:4", "name": "m", "version": 4, "kvTags": {"a": "b"}, "createdTime": "2020-01-02T03:04:05Z"}
    foreign = Model.deserialize(ws, azure)
    assert (foreign.version, foreign.tags, foreign.created_time.year) == (4, {"a": "b"}, 2020)
    with pytest.raises(WebserviceException, match="version"):
        Model.deserialize(ws, {"id": "m:4", "name": "m"})


def test_urls_lead_to_the_files(model: Model) -> None:
    urls = model.get_sas_urls()
    assert list(urls) == ["m.pkl"]
    assert Path(urls["m.pkl"].removeprefix("file://")).read_bytes() == b"model"


def test_a_deleted_version_is_gone_and_the_others_stay(ws: Workspace, model: Model) -> None:
    other = Model.register(ws, "m.pkl", "changed")
    other.delete()
    with pytest.raises(WebserviceException, match="ModelNotFound"):
        Model(ws, id=other.id)
    with pytest.raises(WebserviceException, match="ModelNotFound"):
        other.delete()
    assert Model(ws, id=model.id).version == model.version


def test_a_model_that_a_service_uses_stays(ws: Workspace, model: Model) -> None:
    plan = Plan(
        "uses-it",
        "ACI",
        ScriptSpec("score.py"),
        Settings("uses-it"),
        models=(ws._registry.ref(ws._registry.model(model.name, model.version)),),
    )
    records.write(ws._home, ServiceRecord(plan, time.time(), time.time()))
    with pytest.raises(WebserviceException, match="DeletionRequired") as caught:
        model.delete()
    assert "uses-it" in caught.value.message and caught.value.status_code == 412
    services.delete(ws._home, "uses-it")
    model.delete()


def test_print_configuration_shows_what_was_given(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    from jupyter_mldeploy.core.model import InferenceConfig
    from jupyter_mldeploy.core.webservice import AciWebservice

    Path("score.py").write_text("def init(): ...\ndef run(raw_data): ...\n")
    config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=2, primary_key="hidden", secondary_key="too")
    Model.print_configuration([model, "named:1"], InferenceConfig("score.py"), config, None)
    said = capsys.readouterr().out
    for piece in (model.id, "named:1", "score.py", "Aci", "cpu_cores: 1", "memory_gb: 2"):
        assert piece in said
    assert "hidden" not in said and "too" not in said.replace("tool", "")
