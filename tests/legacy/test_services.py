"""In a service: old code runs, and a model that cannot be unpickled says which version wrote it."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployer import Deployer, deployer

from jupyter_mldeploy.core import Model, Workspace
from jupyter_mldeploy.core.exceptions import WebserviceException

sklearn = pytest.importorskip("sklearn")

OLD = """
    import json
    import numpy as np
    from azureml.core.model import Model
    from sklearn.externals import joblib

    def init():
        global model
        print("joblib", joblib.__name__)
        model = joblib.load(Model.get_model_path("old"))

    def run(raw_data):
        return [np.float(value) for value in model.predict(json.loads(raw_data)["data"])]
"""
LOADS = """
    import joblib
    from azureml.core.model import Model

    def init():
        global model
        model = joblib.load(Model.get_model_path("{0}"))

    def run(raw_data):
        return "loaded"
"""
OFF = """
    import numpy as np

    def init():
        import azureml
        azureml.legacy(False)

    def run(raw_data):
        return hasattr(np, "float")
"""


@pytest.fixture
def deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scripts").mkdir()
    with deployer(Workspace("a-subscription", "a-group", "legacy"), tmp_path / "scripts") as made:
        yield made


def test_an_old_script_with_an_old_model_serves_and_its_log_says_once_what_was_supplied(deploy: Deployer) -> None:
    old = json.loads(Path(__file__).with_name("old_models.json").read_text())["linear"]
    Path("old.pkl").write_bytes(base64.b64decode(old["pickle"]))
    model = Model.register(deploy.ws, "old.pkl", "old")
    service = deploy.deployed("old-script", text=OLD, models=[model])
    assert service.run(json.dumps({"data": old["rows"]})) == pytest.approx(old["said"])
    assert service.run(json.dumps({"data": old["rows"][:1]})) == pytest.approx(old["said"][:1])
    log = service.get_logs()
    assert log.count("no longer has np.float") == 1 and "joblib joblib" in log


def test_a_script_can_turn_it_off(deploy: Deployer) -> None:
    assert deploy.deployed("off-script", text=OFF).run("x") is False


def test_what_the_notebook_chose_holds_for_a_service_that_is_replaced_too(
    deploy: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import numpy as np\ndef init():\n    pass\ndef run(raw_data):\n    return hasattr(np, 'float')"
    assert deploy.deployed("chosen", text=script).run("x") is True
    monkeypatch.setenv("MLDEPLOY_LEGACY", "false")  # as azureml.legacy(False) does
    assert deploy.deployed("chosen", text=script, overwrite=True).run("x") is False


def written_by(version: str, compressed: bool) -> bytes:
    """A model as another scikit-learn would have written it, whose class is nowhere today."""
    import joblib
    from sklearn.linear_model import LogisticRegression

    file = Path("made.pkl")
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    joblib.dump(model, file)
    content = file.read_bytes()
    here = sklearn.__version__.encode()
    old = version.encode().ljust(len(here), b"0")
    content = content.replace(b"_logistic", b"_logixtic").replace(here, old)
    if compressed:
        import zlib

        return zlib.compress(content)
    return content


@pytest.mark.parametrize("compressed", [False, True])
def test_a_model_that_cannot_be_unpickled_names_both_versions(deploy: Deployer, compressed: bool) -> None:
    name = f"old-model-{int(compressed)}"
    Path("old.pkl").write_bytes(written_by("0.2.3", compressed))
    model = Model.register(deploy.ws, "old.pkl", name)
    service = deploy.deploy(name, text=LOADS.format(name), models=[model])
    with pytest.raises(WebserviceException) as caught:
        service.wait_for_deployment(timeout_sec=60)
    said = f"old.pkl was written by scikit-learn 0.2.3; here is scikit-learn {sklearn.__version__}"
    assert said in caught.value.message
    assert said in service.get_logs()


def test_another_failure_of_init_says_nothing_of_pickles(deploy: Deployer) -> None:
    Path("old.pkl").write_bytes(pickle.dumps("x"))
    model = Model.register(deploy.ws, "old.pkl", "other")
    service = deploy.deploy("other", text="def init():\n    1 / 0\ndef run(raw_data):\n    pass", models=[model])
    with pytest.raises(WebserviceException) as caught:
        service.wait_for_deployment(timeout_sec=60)
    assert "ZeroDivisionError" in caught.value.message and "was written" not in caught.value.message
