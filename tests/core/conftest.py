"""A workspace with a real MLflow store for the tests of one worker, and a fresh place for those of workspaces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mldeploy.core import Experiment, Run, Workspace


@pytest.fixture(scope="session")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One workspace for many tests, because making a store takes seconds: use names that no other test uses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLDEPLOY_HOME", str(tmp_path_factory.mktemp("workspaces")))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        workspace = Workspace("a-subscription", "a-group", "shared")
        assert workspace.get_mlflow_tracking_uri()
    yield workspace


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty MLDEPLOY_HOME, and an empty current folder beside it."""
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(ws: Workspace, request: pytest.FixtureRequest) -> Run:
    """A run of the test's own."""
    return Experiment(ws, "runs").start_logging(display_name=request.node.name[:100])
