"""Both servers for every group, started a few at a time and asked once for every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from parts import Part

from .reference import azmlinfsrv, note
from .rows import Group
from .servers import OURS, Server
from .table.groups import GROUPS

AT_ONCE = 4


@pytest.fixture(scope="session")
def released() -> Path | None:
    return azmlinfsrv()


@pytest.fixture(autouse=True)
def _noted(part: Part, released: Path | None) -> None:
    note(part, released)


def started(command: tuple[str, ...], folder: Path, groups: Mapping[str, Group]) -> Iterator[dict[str, Server]]:
    """All groups on one kind of server; ended whatever happens."""
    servers: dict[str, Server] = {}

    def start(name: str) -> None:
        place = folder / name
        place.mkdir()
        servers[name] = Server(command, place, groups[name])
        servers[name].wait()

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(start, groups))
        yield servers
    finally:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(Server.stop, servers.values()))


@pytest.fixture(scope="session")
def theirs(released: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    groups = GROUPS if released else {}  # without it every test is skipped
    yield from started((str(released),), tmp_path_factory.mktemp("theirs"), groups)


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    yield from started(OURS, tmp_path_factory.mktemp("ours"), GROUPS)


@pytest.fixture
def ours_with(tmp_path: Path) -> Iterator[Callable[[Group], Server]]:
    """One more server of ours, for one test."""
    servers: list[Server] = []

    def start(group: Group) -> Server:
        servers.append(Server(OURS, tmp_path, group))
        return servers[-1].wait()

    yield start
    for server in servers:
        server.stop()
