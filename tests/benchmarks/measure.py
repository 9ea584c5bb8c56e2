"""Clocks and scales for the benchmarks: medians of rounds, memory as PSS, peak memory of a child."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, against what goal, and whether it holds."""

    name: str
    measured: str
    goal: str
    holds: bool


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def python(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter; its last line of output."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def pss(pid: int) -> float:
    """Proportional set size of a process in MB (Linux)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def settle() -> None:
    """Let the disk finish what earlier rounds wrote, so that no round pays for another."""
    os.sync()


def table(rows: Sequence[Row]) -> str:
    cells = [("", "measured", "goal", ""), *((r.name, r.measured, r.goal, "ok" if r.holds else "MISSED") for r in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
