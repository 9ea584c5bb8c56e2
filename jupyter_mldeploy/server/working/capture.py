"""What the script prints and logs, as LOG frames in order, each with the request during which it came."""

import io
import json
import logging
import os
import sys
from typing import Any, Optional

from .. import frames
from .channel import Channel

PER_REQUEST = 64 * 1024  # bytes of output that one request may produce
OUTSIDE = 1024 * 1024  # the same for the start; each request adds what one may produce, for threads between them
DROPPED = "\n(what follows is dropped: this is more output than one request may produce)"
LINE = 8 * 1024  # a line longer than this is sent in pieces


class Output:
    """Where all that the script says goes: LOG frames, capped for each request."""

    def __init__(self, channel: Channel) -> None:
        self._channel: Optional[Channel] = channel
        self._request: Optional[int] = None
        self._left = self._outside = OUTSIDE
        self._streams = [_Stream(self, "stdout", 1), _Stream(self, "stderr", 2)]

    def begin(self, request: int) -> None:
        """All that comes from now on belongs to `request`."""
        self._outside = self._left
        self._request, self._left = request, PER_REQUEST

    def end(self) -> None:
        """The request is over: send the unfinished lines too."""
        for stream in self._streams:
            stream.send_rest()
        if self._request is not None:
            self._left = min(OUTSIDE, self._outside + PER_REQUEST)
        self._request = None

    def go_native(self) -> None:
        """In a forked child of the script: say everything through the pipes, away from the parent's socket."""
        self._channel = None
        for stream in self._streams:
            stream.go_native()

    def say(self, stream: str, level: str, name: str, text: str) -> None:
        """Send one entry of the log."""
        if self._channel is None:
            os.write(1 if stream == "stdout" else 2, f"{text}\n".encode("utf-8", "backslashreplace"))
            return
        if self._left <= 0:
            return
        self._left -= len(text)
        if self._left <= 0:
            text = text[: self._left + len(text)] + DROPPED
        entry = {"s": stream, "l": level, "n": name, "r": self._request, "x": text}
        self._channel.send(frames.message(frames.LOG, entry))

    def capture(self, root: bool = True) -> None:
        """Put the streams in place of `sys.stdout` and `sys.stderr`; `root`: a handler at INFO on the root logger."""
        sys.stdout, sys.stderr = (_text(stream) for stream in self._streams)
        if root:
            _log_to(_Handler(self))


def configure(*folders: str) -> None:
    """Apply the first `logging.json` of these folders, if any: it then replaces what `capture` set up."""
    for folder in folders:
        path = os.path.join(folder, "logging.json")
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                settings = json.load(file)
            from logging import config

            config.dictConfig(settings)
            return


class _Stream(io.RawIOBase):
    """The bytes under `sys.stdout` or `sys.stderr`: cut into lines. It stays open whatever the script does to it."""

    def __init__(self, output: Output, name: str, fd: int) -> None:
        self._output, self._stream, self._fd = output, name, fd
        self._rest = b""
        self._native = False

    def go_native(self) -> None:
        """Pass on what comes as it is; what was begun belongs to the parent."""
        self._rest, self._native = b"", True

    def write(self, data: Any) -> int:
        if self._native:
            return os.write(self._fd, data)
        whole, newline, rest = (self._rest + bytes(data)).rpartition(b"\n")
        self._rest = rest
        for line in whole.split(b"\n") if newline else ():
            self._say(line)
        if len(self._rest) > LINE:
            self.send_rest()
        return len(data)

    def send_rest(self) -> None:
        """Send what has no end of line yet."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self._say(rest)

    def _say(self, text: bytes) -> None:
        self._output.say(self._stream, "I", "", text.decode("utf-8", "replace"))

    @property
    def name(self) -> str:
        return f"<{self._stream}>"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd  # the pipe for native output: what `subprocess.run(stdout=sys.stdout)` inherits

    def close(self) -> None:
        """Stay open: a script that closes its output must not lose that of the next request."""


def _text(stream: _Stream) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, "utf-8", "backslashreplace", "\n", write_through=True)


class _Handler(logging.Handler):
    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001 (the script's own arguments, formatted)
            self.handleError(record)
            return
        level = "E" if record.levelno >= logging.ERROR else "W" if record.levelno >= logging.WARNING else "I"
        self._output.say("log", level, record.name, text)


def _log_to(handler: logging.Handler) -> None:
    """Put `handler` on the root logger until the script configures logging itself, which then works as anywhere."""
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    configure = logging.basicConfig

    def basic_config(**asked: Any) -> None:
        root.removeHandler(handler)
        configure(**asked)

    logging.basicConfig = basic_config
