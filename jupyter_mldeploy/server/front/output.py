"""What a worker process writes to its stdout or stderr itself, line by line: native code, and the end of a crash."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic
from typing import IO, Any

PIECE = 65_536  # also the longest line; longer ones are cut
MOST = 1 << 20  # bytes that are logged of a flood …
RATE = 1 << 16  # … and then so many a second: what prints without end must not fill the disk
DROPPED = " (what follows is dropped: this is more output than one worker may produce)"


class Output:
    """One pipe, read as fast as it fills so that nobody blocks on it."""

    def __init__(self, pipe: IO[bytes], on_line: Callable[[str], None]) -> None:
        self._pipe = pipe
        self._on_line = on_line
        self._rest = b""
        self._loop: Any = None
        self._left = float(MOST)
        self._since = monotonic()

    def start(self, loop: Any) -> None:
        os.set_blocking(self._pipe.fileno(), False)
        self._loop = loop
        loop.add_reader(self._pipe.fileno(), self._read)

    def finish(self) -> None:
        """Read what is left and close; what survived the worker may hold the other end, so this does not wait."""
        while not self._pipe.closed:
            if not self._read():
                self._close()

    def _read(self) -> bool:
        try:
            piece = os.read(self._pipe.fileno(), PIECE)
        except BlockingIOError:
            return False
        if not piece:
            self._close()
            return False
        now = monotonic()
        self._left = min(MOST, self._left + (now - self._since) * RATE)
        self._since = now
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) >= PIECE:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._pass_on(line)
        return True

    def _pass_on(self, line: bytes) -> None:
        if self._left <= 0:
            return
        self._left -= len(line) + 1
        self._on_line(line.decode("utf-8", "replace") + (DROPPED if self._left <= 0 else ""))

    def _close(self) -> None:
        if self._pipe.closed:
            return
        if self._loop is not None:
            self._loop.remove_reader(self._pipe.fileno())
        self._pipe.close()
        if self._rest:
            self._pass_on(self._rest)
            self._rest = b""
