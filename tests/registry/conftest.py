"""A workspace with an MLflow store of its own, and a real tracking server: the same tests run against both."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.registry import Registry
from jupyter_mldeploy.specs import RunInfo

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose store was created; making one takes seconds, moving a copy of it none."""
    home = Home(tmp_path_factory.mktemp("made") / "workspace")
    home.path.mkdir()
    registry = Registry(home)
    registry.experiments()
    return home.path


@pytest.fixture
def home(made_once: Path, tmp_path: Path) -> Home:
    return Home(Path(shutil.copytree(made_once, tmp_path / "workspace")))


@pytest.fixture
def local(home: Home) -> Registry:
    return Registry(home)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real `mlflow server` with SQLite behind it, that hands artifacts out itself."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [
        "--backend-store-uri",
        f"sqlite:///{folder}/server.db",
        "--artifacts-destination",
        f"{folder}/artifacts",
    ]
    command = [sys.executable, "-m", "mlflow", "server", *arguments]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}", process, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=2)
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"mlflow server did not start: {log.read_text()[-2000:]}")


@pytest.fixture(params=["workspace", "server"])
def registry(request: pytest.FixtureRequest, home: Home) -> Registry:
    """The same registry over the workspace's own store and over a tracking server."""
    if request.param == "workspace":
        return Registry(home)
    return Registry(home, request.getfixturevalue("server"))


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses on the shared server."""
    return f"n{os.getpid()}-{time.monotonic_ns()}"


@pytest.fixture
def run(registry: Registry, name: str) -> RunInfo:
    return registry.start_run(registry.experiment(f"e-{name}", create=True).id)


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"a trained model")
    return path


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "net"
    (folder / "weights").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "weights" / "a.bin").write_bytes(b"aaa")
    (folder / "weights" / "b.bin").write_bytes(b"bbb")
    return folder
