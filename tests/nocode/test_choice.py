"""What can be deployed without a script, and what is said of the rest, before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from deployer import Deployer

from jupyter_mldeploy import nocode, services
from jupyter_mldeploy.core import Model
from jupyter_mldeploy.core.exceptions import UserErrorException
from jupyter_mldeploy.core.webservice import LocalWebservice
from jupyter_mldeploy.specs import ModelInfo

pytestmark = pytest.mark.xdist_group("nocode-choice")  # one workspace and one service for all of it

FRAMEWORK = Model.Framework


def registered(own: Deployer, name: str, framework: str | None, path: Path | None = None) -> Model:
    path = path or own.folder / "model.bin"
    if not path.exists():
        path.write_text("no real model")
    return Model.register(own.ws, path, name, model_framework=framework)


@pytest.mark.parametrize(
    ("framework", "why"),
    [
        (None, "has no model_framework"),
        (FRAMEWORK.CUSTOM, "has the framework 'Custom'"),
        (FRAMEWORK.PYTORCH, "has the framework 'PyTorch', and without an inference configuration only Onnx, ScikitL"),
        (FRAMEWORK.TFKERAS, "has the framework 'TfKeras'"),
        (FRAMEWORK.MULTI, "Triton"),
        ("Prophet", "has the framework 'Prophet'"),
        (FRAMEWORK.TENSORFLOW, "is no SavedModel"),
    ],
)
def test_a_framework_without_a_script_is_refused_with_the_way_out(framework: Any, why: str, own: Deployer) -> None:
    model = registered(own, "thing", framework)
    with pytest.raises(UserErrorException) as caught:
        Model.deploy(own.ws, "thing-service", [model])
    assert why in caught.value.message
    assert "InferenceConfig" in caught.value.message
    assert "thing-service" not in services.names(own.ws._home)


def test_exactly_one_registered_model_is_served(own: Deployer) -> None:
    first, second = (registered(own, name, FRAMEWORK.SCIKITLEARN) for name in ("first", "second"))
    for models, given in ([], "none"), ([first, second], "first:1, second:1"):
        with pytest.raises(UserErrorException, match=f"exactly one model is served; given: {given}"):
            Model.deploy(own.ws, "several", models)
    local = LocalWebservice.deploy_configuration()
    with pytest.raises(UserErrorException, match="is a path.*model_framework"):
        Model.deploy(own.ws, "several", [str(own.folder / "model.bin")], deployment_config=local)


def test_a_saved_model_needs_tensorflow_and_says_how_to_get_it(
    own: Deployer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "flowers_model" / "1"
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"")
    model = registered(own, "flowers", FRAMEWORK.TENSORFLOW, folder.parent)
    monkeypatch.setattr(nocode, "find_spec", lambda name: None)  # as in an interpreter without it
    with pytest.raises(UserErrorException, match="pip install tensorflow"):
        Model.deploy(own.ws, "flowers-service", [model])


def test_a_folder_without_an_onnx_file_is_refused(own: Deployer, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no model")
    model = registered(own, "folder", FRAMEWORK.ONNX, tmp_path)
    with pytest.raises(UserErrorException, match=r"holds no \.onnx file"):
        Model.deploy(own.ws, "folder-service", [model])


def test_the_framework_counts_in_any_spelling_of_case(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"")
    for word in ("ONNX", "onnx", "Onnx"):
        serving = nocode.serving(ModelInfo("m", 1, 0.0, framework=word), path)
        assert Path(serving.script.entry_script).name == "score_onnx.py"
        assert "onnxruntime" in serving.environment.pip
        assert nocode.is_ours(serving.script)


def test_a_file_of_another_version_asks_for_that_version(tmp_path: Path) -> None:
    path = tmp_path / "old.pkl"
    path.write_bytes(b"\x80\x03}q\x00X\x10\x00\x00\x00_sklearn_versionq\x05X\x06\x00\x00\x000.22.1q\x06s.")
    info = ModelInfo("old", 1, 0.0, framework="ScikitLearn", framework_version="0.19.1")
    serving = nocode.serving(info, path)
    assert serving.environment.pip[0] == "scikit-learn==0.22.1"
    assert serving.environment.python == "3.8"
    assert "registered with scikit-learn 0.19.1" in serving.notices[0]
    path.write_bytes(b"nothing is said here")
    assert nocode.serving(info, path).environment.pip[0] == "scikit-learn==0.19.1"
