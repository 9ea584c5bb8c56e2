"""GPUs by setting: what the engine is asked for, seen on the way to it, and its no in our words."""

from __future__ import annotations

import json
import select
import shutil
import socket
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from on_engine import KEYS, Containers
from sandbox import VERSION

from jupyter_mldeploy.errors import TargetUnavailable


class Relay(socketserver.ThreadingUnixStreamServer):
    """Passes on what comes to its socket to the engine's, and keeps what was said."""

    daemon_threads = True

    def __init__(self, place: Path, engine: str) -> None:
        super().__init__(str(place), _Passing)
        self.engine, self.said = engine, bytearray()


class _Passing(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as there:
            there.connect(self.server.engine)
            while True:
                for ready in select.select([self.request, there], [], [], 60)[0]:
                    if not (piece := ready.recv(1 << 16)):
                        return
                    if ready is self.request:
                        self.server.said += piece
                    (there if ready is self.request else self.request).sendall(piece)


@pytest.fixture
def relay(engine: str) -> Iterator[Relay]:
    folder = Path(tempfile.mkdtemp(prefix="mldeploy-relay-"))  # a Unix socket's path must be short
    server = Relay(folder / "s", engine.removeprefix("unix://"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
    shutil.rmtree(folder)


@pytest.mark.timeout(900)  # the first test has the engine made
@pytest.mark.parametrize("count", [2, -1])
def test_the_engine_is_asked_for_gpus_and_its_no_is_explained(
    containers: Containers, relay: Relay, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, settings = containers.bundle(VERSION.format("one")), containers.settings(docker={"gpus": count})
    with monkeypatch.context() as patched, pytest.raises(TargetUnavailable, match="no GPUs to give"):
        patched.setenv("DOCKER_HOST", f"unix://{relay.server_address}")
        containers.target.start(made, settings, KEYS)
    asked = relay.said.decode(errors="replace").partition('"DeviceRequests": ')[2]
    (request,), _ = json.JSONDecoder().raw_decode(asked)
    assert (request["Count"], request["Capabilities"]) == (count, [["gpu"]])
    assert containers.own() == []
