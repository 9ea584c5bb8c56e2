"""Notebooks in the manner of v1's courses and samples, run to their end by papermill; nothing stays behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from papermill import execute_notebook

from jupyter_mldeploy import services
from jupyter_mldeploy.cli.kernel import this_python
from jupyter_mldeploy.core import Workspace

NOTEBOOKS = sorted((Path(__file__).parent / "v1").glob("*.ipynb"))
NAMES = [notebook.stem for notebook in NOTEBOOKS]
ENDED = ("Completed", "Failed", "Canceled")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A root for the notebook's workspace; whatever a failed notebook leaves in it is ended."""
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    yield tmp_path / "home"
    workspace = Workspace.create("default", exist_ok=True, show_output=False)
    for name in services.names(workspace._home):
        services.delete(workspace._home, name)
    for experiment in workspace.experiments.values():
        for run in experiment.get_runs(type="azureml.scriptrun"):
            if run.get_status() not in ENDED:
                run.cancel()


def running(root: Path) -> list[list[str]]:
    """Processes that work for a workspace below `root`."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if str(root) in " ".join([*(process.info["cmdline"] or ()), process.info["cwd"] or ""]):
            found.append(process.info["cmdline"])
    return found


@pytest.mark.labs
@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_of_v1_runs_to_its_end(path: Path, home: Path, tmp_path: Path) -> None:
    place = tmp_path / "reader"
    place.mkdir()
    with this_python() as kernel:
        ran = execute_notebook(
            path, tmp_path / path.name, cwd=place, kernel_name=kernel, language="python", progress_bar=False
        )
    said = "".join(output.get("text", "") for output in ran.cells[-1].outputs)
    assert said.endswith("All as it should be.\n")
    assert services.names(Workspace.get("default")._home) == []
    deadline = time.monotonic() + 20  # a process that has done its work takes a moment to leave
    while (left := running(home)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_is_kept_clean_and_begins_with_the_alias(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code[0].source == "import jupyter_mldeploy.azureml"
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
