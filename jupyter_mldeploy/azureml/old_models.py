"""An error while an old model is loaded or used, in a notebook or a script: which version wrote the model."""

from __future__ import annotations

import sys
from importlib import import_module
from types import TracebackType
from typing import Any

from .shell import shell


def watch() -> None:
    """Say it below the errors of this process: after a cell, or at the end of a script."""
    found = shell()
    if found is None:
        if sys.excepthook is sys.__excepthook__:
            sys.excepthook = _at_end
    elif _after_cell not in found.events.callbacks["post_run_cell"]:
        found.events.register("post_run_cell", _after_cell)


def unwatch() -> None:
    """Say nothing more."""
    found = shell()
    if sys.excepthook is _at_end:
        sys.excepthook = sys.__excepthook__
    if found is not None and _after_cell in found.events.callbacks["post_run_cell"]:
        found.events.unregister("post_run_cell", _after_cell)


def _after_cell(result: Any) -> None:
    if result.error_in_exec is not None:
        _say(result.error_in_exec)


def _at_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.__excepthook__(kind, error, trace)
    _say(error)


def _say(error: BaseException) -> None:
    pickles = import_module("..server.legacy.pickles", __package__)  # at the first error: the alias is to load fast
    if known := pickles.explain(error):
        print(f"jupyter-mldeploy: {known}", file=sys.stderr)
