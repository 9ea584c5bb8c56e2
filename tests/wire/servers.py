"""Both servers as processes, started alike, and a client that sees the bytes of each answer."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from .rows import Boot, Group, Row

OURS = (sys.executable, "-m", "jupyter_mldeploy.server.cli")
SCRIPTS = Path(__file__).parent / "scripts"
# Different by nature: who answers, when, and the numbers of this one answer.
CHANGING = (
    (re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"), "UUID"),
    (re.compile(r"azmlinfsrv/[\w.]+|mldeploy\S*"), "VERSION"),
)
GIVEN: set[int] = set()
LEFT_OUT = ("server", "date", "content-length")


@dataclass(frozen=True)
class Seen:
    """An answer: status, headers in lower case (repeated ones joined), the body, its chunks if it had any, and whether
    the last of them was missing."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    chunks: tuple[bytes, ...] = ()
    torn: bool = False

    @property
    def body(self) -> Any:
        """JSON where the type says so, else text."""
        text = self.content.decode("utf-8", "replace")
        if self.headers.get("content-type", "").startswith("application/json") and text:
            return json.loads(text)
        return text

    def comparable(self, own: bool) -> tuple[Any, ...]:
        """All of it that has to be equal; `own` leaves out the wording of a message."""
        headers = {name: _steady(name, value) for name, value in self.headers.items() if name not in LEFT_OUT}
        content: Any = self.content
        if "swagger" in self.content.decode("latin-1")[:20] or b'"openapi"' in self.content[:20]:
            content = _unworded(self.body)
        elif own:
            content = sorted(self.body)
        return self.status, headers, content, self.chunks, self.torn


def _steady(name: str, value: str) -> str:
    if name == "x-ms-run-fn-exec-ms":
        return re.sub(r"\d+\.\d{3}", "MS", value)
    if name in ("allow", "vary", "access-control-allow-methods"):
        return ", ".join(sorted(part.strip() for part in value.split(",")))
    for pattern, word in CHANGING:
        value = pattern.sub(word, value)
    return value


def _unworded(value: Any) -> Any:
    """A Swagger document without its sentences, which are each server's own."""
    if isinstance(value, dict):
        return {key: _unworded(item) for key, item in value.items() if key not in ("description", "schemes")}
    return [_unworded(item) for item in value] if isinstance(value, list) else value


class Server:
    """One started server. It runs in a folder of its own and is ended with all its workers."""

    def __init__(self, command: Sequence[str], folder: Path, group: Group) -> None:
        self.folder, self.group = folder, group
        self.port, self.health_port = free_port(), free_port()
        lay_out(folder, group.place, (SCRIPTS / group.script).read_text(), group.files)
        arguments = ["--entry_script", group.place, "--port", str(self.port), *group.arguments]
        if group.health:
            arguments += ["--health_port", str(self.health_port)]
        self.log_file = folder / "server.log"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *arguments],
                cwd=folder,
                env=environment(folder, group.environment),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> Server:
        """Until `/` says it is healthy."""
        end = time.monotonic() + 60
        probe = Row(1, "probe", "", "GET", "/", 200)
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                if self.ask(probe).status == 200:
                    return self
            time.sleep(0.05)
        raise AssertionError(f"{self.process.args} did not come up:\n{self.log()}")

    def ask(self, row: Row) -> Seen:
        port = self.health_port if row.health else self.port
        with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
            link.sendall(row.request)
            return read(link, row.method)

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def logs(self, pattern: str) -> bool:
        """Whether the log has the pattern, or gets it soon: lines may be written a moment after the answer."""
        end = time.monotonic() + 3
        while not re.search(pattern, self.log()):
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def stop(self) -> None:
        family = [self.process.pid]
        with contextlib.suppress(psutil.NoSuchProcess):
            family += [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        for pid in family[1:]:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).kill()


def fail_to_start(command: Sequence[str], folder: Path, boot: Boot) -> tuple[int, str]:
    """Start what cannot start; returns exit code and output."""
    lay_out(folder, "score.py", boot.script, boot.files)
    arguments = boot.arguments or ("--entry_script", "score.py")
    done = subprocess.run(
        [*command, "--port", str(free_port()), *arguments],
        cwd=folder,
        env=environment(folder, boot.environment),
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def environment(folder: Path, changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what a server reads, and with a home that nothing else has."""
    prefixes = ("AZUREML_", "AML_", "MLDEPLOY_", "SERVICE_", "WORKER_", "SCORING_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return kept | {"HOME": str(folder)} | {name: value.format(folder=folder) for name, value in changes.items()}


def lay_out(folder: Path, place: str, script: str | None, files: Mapping[str, str]) -> None:
    for name, text in (({place: script} if script is not None else {}) | dict(files)).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def free_port() -> int:
    """A port below those that the system gives to clients by itself, which nothing uses and which is given once."""
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            if port not in GIVEN:
                GIVEN.add(port)
                return port


def read(link: socket.socket, method: str) -> Seen:
    """The one answer that comes: up to its length, its last chunk, or the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(link)
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for name, _, value in (line.partition(":") for line in lines):
        name = name.lower()
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    seen = Seen(int(first.split()[1]), headers, b"")
    if method == "HEAD":
        return seen
    if headers.get("transfer-encoding") == "chunked":
        chunks, torn = _chunks(link, rest)
        return replace(seen, content=b"".join(chunks), chunks=chunks, torn=torn)
    wanted = int(headers.get("content-length", 0))
    while len(rest) < wanted:
        rest += _more(link)
    return replace(seen, content=rest)


def _chunks(link: socket.socket, data: bytes) -> tuple[tuple[bytes, ...], bool]:
    """The chunks, and whether the connection ended before the last one."""
    found: list[bytes] = []
    while True:
        try:
            while b"\r\n" not in data:
                data += _more(link)
            size, _, data = data.partition(b"\r\n")
            length = int(size, 16)
            while len(data) < length + 2:
                data += _more(link)
        except ConnectionResetError:
            return tuple(found), True
        if not length:
            return tuple(found), False
        found.append(data[:length])
        data = data[length + 2 :]


def _more(link: socket.socket) -> bytes:
    piece = link.recv(1 << 16)
    if not piece:
        raise ConnectionResetError("the connection ended before the answer did")
    return piece
