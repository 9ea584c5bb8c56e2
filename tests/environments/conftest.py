"""A workspace folder, a folder of wheels, an index, and none of this machine's own pip settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mldeploy.disk import Home

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder, and `wheelhouse` is shared

from wheelhouse import Index


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "workspace")


@pytest.fixture(autouse=True)
def _own_cache_and_no_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv's cache in the test's folder, and none of this machine's pip settings, so that a test says all that holds."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "uv-cache"))


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all there is: `no-index` and `find-links` in pip's variables."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    folder = tmp_path / "on-the-index"
    folder.mkdir()
    server = Index(folder, locked=True)
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()
