"""Each lab, run by papermill as a reader would run it: its own assertions hold, and nothing is left behind."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from papermill import execute_notebook

from jupyter_mldeploy import services
from jupyter_mldeploy.cli.kernel import this_python
from jupyter_mldeploy.core import Model, Workspace

LABS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
NAMES = [lab.name for lab in LABS]
Run = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A root for the lab's workspaces; whatever a failed lab leaves in it is ended."""
    root = tmp_path / "home"
    monkeypatch.setenv("MLDEPLOY_HOME", str(root))
    yield root
    workspace = Workspace.create("default", exist_ok=True)
    for name in services.names(workspace._home):
        services.delete(workspace._home, name)


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    def execute(lab: Path, **parameters: Any) -> Any:
        place = tmp_path / "reader"
        place.mkdir()
        with this_python() as kernel:
            return execute_notebook(
                lab, tmp_path / lab.name, parameters, cwd=place, kernel_name=kernel, language="python",
                progress_bar=False,
            )  # fmt: skip

    return execute


def running(root: Path) -> list[list[str]]:
    """Processes that work for a workspace below `root`."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if str(root) in " ".join([*(process.info["cmdline"] or ()), process.info["cwd"] or ""]):
            found.append(process.info["cmdline"])
    return found


@pytest.mark.labs
@pytest.mark.timeout(300)
@pytest.mark.parametrize("lab", LABS, ids=NAMES)
def test_a_lab_holds_what_it_says_and_leaves_nothing(run: Run, lab: Path, home: Path, tmp_path: Path) -> None:
    notebook = run(lab)
    assert notebook.cells[-1].outputs[-1].text == "All as it should be.\n"
    workspace = Workspace.get("default")
    assert services.names(workspace._home) == []
    assert Model.list(workspace) == []
    assert running(home) == []
    left = [path.name for path in (tmp_path / "reader").iterdir()]
    assert left == []


@pytest.mark.labs
@pytest.mark.timeout(300)
def test_the_demo_leaves_a_service_and_a_curl_line_that_works(home: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jupyter_mldeploy.cli", "demo"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "100%" in done.stderr, "a progress bar"
    assert "malignant" in done.stdout
    (curl,) = (line for line in done.stdout.splitlines() if line.startswith("  curl "))
    answer = subprocess.run(curl, shell=True, capture_output=True, text=True, check=True)
    assert "malignant" in answer.stdout
    (name,) = services.names(Workspace.get("default")._home)
    assert name.startswith("demo-") and f"jupyter mldeploy delete {name}" in done.stdout


@pytest.mark.parametrize("lab", LABS, ids=NAMES)
def test_a_lab_is_kept_clean(lab: Path) -> None:
    """Without outputs, with ids, with a cell of parameters that says whether to keep."""
    notebook = nbformat.read(lab, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    (parameters,) = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert parameters.source.startswith("keep = False")
    assert notebook.metadata.kernelspec.language == "python"
