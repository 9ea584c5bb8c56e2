"""The file that tells what became of a front, also after its death; written whole at each change of its life."""

from __future__ import annotations

import json
import os
import time
from typing import Any


class Outcome:
    """One file, or none when `path` is None."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._content: dict[str, Any] = {
            "pid": os.getpid(),
            "start_time": _start_time(),
            "phase": "starting",
            "reason": "",
            "traceback": "",
            "exit_code": None,
            "port": None,
        }

    def write(self, **changes: Any) -> None:
        """Change fields and write the file. A disk that is full loses the news, not the service."""
        self._content.update(changes, time=time.time())
        if self._path is None:
            return
        aside = f"{self._path}.{os.getpid()}"
        try:
            with open(aside, "w", encoding="utf-8") as file:
                json.dump(self._content, file)
            os.replace(aside, self._path)
        except OSError:
            if os.path.exists(aside):
                os.unlink(aside)


def _start_time() -> int:
    """When this process started, in clock ticks since boot (field 22 of Linux's stat); 0 where that is not known."""
    try:
        with open("/proc/self/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except OSError:
        return 0
