"""Models that scikit-learn 0.22 wrote: they answer as they did, or the error names both versions."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_mldeploy.azureml import old_models

pytest.importorskip("sklearn")
Python = Callable[..., subprocess.CompletedProcess[str]]
MODELS = json.loads(Path(__file__).with_name("old_models.json").read_text())
GONE = "tree"  # its nodes had another layout
BEFORE = {  # what modules were called before 0.22
    b"sklearn.linear_model._base": b"sklearn.linear_model.base",
    b"sklearn.linear_model._logistic": b"sklearn.linear_model.logistic",
    b"sklearn.preprocessing._data": b"sklearn.preprocessing.data",
    b"sklearn.svm._classes": b"sklearn.svm.classes",
    b"sklearn.cluster._kmeans": b"sklearn.cluster.k_means_",
}
SAID = "model.pkl was written by scikit-learn 0.22.2.post1; here is scikit-learn "


USED = """
import jupyter_mldeploy.azureml
import base64, json, pickle, sys, warnings
warnings.simplefilter("ignore")
said = {}
for name, old in json.load(open(sys.argv[1])).items():
    model = pickle.loads(base64.b64decode(old["pickle"]))
    repr(model)
    made = model.predict(old["rows"]) if hasattr(model, "predict") else model.transform(old["rows"]).toarray()
    said[name] = made.tolist()
print(json.dumps(said))
"""
LOADED = """
import jupyter_mldeploy.azureml, pickle, warnings
warnings.simplefilter("ignore")
with open("model.pkl", "rb") as file:
    pickle.load(file)
"""


@pytest.fixture
def gone(tmp_path: Path) -> None:
    """The model that cannot be loaded, as model.pkl in the folder that code runs in."""
    (tmp_path / "model.pkl").write_bytes(base64.b64decode(MODELS[GONE]["pickle"]))


def as_before(content: str) -> str:
    """A pickle as the versions before 0.22 wrote it."""
    text = base64.b64decode(content)
    for new, old in BEFORE.items():
        text = text.replace(b"c" + new + b"\n", b"c" + old + b"\n")
    return base64.b64encode(text).decode()


@pytest.mark.parametrize("written", [str, as_before])
def test_old_models_say_what_they_said(python: Python, tmp_path: Path, written: Callable[[str], str]) -> None:
    models = {name: {**old, "pickle": written(old["pickle"])} for name, old in MODELS.items() if name != GONE}
    (tmp_path / "models.json").write_text(json.dumps(models))
    done = python(USED, "models.json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    for name, old in models.items():
        assert np.allclose(said[name], old["said"]), name
    assert done.stderr.count("was unpickled from another version") == 1


def test_with_the_layer_off_nothing_is_added(python: Python, tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text(json.dumps({"linear": MODELS["linear"]}))
    done = python(USED, "models.json", MLDEPLOY_LEGACY="false")
    assert done.stderr.splitlines()[-1] == "AttributeError: 'LinearRegression' object has no attribute 'positive'"


@pytest.mark.usefixtures("gone")
def test_one_that_cannot_be_loaded_in_a_script_names_both_versions(python: Python, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(LOADED)
    done = python("import runpy; runpy.run_path('script.py')")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"jupyter-mldeploy: {SAID}")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.chdir(tmp_path)
    made = InteractiveShell()
    made.events.register("post_run_cell", old_models._after_cell)
    yield made


@pytest.mark.parametrize(
    "cell",
    [
        "import pickle; pickle.load(open('model.pkl', 'rb'))",
        "import joblib; joblib.load('model.pkl')",
        "import pandas as pd; pd.read_pickle('model.pkl')",
        "import pickle\npath = 'model.pkl'\nwith open(path, 'rb') as f:\n    m = pickle.load(f)",
    ],
)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("gone")
def test_a_cell_that_cannot_load_a_model_is_followed_by_both_versions(
    shell: InteractiveShell, cell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell(cell)
    assert SAID in capsys.readouterr().err


@pytest.mark.usefixtures("gone")
@pytest.mark.parametrize("cell", ["1 / 0", "open('nowhere.pkl')", "import json; json.load(open('model.pkl'))"])
def test_another_error_is_not_followed_by_anything(
    shell: InteractiveShell, cell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell(cell)
    assert "was written by" not in capsys.readouterr().err
