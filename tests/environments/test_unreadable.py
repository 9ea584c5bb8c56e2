"""Old pins beside models that this notebook wrote, in a folder of small wheels that is all there is."""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import numpy
import pytest
import sklearn
from deployer import deployer
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor
from wheelhouse import make_wheel

from jupyter_mldeploy import environments
from jupyter_mldeploy.core import Environment, Model, Workspace
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.environments import conda_made, pythons
from jupyter_mldeploy.specs import EnvironmentSpec, Lock


def quiet(text: str) -> None:
    """Hears nothing."""


@pytest.fixture
def old(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of 2020: it has what its specifications pin. No conda channel is reached."""
    monkeypatch.setattr(conda_made, "tool", lambda: None)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    make_wheel(wheels, "joblib", "0.14.1")
    make_wheel(wheels, "numpy", "1.18.5")
    make_wheel(wheels, "numpy", "1.26.4")
    make_wheel(wheels, "scikit_learn", "0.22.1", needs=("numpy<1.20",))
    make_wheel(wheels, "scikit_learn", "1.2.2", needs=("numpy<2",))
    return wheels


def written(folder: Path, model: object) -> list[Path]:
    joblib.dump(model, folder / "model.pkl")
    return [folder / "model.pkl"]


def line(folder: Path) -> list[Path]:
    return written(folder, LinearRegression().fit([[0], [1]], [0, 1]))


def locked(home: Home, *pip: str, models: list[Path], python: str = "3.6.2") -> Lock:
    return environments.lock(EnvironmentSpec("lab", python=python, pip=pip), home, say=quiet, models=models)


@pytest.mark.parametrize("python", ["3.6.2", "3.8.13", "{}.{}".format(*sys.version_info[:2])])
def test_pins_that_cannot_read_the_notebooks_own_model_give_way_and_that_is_told(
    home: Home, old: Path, tmp_path: Path, python: str
) -> None:
    lock = locked(home, "scikit-learn==0.22.1", "joblib", models=line(tmp_path), python=python)
    assert lock.interpreter == sys.executable
    assert "numpy 1.18.5 cannot read model.pkl, which NumPy 2 wrote" in lock.notices[0]
    assert f"taken instead, as in this notebook: scikit-learn=={sklearn.__version__}, Python 3" in lock.notices[0]
    assert ("Python 3.6.2 is out of support" in lock.notices[0]) == (python == "3.6.2")


def test_pins_stay_where_no_model_says_that_they_cannot(home: Home, old: Path, tmp_path: Path) -> None:
    for models in ([], written(tmp_path, {"weights": [1, 2]})):
        lock = locked(home, "scikit-learn==0.22.1", "joblib", models=models)
        assert "scikit-learn==0.22.1" in lock.requirements
        assert "cannot read" not in "".join(lock.notices)
    assert "scikit-learn==1.2.2" in locked(home, "scikit-learn==1.2.2", models=line(tmp_path)).requirements


def test_an_old_python_gives_way_when_all_that_it_has_is_too_old(home: Home, old: Path, tmp_path: Path) -> None:
    (old / "numpy-1.26.4-py3-none-any.whl").unlink()
    other = next((p for p in pythons.installed() if p.minor != pythons.this().minor), None)
    if other is None:
        pytest.skip("no other Python is installed")
    asked = "{}.{}".format(*other.minor)
    assert locked(home, "numpy", models=[], python=asked).python == other.version
    lock = locked(home, "numpy", models=line(tmp_path), python=asked)
    assert lock.interpreter == sys.executable
    assert f"taken instead, as in this notebook: Python {pythons.this().version}" in lock.notices[0]


def test_where_this_notebooks_versions_would_not_help_the_pins_stay(home: Home, old: Path, tmp_path: Path) -> None:
    make_wheel(old, "labpkg", needs=("numpy<1.20",))
    lock = locked(home, "labpkg", models=line(tmp_path))
    assert "numpy==1.18.5" in lock.requirements
    assert "taken instead" not in lock.notices[0]


def test_trees_of_today_need_more_than_a_numpy_that_can_read_them(home: Home, old: Path, tmp_path: Path) -> None:
    lock = locked(
        home, "scikit-learn==1.2.2", models=written(tmp_path, DecisionTreeRegressor().fit([[0], [1]], [0, 1]))
    )
    assert lock.interpreter == sys.executable
    assert "scikit-learn 1.2.2 cannot read the trees in model.pkl" in lock.notices[0]


def test_a_version_that_nobody_pinned_is_this_notebooks(home: Home, wheels: Path) -> None:
    for version in (numpy.__version__, "99.0"):
        make_wheel(wheels, "numpy", version)
    make_wheel(wheels, "labpkg", needs=("numpy",))
    lock = locked(home, "labpkg", models=[])
    assert lock.requirements == ("labpkg==1.0", f"numpy=={numpy.__version__}")
    assert "numpy==99.0" in locked(home, "labpkg", "numpy>=99", models=[]).requirements


def test_a_model_of_this_notebook_is_served_from_a_specification_of_2020(
    home: Home, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    (tmp_path / "myenv.yml").write_text(
        "dependencies:\n- python=3.6.2\n- scikit-learn=0.22.1\n- pip:\n  - azureml-defaults\n  - joblib\n"
    )
    ws = Workspace.create("lab", exist_ok=True)
    path = line(tmp_path)[0]
    script = f"""
        import json, joblib, os

        def init():
            global model
            model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "{path.name}"))

        def run(raw_data):
            return model.predict(json.loads(raw_data)["data"]).round().tolist()
    """
    with deployer(ws, tmp_path) as own:
        config = own.inference(script)
        config.environment = Environment.from_conda_specification("old", str(tmp_path / "myenv.yml"))
        model = Model.register(ws, str(path), "line")
        service = Model.deploy(ws, "of-2020", [model], config)
        service.wait_for_deployment()
        assert service.run('{"data": [[2]]}') == [2.0]
