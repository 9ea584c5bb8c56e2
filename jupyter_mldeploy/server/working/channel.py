"""The worker's end of the socket pair: whole frames in, whole frames out, from any thread."""

import os
from collections import deque
from threading import Lock
from typing import Deque, Iterator, Tuple

from ..frames import Reader

SMALL, LARGE = 1 << 16, 1 << 20  # bytes asked for at once; large only while a body larger than one read arrives


class Channel:
    """The socket to the front. Sending never deadlocks, whether from a thread or a signal handler."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
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
        self._lock = Lock()
