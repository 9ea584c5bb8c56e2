"""The worker's end of the socket pair: whole frames in, whole frames out, from any thread."""

import os
from collections import deque
from threading import Lock
from typing import Deque, Iterator, Tuple

from ..frames import Reader
from ..page import HELD

LUMP = 24  # answers that travel together; so that the front has something to do while the worker goes on
SMALL, LARGE = 1 << 16, 1 << 20  # bytes asked for at once; large only while a body larger than one read arrives


class Channel:
    """The socket to the front. Sending never deadlocks, whether from a thread or a signal handler."""

    def __init__(self, fd: int, words: memoryview, area: memoryview) -> None:
        self._fd = fd
        self._words, self._area = words, area
        self._held = self._number = 0
        self._waiting: Deque[bytes] = deque()
        self._lock = Lock()

    def frames(self) -> Iterator[Tuple[int, int, int, bytes]]:
        """Yield (kind, flags, count, payload) until the front closes its end."""
        reader = Reader()
        size = SMALL
        while True:
            try:
                data = os.read(self._fd, size)
            except ConnectionResetError:  # closed with answers still unread
                return
            if not data:
                return
            size = LARGE if len(data) == size else SMALL
            yield from reader.feed(data)

    def send(self, frame: bytes) -> None:
        """Send a whole frame, in the order of calls. When another thread is writing, that one sends it."""
        self._waiting.append(frame)
        while self._waiting and self._lock.acquire(False):
            try:
                while self._waiting:
                    self._write(self._waiting.popleft())
            finally:
                self._lock.release()

    def hold(self, frame: bytes) -> None:
        """Send an answer together with the next ones, at the latest by `flush`. Should none follow, because the next
        run hangs or ends this process, the front finds it in the page."""
        end = self._held + len(frame)
        if end > len(self._area):
            self.flush()
            self.send(frame)
            return
        self._area[self._held : end] = frame
        self._words[HELD] = self._held = end
        self._number += 1
        if self._number >= LUMP:
            self.flush()

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            self.send(bytes(self._area[: self._held]))
            self._held = self._number = 0
            self._words[HELD] = 0

    def _write(self, frame: bytes) -> None:
        if self._fd < 0:
            return
        try:
            sent = os.write(self._fd, frame)
            while sent < len(frame):
                sent += os.write(self._fd, memoryview(frame)[sent:])
        except (BrokenPipeError, ConnectionResetError):
            os._exit(1)  # the front is gone, and nobody is left to serve

    def let_go(self) -> None:
        """Close this copy, in a forked child: two processes that write would break each other's frames."""
        os.close(self._fd)
        self._fd = -1
        self._words, self._area, self._held = memoryview(bytearray(64)).cast("I"), memoryview(b""), 0
        self._lock = Lock()
