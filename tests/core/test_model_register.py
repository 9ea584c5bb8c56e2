"""Registering models: v1's checks in v1's order, before any work, and what is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pytest

from jupyter_mldeploy.core import Model, Run, Workspace
from jupyter_mldeploy.core.exceptions import ModelPathNotFoundException, WebserviceException
from jupyter_mldeploy.core.resource_configuration import ResourceConfiguration


@pytest.fixture
def model_file(here: Path) -> str:
    Path("m.pkl").write_bytes(b"model")
    return "m.pkl"


@pytest.mark.parametrize("name", ["", "-a", "_a", ".a", "a b", "a/b", "ä", "a" * 256, None, 3])
def test_a_bad_model_name_is_refused_first(ws: Workspace, here: Path, name: str) -> None:
    with pytest.raises(WebserviceException, match="cannot name a model"):
        Model.register(ws, "missing", name, model_framework_version="1", tags=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["9", "A.b_c-9", "n" * 200])
def test_a_good_model_name_is_taken(ws: Workspace, model_file: str, name: str) -> None:
    assert Model.register(ws, model_file, name).name == name


def test_then_a_framework_version_without_framework(ws: Workspace, here: Path) -> None:
    with pytest.raises(WebserviceException, match="model_framework"):
        Model.register(ws, "missing", "checked", model_framework_version="1.0")


def test_then_a_missing_path_by_both_classes(ws: Workspace, model_file: str) -> None:
    for kind in (FileNotFoundError, WebserviceException):
        with pytest.raises(kind, match=r"'gone\.pkl'.*m\.pkl.*register_model"):
            Model.register(ws, "gone.pkl", "checked", tags=3)  # type: ignore[arg-type]


def test_then_a_missing_child_path(ws: Workspace, here: Path) -> None:
    Path("folder").mkdir()
    Path("folder/a").write_text("a")
    with pytest.raises(WebserviceException, match="'b'"):
        Model.register(ws, "folder", "checked", child_paths=["a", "b"], tags=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["tags", "properties"])
@pytest.mark.parametrize("bad", [["a"], "a", {"a": object()}, {"a": {1, 2}}], ids=["list", "text", "object", "set"])
def test_then_tags_and_properties_before_anything_is_kept(
    ws: Workspace, model_file: str, name: str, bad: object
) -> None:
    with pytest.raises(WebserviceException, match=name):
        Model.register(ws, model_file, "never-kept", **{name: bad})  # type: ignore[arg-type]
    assert Model.list(ws, "never-kept") == []


@pytest.mark.parametrize(
    "arguments",
    [{"resource_configuration": 3}, {"datasets": ["training"]}, {"datasets": [("a", 1, 2)]}],
    ids=["resources", "dataset text", "dataset triple"],
)
def test_other_arguments_of_a_wrong_shape_are_refused(
    ws: Workspace, model_file: str, arguments: dict[str, object]
) -> None:
    with pytest.raises(WebserviceException):
        Model.register(ws, model_file, "never-kept", **arguments)  # type: ignore[arg-type]
    assert Model.list(ws, "never-kept") == []


def test_paths_outside_the_current_folder_are_taken(ws: Workspace, here: Path) -> None:
    outside = here.parent / f"{here.name}-outside.pkl"
    outside.write_bytes(b"x")
    assert Model.register(ws, str(outside), "outside").version == 1
    assert Model.register(ws, outside, "outside").version == 2


def test_versions_count_up_and_one_line_is_printed(
    ws: Workspace, model_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = [Model.register(ws, model_file, "counted").version for _ in range(3)]
    assert versions == [1, 2, 3]
    assert capsys.readouterr().out.splitlines() == ["Registering model counted"] * 3
    Model(ws, "counted", version=3).delete()
    assert Model.register(ws, model_file, "counted").version == 4


def test_all_that_is_said_of_a_model_is_there_again(ws: Workspace, model_file: str) -> None:
    Model.register(
        ws,
        model_file,
        "described",
        {"stage": "test", "number": 1, "list": [1]},
        {"auc": 0.5, "numpy": numpy.float32(0.25), "none": None},
        "a description",
        [("training", "data-1"), ("training", "data-2")],
        Model.Framework.SCIKITLEARN,
        "1.5",
        sample_input_dataset="in",
        sample_output_dataset="out",
        resource_configuration=ResourceConfiguration(1, 0.5),
    )
    model = Model(ws, "described")
    assert (model.id, model.version, model.description) == ("described:1", 1, "a description")
    assert model.tags == {"stage": "test", "number": "1", "list": "[1]"}
    assert model.properties == {"auc": "0.5", "numpy": "0.25", "none": ""}
    assert model.datasets == {"training": ["data-1", "data-2"]}
    assert (model.model_framework, model.model_framework_version) == ("ScikitLearn", "1.5")
    assert (model.sample_input_dataset, model.sample_output_dataset) == ("in", "out")
    assert model.resource_configuration is not None and model.resource_configuration.memory_in_gb == 0.5
    assert model.created_by["userName"]
    assert abs(model.created_time.timestamp() - time.time()) < 60
    assert (model.run_id, model.run, model.experiment_name, model.unpack) == (None, None, None, False)
    for piece in ("shared", "described", "described:1", "'stage': 'test'", "'auc': '0.5'"):
        assert piece in repr(model)


def test_frameworks_are_v1s_words(caplog: pytest.LogCaptureFixture, ws: Workspace, model_file: str) -> None:
    found = {name: value for name, value in vars(Model.Framework).items() if name.isupper()}
    assert found == {
        "CUSTOM": "Custom",
        "TENSORFLOW": "TensorFlow",
        "SCIKITLEARN": "ScikitLearn",
        "ONNX": "Onnx",
        "TFKERAS": "TfKeras",
        "PYTORCH": "PyTorch",
        "MULTI": "Multi",
    }
    Model.register(ws, model_file, "keras", model_framework=Model.Framework.TFKERAS)
    assert "TfKeras" in caplog.text


def test_a_file_lies_under_its_base_name_and_a_folder_under_its_own(ws: Workspace, here: Path) -> None:
    Path("deep/folder/inner").mkdir(parents=True)
    Path("deep/folder/a.txt").write_text("a")
    Path("deep/folder/inner/b.txt").write_text("b")
    file = Model.register(ws, "deep/folder/a.txt", "layout-file")
    folder = Model.register(ws, "deep/folder/", "layout-folder")
    part = Model.register(ws, "deep/folder", "layout-part", child_paths=["inner"])
    assert list(file.get_sas_urls()) == ["a.txt"]
    assert list(folder.get_sas_urls()) == ["folder/a.txt", "folder/inner/b.txt"]
    assert list(part.get_sas_urls()) == ["folder/inner/b.txt"]
    assert [model.unpack for model in (file, folder, part)] == [False, True, True]


def test_the_original_may_change_or_go_afterwards(ws: Workspace, model_file: str) -> None:
    model = Model.register(ws, model_file, "kept")
    Path(model_file).write_bytes(b"other")
    assert Path(model.download("copy")).read_bytes() == b"model"
    Path(model_file).unlink()
    assert Path(Model(ws, "kept").download("copy", exist_ok=True)).read_bytes() == b"model"


def test_from_a_run_after_its_end_with_numbers_as_properties(ws: Workspace, run: Run, here: Path) -> None:
    Path("m.pkl").write_bytes(b"model")
    run.log("AUC", numpy.float64(0.75))
    run.upload_file(name="outputs/m.pkl", path_or_stream="./m.pkl")
    run.complete()
    made = run.register_model(
        model_path="outputs/m.pkl",
        model_name="from-run",
        tags={"Training context": "Inline"},
        properties={"AUC": run.get_metrics()["AUC"]},
        description="trained here",
    )
    model = Model(ws, "from-run")
    assert model.id == made.id
    assert (model.run_id, model.experiment_name) == (run.id, run.experiment.name)
    assert model.run is not None and model.run.id == run.id
    assert model.properties == {"AUC": "0.75"}
    assert Path(model.download("to")).name == "m.pkl"


def test_from_a_run_a_folder_and_the_default_path(ws: Workspace, run: Run, here: Path) -> None:
    Path("f").mkdir()
    Path("f/a").write_text("a")
    run.upload_folder("run-folder", "f")
    model = run.register_model("run-folder")
    assert model.unpack
    assert list(model.get_sas_urls()) == ["run-folder/a"]


def test_a_key_that_the_run_lacks_lists_what_it_has(run: Run, here: Path) -> None:
    Path("local.pkl").write_bytes(b"x")
    run.upload_file("outputs/m.pkl", "local.pkl")
    with pytest.raises(ModelPathNotFoundException, match=r"It has: outputs/m\.pkl") as caught:
        run.register_model("m", "outputs/other.pkl")
    assert "Model.register" not in caught.value.message
    for path in ("local.pkl", "./local.pkl", str(here / "local.pkl")):
        with pytest.raises(ModelPathNotFoundException, match=r"is a local path: register that with Model\.register"):
            run.register_model("m", path)
    with pytest.raises(ModelPathNotFoundException):
        run.register_model("m", "output")


def test_from_a_run_the_same_checks_hold(run: Run) -> None:
    with pytest.raises(WebserviceException, match="cannot name a model"):
        run.register_model("-bad")
    with pytest.raises(WebserviceException, match="model_framework"):
        run.register_model("m", model_framework_version="1")


def test_killed_half_way_the_version_does_not_exist(home: Path) -> None:
    """A model of many files is registered by a process that is killed in the middle of it."""
    Path("big").mkdir()
    for number in range(3000):
        Path(f"big/{number}").write_bytes(b"x" * 1000)
    ws = Workspace.create("killed", show_output=False)
    Path("small").write_text("s")
    assert Model.register(ws, "small", "killed").version == 1
    code = (
        "from jupyter_mldeploy.core import Model, Workspace\n"
        "ws = Workspace.get('killed'); ws.models; print('ready', flush=True)\n"
        "Model.register(ws, 'big', 'killed')"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.stdout.readline()  # the line that says that it is being registered
    time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    assert [model.version for model in Model.list(ws, "killed")] == [1]
    assert Model.register(ws, "small", "killed").version > 1


@pytest.mark.parametrize("arguments", [{"cpu": -1}, {"memory_in_gb": -0.5}, {"gpu": -1}])
def test_negative_resources_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(WebserviceException, match="-"):
        ResourceConfiguration(**arguments)  # type: ignore[arg-type]


def test_resources_travel_as_v1s_json() -> None:
    payload = ResourceConfiguration(cpu=1, memory_in_gb=2, gpu=0).serialize()
    assert json.loads(json.dumps(payload)) == {"cpu": 1, "memoryInGB": 2, "gpu": 0}
    again = ResourceConfiguration.deserialize(payload)
    assert again is not None and again.serialize() == payload
    assert ResourceConfiguration.deserialize(None) is None
