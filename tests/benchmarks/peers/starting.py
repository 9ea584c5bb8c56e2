"""A server started for one workload, up and proved to answer as `run` itself does, before anything is measured."""

from __future__ import annotations

import http.client
import json
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import load, processes
from .manners import Body
from .servers import SERVERS, Place, Server

PATIENCE = 90.0  # seconds that a server gets to answer its first request
REFUSING = 60.0  # seconds that it may answer something else than 200: not ready yet
SPINNING = 0.05
LOOP = "loop"
GIVEN: set[int] = set()


class Unfit(Exception):
    """A server does not start, or answers something else than `run`."""


@dataclass
class Running:
    """A server that is up."""

    name: str
    server: Server
    place: Place
    process: subprocess.Popen[bytes]
    start: float = 0.0  # seconds to the first good answer
    answer: Any = None  # that answer
    idle: float = 0.0  # the share of a core that it uses while it waits

    @property
    def target(self) -> load.Target:
        return load.Target(
            f"http://127.0.0.1:{self.place.port}{self.server.manner.path}", self.place.folder / "wrk.lua"
        )

    @property
    def log(self) -> Path:
        return self.place.folder / "server.log"

    @contextmanager
    def turn(self) -> Iterator[dict[int, int]]:
        """Its processes, while it is the one that is asked. One that spins while it waits is held between its turns."""
        pids = processes.family(self.process.pid)
        if self.idle > SPINNING:
            processes.send(pids, signal.SIGCONT)
        try:
            yield pids
        finally:
            processes.calm(pids, self.idle)  # else what clients that left had asked for is done in the next one's turn
            if self.idle > SPINNING:
                processes.send(pids, signal.SIGSTOP)

    def stop(self) -> None:
        processes.stop(self.process)


def free_port() -> int:
    """A port with two free ones behind it, below those that the system gives to clients, given once."""
    while True:
        port = random.randrange(15_000, 32_000, 4)
        if port in GIVEN:
            continue
        with suppress(OSError), _bound(port), _bound(port + 1), _bound(port + 2):
            GIVEN.add(port)
            return port


def _bound(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


def start(name: str, place: Place) -> Running:
    """Start a server, wait for its first good answer, and check that answer; Unfit says what is wrong."""
    server = SERVERS[name]
    place.folder.mkdir(parents=True)
    body = _request(server, place)
    variables = server.environment(place)
    try:
        if server.before:
            server.before(place, variables)
        began = time.monotonic()
        running = Running(name, server, place, _spawn(name, server.command(place), variables, place.folder))
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unfit(f"{error}\n{(getattr(error, 'stderr', None) or b'').decode()[-1500:]}") from error
    try:
        running.answer = _first_line(running) if name == LOOP else _first_answer(running, body)
        running.start = time.monotonic() - began
        if place.expected is not ...:
            _compare(running.answer, place.expected)
    except (Unfit, ValueError, LookupError, TypeError) as error:
        running.stop()
        last = running.log.read_text(errors="replace").strip()[-1500:]
        raise Unfit(f"{error}\n{last}") from error
    except BaseException:
        running.stop()
        raise
    return running


def _spawn(name: str, command: list[str], variables: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.PIPE if name == LOOP else subprocess.DEVNULL,
            stdout=subprocess.PIPE if name == LOOP else log,
            stderr=log,
            start_new_session=True,
        )


def _request(server: Server, place: Place) -> Body:
    """The request of this workload in the server's own words; also as files for wrk."""
    path = place.models / f"{place.workload.body}.{place.workload.kind}"
    given = path.read_bytes() if place.workload.kind == "bytes" else json.loads(path.read_text())
    body = server.manner.wrap(given)
    (place.folder / "body").write_bytes(body.content)
    load.write_script(place.folder / "wrk.lua", place.folder / "body", body.kind, server.key)
    return body


def _first_line(running: Running) -> Any:
    assert running.process.stdout is not None
    return json.loads(running.process.stdout.readline())


def _first_answer(running: Running, body: Body) -> Any:
    manner, port, seen = running.server.manner, running.place.port, ""
    headers = {"Content-Type": body.kind}
    if running.server.key:
        headers["Authorization"] = f"Bearer {running.server.key}"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(OSError, http.client.HTTPException):
            status, content = _ask(port, manner.path, body.content, headers)
            if status == 200:
                return manner.unwrap(json.loads(content))
            if not seen:
                end = time.monotonic() + REFUSING
            seen = f"{status} {content[:300]!r}"
        if running.process.poll() is not None:
            raise Unfit(f"It ended with exit code {running.process.returncode}.")
        time.sleep(0.005)
    raise Unfit(f"It did not answer as it should in time: {seen or 'nothing listens'}.")


def _ask(port: int, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        link.request("POST", path, body, headers)
        answer = link.getresponse()
        return answer.status, answer.read()
    finally:
        link.close()


def _compare(answer: Any, expected: Any) -> None:
    if not _equal(answer, expected):
        raise Unfit(f"It answers {str(answer)[:200]}, and run() itself {str(expected)[:200]}.")


def _equal(one: Any, other: Any) -> bool:
    """Numbers up to float32's precision: some servers hand on arrays of another width."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return abs(one - other) <= 1e-5 * max(abs(one), abs(other), 1e-3)
    return bool(one == other)
