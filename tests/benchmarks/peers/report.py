"""The figures for people: text tables, and the section of the README."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from .figures import Figures, Measure, Standing, cpu, p50, p99, p999, rate
from .goals import Goal, goals
from .results import Results
from .servers import SERVERS
from .starting import SPINNING
from .workloads import Workload

BEGIN, END = "<!-- serving: begin -->", "<!-- serving: end -->"
MARKS = {True: "yes", False: "NO", None: "–"}
QUIET = 0.15  # cores that others may use
Cells = Sequence[Sequence[str]]


def text(results: Results) -> str:
    """Every figure, workload by workload, then the goals."""
    parts = [f"{results.machine}, {results.date}\n{results.versions}", _company(results.figures)]
    for workload in results.workloads:
        parts.append(f"{workload.name}: {workload.title}\n{_aligned(_full(results.figures, workload))}")
        parts += _remarks([each for each in results.figures.standings if each.workload == workload.name])
    return "\n\n".join([*filter(None, parts), _aligned(goal_cells(goals(results.figures)))])


def _company(figures: Figures) -> str:
    """A word of warning where the machine was not quiet."""
    others = figures.others()
    if not others or others <= QUIET:
        return ""
    return f"The machine was busy with other things ({others:.2f} cores of it): these figures are worth little."


def _remarks(standings: Sequence[Standing]) -> Iterator[str]:
    for each in standings:
        if each.failure:
            yield f"{each.server}: {each.failure.splitlines()[0]}"
        if (each.idle or 0) > SPINNING:
            yield f"{each.server} uses {each.idle:.0%} of a core while it waits; it was held between its turns."


def goal_cells(found: Sequence[Goal]) -> list[tuple[str, ...]]:
    return [("goal", "", "measured", "met"), *((g.name, g.wanted, g.measured, MARKS[g.met]) for g in found)]


def _full(figures: Figures, workload: Workload) -> Iterator[tuple[str, ...]]:
    yield "server", "conn.", "req/s", "p50 ms", "p99", "p99.9", "CPU µs", "ours is", "start s", "MiB", "errors"
    for connections in sorted({each.connections for each in figures.samples if each.workload == workload.name}):
        ours = figures.rounds(workload.name, "ours", connections, rate)
        for name in workload.servers:
            found = [figures.median(workload.name, name, connections, of) for of in (rate, p50, p99, p999, cpu)]
            if found[0] is None:
                continue
            ratio = figures.ratio(ours, figures.rounds(workload.name, name, connections, rate))
            standing = figures.standing(workload.name, name)
            errors = sum(figures.rounds(workload.name, name, connections, lambda sample: sample.errors).values())
            cells = [f"{found[0]:,.0f}", *(_number(value, 3) for value in found[1:4]), _number(found[4], 0)]
            more = (standing.start, standing.memory) if standing else (None, None)
            last = [f"{_number(ratio, 2)} ×", _number(more[0], 2), _number(more[1], 0), f"{errors:.0f}"]
            yield name, str(connections or "–"), *cells, *last


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _aligned(cells: Sequence[Sequence[str]] | Iterator[tuple[str, ...]]) -> str:
    rows = list(cells)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


COLUMNS: tuple[tuple[str, str, int, Measure], ...] = (
    ("W1 req/s", "W1", 64, rate),
    ("W2 req/s", "W2", 64, rate),
    ("W2 p99 ms", "W2", 64, p99),
    ("W2 CPU µs", "W2", 64, cpu),
    ("W2 at 1, p50 ms", "W2", 1, p50),
    ("W3 req/s", "W3", 64, rate),
    ("W4 req/s", "W4", 64, rate),
    ("W5 req/s", "W5", 64, rate),
    ("W6 JSON req/s", "W6", 64, rate),
    ("W6 bytes req/s", "W6-bytes", 64, rate),
)


def markdown(results: Results, plot: str) -> str:
    """What stands between the marks in the README."""
    figures = results.figures
    rows = [("", *(title for title, *_ in COLUMNS), "W2 start s", "W2 MiB")]
    rows += [row for name in SERVERS if (row := _row(figures, name))]
    lines = [f"Measured on {results.date} on {results.machine}; {results.versions}.", _company(figures), ""]
    lines += [*_piped(rows), "", f"![Requests a second at 64 connections]({plot})", ""]
    return "\n".join([*lines, *_piped(goal_cells(goals(figures)))])


def _row(figures: Figures, name: str) -> tuple[str, ...] | None:
    found = []
    for _, workload, connections, of in COLUMNS:
        value = figures.median(workload, name, 0 if name == "loop" else connections, of)
        found.append("" if value is None else _number(value, 2 if value < 10 else 0))
    standing = figures.standing("W2", name) or figures.standing("W1", name)
    more = (standing.start, standing.memory) if standing else (None, None)
    if not any(found):
        return None
    return (
        SERVERS[name].title,
        *found,
        *("" if value is None else _number(value, n) for value, n in zip(more, (1, 0), strict=True)),
    )


def _piped(cells: Cells) -> list[str]:
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in cells]
    return [lines[0], "|" + "---|" * len(cells[0]), *lines[1:]]


def write_readme(path: Path, section: str) -> None:
    """Put the section between the marks of the README."""
    write_between(path, (BEGIN, END), section)


def write_between(path: Path, marks: tuple[str, str], section: str) -> None:
    """Put the section between two marks of a file."""
    before, (begin, end) = path.read_text(), marks
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.S)
    if not pattern.search(before):
        raise SystemExit(f"{path} has no place for the table: put {begin} and {end} where it belongs.")
    path.write_text(pattern.sub(lambda _: f"{begin}\n{section}\n{end}", before, count=1))
