"""`check` and `convert`: notebooks of the SDK, read without running them."""

from __future__ import annotations

import json
from argparse import Namespace
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import FileMissing, InvalidInput

NEEDS_A_HAND, UNREADABLE = 1, 2  # exit codes; 0 when all runs


def check(given: Namespace) -> int:
    """Print a report for each file; the worst of them decides the exit code."""
    migrate = _migrate()
    reports, failures = list[Any](), list[dict[str, str]]()
    for name in given.notebooks:
        try:
            reports.append(migrate.check(Path(name)))
        except (FileMissing, InvalidInput) as error:
            failures.append({"path": name, "error": error.message})
    if given.json:
        notebooks = [migrate.as_json(report) for report in reports]
        print(json.dumps({"notebooks": notebooks, "unreadable": failures}, indent=2))
    else:
        print("\n\n".join([*(failure["error"] for failure in failures), *map(migrate.as_text, reports)]))
    if failures:
        return UNREADABLE
    return NEEDS_A_HAND if any(report.verdict == migrate.HAND for report in reports) else 0


def convert(given: Namespace) -> int:
    """Write the notebook with our names and say how many changed."""
    try:
        made = _migrate().convert(Path(given.notebook), Path(given.output) if given.output else None)
    except (FileMissing, InvalidInput) as error:
        print(error.message)
        return UNREADABLE
    print(f"{given.output or given.notebook}: {made.changed} names changed.")
    if made.kept:
        print(f"Left as they are: {', '.join(made.kept)}. `jupyter mldeploy check` says what to do.")
    return 0


def _migrate() -> Any:
    """Loaded by these two commands alone: it puts the alias on, which the others do not need."""
    return import_module("jupyter_mldeploy.migrate")
