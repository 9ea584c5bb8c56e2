"""The service's log: JSON lines in files, or the text lines of azmlinfsrv on stdout and stderr. Never a key.

Lines are gathered and written at most `DELAY` seconds later, in one call: a log line costs a request 1 to 2 µs.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..rotation import LogFile

if TYPE_CHECKING:
    from .config import Config

DELAY = 0.05  # seconds


class Source(NamedTuple):
    """Where a line comes from: stream (stdout, stderr, server, access), logger (empty: native output), worker."""

    stream: str
    name: str
    worker: int = 0


OURS = Source("server", "azmlinfsrv")
FAULT = "The scoring server itself made a mistake; its own error log has the details."


class Sink(Protocol):
    """What lines are written to; OSError when it does not take them."""

    def write(self, content: bytes) -> None: ...


class Stream:
    """The process's own stdout or stderr."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, content: bytes) -> None:
        while content:
            content = content[os.write(self._descriptor, content) :]


STDOUT, STDERR = Stream(1), Stream(2)
_PID = os.getpid()


class Log:
    """Gathers lines and writes them late; the two forms differ in `line`.

    `loop` is None until the event loop runs: until then every line is written at once. `errors` takes the front's own
    faults, apart from what the service says.
    """

    def __init__(self, errors: Sink) -> None:
        self.loop: Any = None
        self._errors = errors
        self._waiting: dict[Sink, list[str]] = {}

    def line(self, text: str, level: str = "I", request: str = "", source: Source = OURS) -> None:
        raise NotImplementedError

    def request(self, text: str, facts: str, request: str, source: Source) -> None:
        """One answered request: as people read it, and as a JSON object."""
        raise NotImplementedError

    def limit(self, size: int, kept: int) -> None:
        """Bound the files anew: put aside from `size` bytes on, `kept` of them."""
        for file in self._files():
            file.limit, file.kept = size, kept

    def _files(self) -> list[LogFile]:
        return [sink for sink in (self._errors,) if isinstance(sink, LogFile)]

    def fault(self, text: str) -> None:
        """A mistake of the front's own: in full to its error log, and a pointer to the service's."""
        self.add(self._errors, f"{_stamp(time.time())} E [{_PID}] {text}\n")
        self.line(f"{FAULT} {text.rpartition(chr(10))[2]}", "E")

    def add(self, sink: Sink, line: str) -> None:
        if not self._waiting and self.loop is not None:
            self.loop.call_later(DELAY, self.flush)
        self._waiting.setdefault(sink, []).append(line)
        if self.loop is None:
            self.flush()

    def flush(self) -> None:
        """Write what waits. A full disk or a closed terminal costs lines, never a request."""
        waiting, self._waiting = self._waiting, {}
        for sink, lines in waiting.items():
            try:
                sink.write("".join(lines).encode("utf-8", "backslashreplace"))
            except OSError:
                continue


class JsonLog(Log):
    """JSON lines appended to one log file."""

    def __init__(self, file: Sink, errors: Sink) -> None:
        super().__init__(errors)
        self._file = file

    def _files(self) -> list[LogFile]:
        return [*super()._files(), *([self._file] if isinstance(self._file, LogFile) else [])]

    def line(self, text: str, level: str = "I", request: str = "", source: Source = OURS) -> None:
        stream, name, worker = source
        self.add(
            self._file,
            f'{{"t":{time.time():.6f},"s":"{stream}","l":"{level}","w":{worker},"r":{quoted(request)},'
            f'"n":{quoted(name)},"x":{quoted(text)}}}\n',
        )

    def request(self, text: str, facts: str, request: str, source: Source) -> None:
        stream, name, worker = source
        self.add(
            self._file,
            f'{{"t":{time.time():.6f},"s":"{stream}","l":"I","w":{worker},"r":{quoted(request)},'
            f'"n":{quoted(name)},"x":{quoted(text)},"request":{facts}}}\n',
        )


class TextLog(Log):
    """`YYYY-mm-dd HH:MM:SS,mmm L [pid] logger - message` in UTC; native output of a script passes as it is."""

    def line(self, text: str, level: str = "I", request: str = "", source: Source = OURS) -> None:
        sink = STDERR if source.stream == "stderr" else STDOUT
        if source.name:
            text = f"{_stamp(time.time())} {level} [{_PID}] {source.name} - {text}"
        self.add(sink, text + "\n")

    def request(self, text: str, facts: str, request: str, source: Source) -> None:
        self.add(STDOUT, facts + "\n")


def open_log(config: Config) -> Log:
    """The log that the configuration names; raises OSError when one of its files cannot be opened."""
    size, kept = config.settings.log_bytes, config.settings.log_files
    errors = STDERR if config.errors is None else LogFile(config.errors, size, kept)
    return TextLog(errors) if config.log is None else JsonLog(LogFile(config.log, size, kept), errors)


def _stamp(now: float) -> str:
    return f"{_second(int(now))},{int(now * 1000) % 1000:03d}"


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    """Kept, as thousands of lines may be written within one: it was half of what an access line cost."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(second))
