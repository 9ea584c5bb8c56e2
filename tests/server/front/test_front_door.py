"""A listening socket that is handed in: fronts come and go, and the queue of connections stays."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from .fronts import ECHO, Answer, Front, ask, eventually


@pytest.fixture
def fronts(tmp_path: Path) -> Iterator[list[Front]]:
    """Two that serve, each with a door."""
    made = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        made.append(Front(tmp_path / name, door=str(tmp_path / name / "door")).script(ECHO))
    yield [front.serve() for front in made]
    for front in made:
        front.stop()


@contextmanager
def handed(front: Front, public: socket.socket) -> Iterator[None]:
    """Hand the socket to the front until the end of the block."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(front.config["door"]))
        socket.send_fds(link, [b"."], [public.fileno()])
        eventually(lambda: front.control("status")["handed"])
        yield
    eventually(lambda: not front.control("status")["handed"])


def score(public: socket.socket, content: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", public.getsockname()[1], timeout=20)
    try:
        return ask(connection, "POST", "/score", content, None)
    finally:
        connection.close()


def test_connections_wait_for_the_next_front_and_what_runs_is_answered_by_the_one_before(fronts: list[Front]) -> None:
    first, second = fronts
    with socket.create_server(("127.0.0.1", 0)) as public, ThreadPoolExecutor() as threads:
        with handed(first, public):
            assert score(public, '{"echo": 1}').json["pid"] in first.pids()
            runs = threads.submit(score, public, '{"sleep": 1}')
            eventually(lambda: first.control("stats")["running"])
        waits = threads.submit(score, public, '{"echo": 2}')
        assert first.score({"echo": 3}).status == 200  # its own address goes on
        with handed(second, public):
            assert waits.result(20).json["pid"] in second.pids()
        assert runs.result(20).json["pid"] in first.pids()
        with handed(first, public):
            assert score(public, '{"echo": 4}').json["pid"] in first.pids()


def test_a_front_that_ends_leaves_the_socket_to_others(fronts: list[Front]) -> None:
    front = fronts[0]
    with socket.create_server(("127.0.0.1", 0)) as public, socket.socket(socket.AF_UNIX) as link:
        link.connect(str(front.config["door"]))
        socket.send_fds(link, [b"."], [public.fileno()])
        eventually(lambda: front.control("status")["handed"])
        front.control("drain")
        assert link.recv(1) == b""
        front.process.wait(20)
        with socket.create_connection(public.getsockname()):
            assert public.accept()
