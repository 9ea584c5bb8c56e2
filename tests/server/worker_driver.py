"""A front of a few lines for tests: starts a real worker, speaks frames with it, and gathers what it says."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jupyter_mldeploy.server
from jupyter_mldeploy.server import frames
from jupyter_mldeploy.server.frames import Answer, Request

SERVER = Path(jupyter_mldeploy.server.__file__).parent
START = {"op": "start", "protocol": 1, "name": "svc", "version": "1.0", "path_prefix": "", "scoring_timeout_ms": 1000}


class Worker:
    """A worker process and this end of its socket. Use it as a context manager."""

    def __init__(
        self,
        root: Path,
        *,
        python: str = sys.executable,
        server: Path = SERVER,
        start: Mapping[str, Any] = START,
        **environment: str,
    ) -> None:
        self.phases: list[dict[str, Any]] = []
        self.logs: list[dict[str, Any]] = []
        self.hello: dict[str, Any] = {}
        self._answers: list[Answer] = []
        self._number = 0
        self._frames = frames.Reader()
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(30)
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "AZUREML_MODEL_DIR")}
        self.process = subprocess.Popen(
            [python, str(server / "worker.py"), str(theirs.fileno())],
            cwd=root,
            env={**kept, "AML_APP_ROOT": str(root), "AZUREML_ENTRY_SCRIPT": "score.py", **environment},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        theirs.close()
        self.control(**start)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *failure: object) -> None:
        self.socket.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=10)

    def control(self, **content: Any) -> None:
        self.socket.sendall(frames.message(frames.CONTROL, content))

    def boot(self) -> dict[str, Any]:
        """The phase that ends the start: ready or failed."""
        while not self.phases or self.phases[-1]["phase"] not in ("ready", "failed"):
            if not self._receive():
                raise EOFError(f"The worker ended: {self.native_output()}")
        return self.phases[-1]

    def ready(self) -> Worker:
        assert self.boot()["phase"] == "ready", self.phases[-1]
        return self

    def send(self, body: bytes = b"", meta: Mapping[str, Any] | None = None) -> int:
        """Send one request; returns its id."""
        self._number += 1
        head = json.dumps(meta).encode() if meta else b""
        self.socket.sendall(frames.requests([Request(self._number, head, body)]))
        return self._number

    def ask(self, body: bytes = b"", **meta: Any) -> Answer:
        """One request and its one answer."""
        return self.answers_to(self.send(body, meta))[-1]

    def answers_to(self, number: int) -> list[Answer]:
        """All entries that answer a request, a stream's parts included."""
        found: list[Answer] = []
        while True:
            for entry in [a for a in self._answers if a.id == number]:
                self._answers.remove(entry)
                found.append(entry)
                opening = entry.flags & frames.FLAG_STREAM
                if not opening and entry.status != frames.PART:
                    return found
            if not self._receive():
                raise EOFError(f"The worker ended: {self.native_output()}")

    def said(self, count: int = 1) -> list[dict[str, Any]]:
        """The first `count` log entries, as soon as they are there."""
        while len(self.logs) < count and self._receive():
            pass
        return self.logs

    def native_output(self) -> str:
        """What came out of the pipes; ends the process."""
        self.socket.close()
        try:
            out, err = self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
        return (out + err).decode()

    def exit_code(self, seconds: float = 10) -> int:
        return self.process.wait(seconds)

    def _receive(self) -> bool:
        data = self.socket.recv(1 << 16)
        for kind, _, count, payload in self._frames.feed(data):
            if kind == frames.ANSWER:
                self._answers += frames.read_answers(count, payload)
            else:
                content = json.loads(payload)
                {frames.HELLO: self.hello.update, frames.PHASE: self.phases.append, frames.LOG: self.logs.append}[kind](
                    content
                )
        return bool(data)


def write(root: Path, text: str, name: str = "score.py") -> Path:
    """Write a script, dedented; returns its folder."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return root


def until(condition: Any, seconds: float = 10) -> bool:
    """Whether the condition becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False
