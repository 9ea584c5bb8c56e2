"""What all tests share: the real parts, and the table of them at the end of a run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder, and `parts` is shared

from parts import USED, Part


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
