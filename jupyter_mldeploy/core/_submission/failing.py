"""Why a submitted script failed, from its exit code and the end of its log."""

from __future__ import annotations

import signal
from pathlib import Path

TRACEBACK = "Traceback (most recent call last):"
LONGEST = 4000  # characters of an error; a run's tag takes 5000
LAST = 20  # lines, where there is no traceback


def explain(script: str, code: int, log: Path) -> str:
    """One line on what ended the script, then its traceback, or the last lines that it printed."""
    said = tail(log)
    reason = said.splitlines()[-1] if TRACEBACK in said else ""
    first = f"{script} {_how(code)}{': ' + reason if reason else '.'}"
    return f"{first}\n{said}" if said else f"{first} It printed nothing."


def tail(log: Path) -> str:
    """The log from its last traceback on, or its last lines."""
    if not log.is_file():
        return ""
    text = log.read_text(errors="replace").rstrip()
    _, found, after = text.rpartition(TRACEBACK)
    return shortened(found + after if found else "\n".join(text.splitlines()[-LAST:]))


def shortened(text: str) -> str:
    """What a run can keep of a long text: its beginning and its end."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 4]}\n…\n{text[-LONGEST // 4 * 3 :]}"


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name if -code in {s.value for s in signal.Signals} else f"signal {-code}"
    return f"was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
