from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_mldeploy import services
from jupyter_mldeploy.core import Workspace

Python = Callable[..., subprocess.CompletedProcess[str]]

SUM = """\
import json

def init():
    print("ready to add")

def run(raw_data):
    return json.dumps([sum(row) for row in json.loads(raw_data)["data"]])
"""


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """Run code in a fresh interpreter, in an empty folder."""
    place = tmp_path / "fresh"
    place.mkdir()

    def run(code: str, *, path: str = "", executable: str = sys.executable) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment |= {"MLDEPLOY_HOME": str(tmp_path / "home")} | ({"PYTHONPATH": path} if path else {})
        command = [executable, "-c", textwrap.dedent(code)]
        return subprocess.run(
            command, cwd=place, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A root for workspaces of this test's own, as the current folder; its services go at the end."""
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    workspace = Workspace.from_config()
    for name in services.names(workspace._home):
        services.delete(workspace._home, name)


class Shell:
    """A real IPython shell with the magics loaded."""

    def __init__(self) -> None:
        settings = Config()
        settings.HistoryManager.enabled = False
        self.ipython = InteractiveShell(config=settings)
        self.ipython.run_line_magic("load_ext", "jupyter_mldeploy")

    @property
    def names(self) -> dict[str, Any]:
        return self.ipython.user_ns

    def run(self, cell: str) -> Any:
        """The value of a cell's last line; what a cell raises is raised here."""
        outcome = self.ipython.run_cell(textwrap.dedent(cell))
        outcome.raise_error()
        return outcome.result


@pytest.fixture
def shell(home: Path) -> Shell:
    return Shell()


@pytest.fixture
def script(home: Path) -> Path:
    """An entry script that adds up rows."""
    path = home / "score.py"
    path.write_text(SUM)
    return path


@pytest.fixture
def free_port() -> int:
    """A port of the loopback that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
