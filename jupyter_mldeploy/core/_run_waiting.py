"""Waiting for a run, with what its script prints."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._submission.place import STD_LOG
from .exceptions import ActivityFailedException

if TYPE_CHECKING:
    from .run import Run

ENDED = ("Completed", "Failed", "Canceled")
TICK = 0.2  # seconds between two looks


def wait(run: Run, show_output: bool, raise_on_error: bool) -> dict[str, Any]:
    """Wait until the run ends; `ActivityFailedException` when it failed. An interrupt leaves the run alone."""
    if show_output:
        print(f"RunId: {run.id}\nWeb View: {run.get_portal_url()}\n")
    try:
        _follow(run, show_output)
    except KeyboardInterrupt:
        print(f"The wait was interrupted. The run {run.id} goes on; run.cancel() ends it.")
        raise
    details = run.get_details()
    if show_output:
        print(f"\nExecution Summary\n=================\nRunId: {run.id}\nStatus: {details['status']}\n")
    if raise_on_error and details["status"] == "Failed":
        message = (details["error"] or {}).get("message") or "no details were given"
        raise ActivityFailedException(f"Run {run.id} failed: {message}", error_details=details["error"])
    return details


def _follow(run: Run, show_output: bool) -> None:
    log = run._place.log if run._place.exists() else None
    position = 0
    while True:
        ended = run.get_status() in ENDED  # asked first: what was printed before is shown in any case
        if show_output and log is not None:
            position = _show(log, position)
        if ended:
            return
        time.sleep(TICK)


def _show(log: Path, position: int) -> int:
    """Print what the log holds from `position` on, up to its last whole character."""
    if not log.is_file():
        return position
    with log.open("rb") as file:
        file.seek(position)
        new = file.read()
    if new and position == 0:
        print(f"Streaming {STD_LOG}\n{'=' * (10 + len(STD_LOG))}")
    print(new.decode(errors="replace"), end="", flush=True)
    return position + len(new)
