"""Notebooks made of cells, and the command that reads them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from jupyter_mldeploy.cli import main
from jupyter_mldeploy.migrate import Finding, check

Notebook = Callable[..., Path]
Found = Callable[..., list[Finding]]
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    """A notebook of these code cells, with a text cell before them."""

    def make(*cells: str, name: str = "made.ipynb") -> Path:
        code = [nbformat.v4.new_code_cell(cell, id=f"cell-{number}") for number, cell in enumerate(cells)]
        title = nbformat.v4.new_markdown_cell("# azureml.core", id="title")
        made = nbformat.v4.new_notebook(cells=[title, *code], metadata={"language_info": {"name": "python"}})
        path = tmp_path / name
        path.write_text(json.dumps(made, indent=1, ensure_ascii=False))
        return path

    return make


@pytest.fixture
def found(notebook: Notebook) -> Found:
    """What `check` has to say of these cells."""

    def look(*cells: str) -> list[Finding]:
        return list(check(notebook(*cells)).findings)

    return look


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `jupyter mldeploy` and give its exit code and what it printed."""

    def run(*words: str | Path) -> tuple[int, str]:
        code = main([str(word) for word in words])
        return code, capsys.readouterr().out

    return run
