"""Reports as a text table, and as JSON."""

from __future__ import annotations

import textwrap
from typing import Any

from ..cards import table
from .checking import FIRST_CELL, HAND, RUNS, STANDS_IN, Report

HEADER = ("cell", "line", "", "what", "")
WIDTH = 88  # of the last column


def as_text(report: Report) -> str:
    """The findings cell by cell, then a line that counts the cells."""
    rows = []
    for finding in sorted(report.findings, key=lambda found: (found.cell, found.line)):
        lines = textwrap.wrap(finding.text, WIDTH) or [""]
        rows.append((str(finding.cell), str(finding.line), finding.verdict, finding.name, lines[0]))
        rows += [("", "", "", "", line) for line in lines[1:]]
    counted = f"{len(report.cells)} code cells: {report.count(RUNS)} run, {report.count(STANDS_IN)} stand in, "
    parts = [report.path, *([table(HEADER, rows)] if rows else []), f"{counted}{report.count(HAND)} need a hand."]
    return "\n".join([*parts, *([FIRST_CELL] if report.needs_alias else [])])


def as_json(report: Report) -> dict[str, Any]:
    """The same for programs: each code cell with its verdict and its findings."""
    found = [{"cell": number, "verdict": verdict, "findings": []} for number, verdict in report.verdicts.items()]
    by_number: dict[int, Any] = {cell["cell"]: cell["findings"] for cell in found}  # type: ignore[misc]
    for each in report.findings:
        by_number[each.cell].append({"line": each.line, "name": each.name, "verdict": each.verdict, "text": each.text})
    return {"path": report.path, "verdict": report.verdict, "needs_alias": report.needs_alias, "cells": found}
