"""What all tests share: the real parts, and the table of them at the end of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder, and `parts` is shared

import engine as engines
import podmans
from parts import PROVISION, USED, Part

# Where an engine answers, services would be containers; the tests of that say so.
os.environ.setdefault("MLDEPLOY_TARGET", "process")


@pytest.fixture
def part(request: pytest.FixtureRequest) -> Part:
    return Part(request)


@pytest.fixture
def small_disk(part: Part, tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, mounted for this test."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "mldeploy-test", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        part.missing("a small file system", "run as root, so that a tmpfs can be mounted")
    part.real("a small file system", "tmpfs of 1 MB")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture(scope="session")
def _engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Docker engine with the tests' base image, or the words why there is none."""
    if given := os.environ.get("MLDEPLOY_TEST_DOCKER_HOST"):
        yield given
        return
    if PROVISION and engines.missing():
        engines.install()
    own = tmp_path_factory.getbasetemp()
    workers = "PYTEST_XDIST_WORKER" in os.environ
    try:
        with engines.shared(own.parent if workers else own) as host:
            yield host
    except engines.Unavailable as error:
        yield str(error)


@pytest.fixture
def engine(part: Part, _engine: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A real engine; its address, which the test's environment names as Docker's own tools read it."""
    if not _engine.startswith("unix:"):
        part.missing("a Docker engine", _engine)
    part.real("a Docker engine", "dockerd on a socket of its own")
    monkeypatch.setenv("DOCKER_HOST", _engine)
    monkeypatch.setenv("MLDEPLOY_BASE_IMAGE", engines.BASE)
    return _engine


@pytest.fixture(scope="session")
def _podman() -> Iterator[podmans.Podman | str]:
    """Podman behind Docker's API, or the words why there is none."""
    if PROVISION and podmans.missing():
        engines.install(*podmans.PACKAGES)
    try:
        with podmans.podman() as made:
            yield made
    except engines.Unavailable as error:
        yield str(error)


@pytest.fixture
def podman(part: Part, _podman: podmans.Podman | str, monkeypatch: pytest.MonkeyPatch) -> podmans.Podman:
    """As `engine`, by Podman."""
    if isinstance(_podman, str):
        part.missing("Podman", _podman)
    part.real("Podman", "its service on a socket of its own")
    monkeypatch.setenv("DOCKER_HOST", _podman.host)
    monkeypatch.setenv("MLDEPLOY_BASE_IMAGE", engines.BASE)
    return _podman


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = set()
    for reports in terminalreporter.stats.values():
        for report in reports:
            rows |= {value for name, value in getattr(report, "user_properties", []) if name == USED}
    if rows:
        terminalreporter.section("real parts")
        for row in sorted(rows):
            name, state, what = row.split("\t")
            terminalreporter.write_line(f"{name:<24} {state:<8} {what}")
