"""What a failing magic looks like under papermill, where nobody watches: its class, its message, its traceback."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from jupyter_mldeploy.cli.kernel import this_python

FAILING = {
    "%%entry_script score.py\ndef init(:": ("ScriptInvalid", "score.py, line 1"),
    "%%entry_script": ("MagicError", "the following arguments are required: FILE"),
    "%deploy adder --workers two": ("MagicError", "argument --workers: invalid int value: 'two'"),
    "%deploy adder -e nowhere.py": ("WebserviceException", "nowhere.py"),
    "%score adder": ("MagicError", "the following arguments are required: DATA"),
    "%score adder 1": ("WebserviceException", "No service named 'adder'"),
    "%logs adder": ("ServiceNotFound", "No service named 'adder'"),
    "%reload adder": ("ServiceNotFound", "No service named 'adder'"),
    "%services adder": ("MagicError", "unrecognized arguments: adder"),
    "%undeploy adder": ("ServiceNotFound", "No service named 'adder'"),
}
Run = Callable[..., Any]


@pytest.fixture
def run(home: Path) -> Run:
    def execute(cells: list[str], tags: list[str]) -> Any:
        made = [nbformat.v4.new_code_cell(cell, metadata={"tags": tags}) for cell in cells]
        nbformat.write(nbformat.v4.new_notebook(cells=made), home / "in.ipynb")
        with this_python() as kernel:
            return execute_notebook(
                home / "in.ipynb", home / "out.ipynb", cwd=home, kernel_name=kernel, language="python",
                progress_bar=False,
            )  # fmt: skip

    return execute


def test_every_magics_error_has_its_class_message_and_traceback(run: Run, home: Path) -> None:
    with pytest.raises(PapermillExecutionError):
        run(["%load_ext jupyter_mldeploy", *FAILING], ["raises-exception"])  # which goes on to the last cell
    code = [cell for cell in nbformat.read(home / "out.ipynb", as_version=4).cells if cell.cell_type == "code"]
    for cell, (kind, said) in zip(code[1:], FAILING.values(), strict=True):
        (error,) = (output for output in cell.outputs if output.output_type == "error")
        assert error.ename == kind, cell.source
        assert said in error.evalue, cell.source
        assert any(said in line for line in error.traceback), cell.source


def test_a_failing_magic_stops_the_run_and_says_why(run: Run) -> None:
    with pytest.raises(PapermillExecutionError) as caught:
        run(["%load_ext jupyter_mldeploy", "%undeploy nope", "print('never reached')"], [])
    assert caught.value.ename == "ServiceNotFound"
    assert "No service named 'nope'" in caught.value.evalue
    assert caught.value.traceback


def test_the_kernel_is_the_python_that_runs_this(run: Run, home: Path) -> None:
    notebook = run(["import sys; print(sys.executable)"], [])
    assert notebook.cells[0].outputs[0].text.strip() == sys.executable
