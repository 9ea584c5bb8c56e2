"""A workspace for the submissions of one worker, and a source folder with a script of the test's own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mldeploy.core import Experiment, ScriptRun, ScriptRunConfig, Workspace

Submit = Callable[..., ScriptRun]
Write = Callable[[str], Path]


@pytest.fixture(scope="session")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLDEPLOY_HOME", str(tmp_path_factory.mktemp("workspaces")))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        workspace = Workspace("a-subscription", "a-group", "submitting")
        assert workspace.get_mlflow_tracking_uri()
        yield workspace


@pytest.fixture
def experiment(ws: Workspace) -> Experiment:
    return Experiment(ws, "submitted")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write `train.py` into a source folder and return the folder."""

    def script(text: str) -> Path:
        source = tmp_path / "source"
        source.mkdir(exist_ok=True)
        (source / "train.py").write_text(textwrap.dedent(text))
        return source

    return script


@pytest.fixture
def submit(experiment: Experiment, write: Write) -> Iterator[Submit]:
    """Submit `train.py` with this text; what a failed test leaves running is cancelled."""
    runs: list[ScriptRun] = []

    def start(text: str, tags: Any = None, **given: Any) -> ScriptRun:
        chosen = {"script": "train.py"} if "command" not in given else {}
        run = experiment.submit(ScriptRunConfig(write(text), **chosen, **given), tags=tags)
        runs.append(run)
        return run

    yield start
    for run in runs:
        if run.get_status() not in ("Completed", "Failed", "Canceled"):
            run.cancel()
