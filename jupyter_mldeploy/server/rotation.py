"""Log files of bounded size: `NAME` is written, full ones become `NAME.1`, `NAME.2`, … (the highest is the newest).

The front writes them, targets read them, also while they are written and after the front is dead.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from time import sleep
from typing import BinaryIO

PIECE = 1 << 20
POLL = 0.05  # seconds between two looks for more


class LogFile:
    """One log, appended to; `limit` in bytes (0: none), `kept` full files beside the one at work. Both may change."""

    def __init__(self, path: str, limit: int, kept: int) -> None:
        self._path, self.limit, self.kept = path, limit, kept
        self._open()

    def write(self, content: bytes) -> None:
        """Append; OSError when the disk is full."""
        if self.limit and self._size and self._size + len(content) > self.limit:
            with suppress(OSError):  # a log that is too long is better than none
                self._turn()
        self._size += len(content)
        while content:
            content = content[os.write(self._descriptor, content) :]

    def _open(self) -> None:
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._descriptor).st_size

    def _turn(self) -> None:
        """Put the full file aside, unless another front of the service has just done so."""
        old, full = self._descriptor, _numbered(self._path)
        fcntl.flock(old, fcntl.LOCK_EX)
        try:
            if _inode(self._path) == os.fstat(old).st_ino:
                full.append(full[-1] + 1 if full else 1)
                os.rename(self._path, f"{self._path}.{full[-1]}")
            self._open()
        finally:
            fcntl.flock(old, fcntl.LOCK_UN)
        os.close(old)
        for number in full[: max(0, len(full) - self.kept)]:
            os.unlink(f"{self._path}.{number}")


def lines(path: str, follow: bool = False) -> Iterator[bytes]:
    """The lines of all files of a log that are whole, oldest first; with `follow` it waits for more without end."""
    file, rest = _next(path, -1), b""
    while file is not None:
        # Asked before the rest is read: once there is a next file, nothing more is written to this one.
        after = _next(path, os.fstat(file.fileno()).st_ino)
        while piece := file.read(PIECE):
            *whole, rest = (rest + piece).split(b"\n")
            yield from filter(None, whole)
        if after is not None:
            file.close()
            file, rest = after, b""
        elif follow:
            sleep(POLL)
        else:
            file.close()
            return


def _next(path: str, inode: int) -> BinaryIO | None:
    """The file that follows the one with this inode, or the first when that is none of the log's (any more)."""
    while True:
        numbers = _numbered(path)
        names = [*(f"{path}.{number}" for number in numbers), path]
        found = [(name, _inode(name)) for name in names]
        if numbers != _numbered(path):
            continue  # a file was renamed while we looked
        inodes = [own for _, own in found]
        rest = found[inodes.index(inode) + 1 :] if inode in inodes else found
        wanted = next(((name, own) for name, own in rest if own), None)
        if wanted is None:
            return None
        name, own = wanted
        with suppress(FileNotFoundError):
            file = open(name, "rb")  # noqa: SIM115 - it is read by who asked
            if os.fstat(file.fileno()).st_ino == own:
                return file
            file.close()  # renamed since: look again


def _numbered(path: str) -> list[int]:
    """The numbers of the full files, ascending."""
    folder, name = os.path.split(path)
    with suppress(FileNotFoundError):
        endings = [each[len(name) + 1 :] for each in os.listdir(folder or ".") if each.startswith(f"{name}.")]
        return sorted(int(ending) for ending in endings if ending.isdigit())
    return []


def _inode(path: str) -> int:
    """0 when there is no such file."""
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return 0
