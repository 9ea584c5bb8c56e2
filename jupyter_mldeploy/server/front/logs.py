"""The service's log: JSON lines in a file, or the text lines of azmlinfsrv on stdout and stderr. Never a key.

Lines are gathered and written at most `DELAY` seconds later, in one call: a log line costs a request 1 to 2 µs.
"""

from __future__ import annotations

import os
import time
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

DELAY = 0.05  # seconds


class Source(NamedTuple):
    """Where a line comes from: stream (stdout, stderr, server, access), logger (empty: native output), worker."""

    stream: str
    name: str
    worker: int = 0


OURS = Source("server", "azmlinfsrv")


class Log:
    """Gathers lines and writes them late; the two forms differ in `line`.

    `loop` is None until the event loop runs: until then every line is written at once.
    """

    def __init__(self) -> None:
        self.loop: Any = None
        self._waiting: dict[int, list[str]] = {}

    def line(self, text: str, level: str = "I", request: str = "", source: Source = OURS) -> None:
        raise NotImplementedError

    def add(self, descriptor: int, line: str) -> None:
        if not self._waiting and self.loop is not None:
            self.loop.call_later(DELAY, self.flush)
        self._waiting.setdefault(descriptor, []).append(line)
        if self.loop is None:
            self.flush()

    def flush(self) -> None:
        """Write what waits. A full disk or a closed terminal costs lines, never a request."""
        waiting, self._waiting = self._waiting, {}
        for descriptor, lines in waiting.items():
            try:
                _write_all(descriptor, "".join(lines).encode("utf-8", "backslashreplace"))
            except OSError:
                continue


class JsonLog(Log):
    """JSON lines appended to one file."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def line(self, text: str, level: str = "I", request: str = "", source: Source = OURS) -> None:
        stream, name, worker = source
        self.add(
            self._file,
            f'{{"t":{time.time():.6f},"s":"{stream}","l":"{level}","w":{worker},"r":{quoted(request)},'
            f'"n":{quoted(name)},"x":{quoted(text)}}}\n',
        )


class TextLog(Log):
    """`YYYY-mm-dd HH:MM:SS,mmm L [pid] logger - message` in UTC; native output of a script passes as it is."""

    def line(self, text: str, level: str = "I", request: str = "", source: Source = OURS) -> None:
        descriptor = 2 if source.stream == "stderr" else 1
        if not source.name:
            self.add(descriptor, text + "\n")
            return
        now = time.time()
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now))
        self.add(descriptor, f"{at},{int(now * 1000) % 1000:03d} {level} [{os.getpid()}] {source.name} - {text}\n")


def open_log(path: str | None) -> Log:
    """The log that the configuration names; raises OSError when its file cannot be opened."""
    return TextLog() if path is None else JsonLog(path)


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
