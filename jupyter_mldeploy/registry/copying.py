"""Copies of files and folders, each hashed in the same pass."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..disk import enough_room
from ..errors import InvalidInput
from .content import Listing

CHUNK = 256 << 10  # what is read, hashed or written at once
BLOCK = 8 << 20  # what the kernel copies at once
SMALL = 1 << 20  # up to here a thread costs more than it saves
CLONE = 0x40049409  # FICLONE: share the blocks where the file system can (btrfs, xfs)


def copy(listing: Listing, target: Path) -> dict[str, str]:
    """Copy to `target`, which must not exist; return the SHA-256 of each file by its relative name."""
    if listing.is_file:
        with enough_room(target.parent):
            return {"": copy_file(listing.files[""], str(target))}
    target.mkdir()
    digests = {}
    with enough_room(target):
        for folder in sorted(_folders(listing)):
            (target / folder).mkdir(parents=True, exist_ok=True)
        for name, path in listing.files.items():
            digests[name] = copy_file(path, f"{target}/{name}")
    return digests


def _folders(listing: Listing) -> set[str]:
    return {name.rpartition("/")[0] for name in listing.files} | set(listing.folders)


def digest_of(digests: Mapping[str, str]) -> str:
    """One SHA-256 for all: a file's own, or that of a folder's sorted relative names and file digests."""
    if "" in digests:
        return digests[""]
    text = "".join(f"{name}\0{digests[name]}\n" for name in sorted(digests))
    return hashlib.sha256(os.fsencode(text)).hexdigest()


def digests(listing: Listing) -> dict[str, str]:
    """SHA-256 of each file where it lies."""
    return {name: _hashed(path) for name, path in listing.files.items()}


def _hashed(path: str) -> str:
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(CHUNK))
    with Path(path).open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(buffer[:count])
    return digest.hexdigest()


def copy_file(source: str, target: str) -> str:
    """Copy one regular file to a new one and return its SHA-256. Only the executable bit of its mode goes along."""
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(reading)
        if not stat.S_ISREG(found.st_mode):
            raise InvalidInput(f"{source} is no regular file any more; it changed while it was being copied.")
        mode = 0o755 if found.st_mode & 0o100 else 0o644
        writing = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            return (_copied_large if found.st_size > SMALL else _copied_small)(reading, writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _copied_small(reading: int, writing: int) -> str:
    digest = hashlib.sha256()
    while chunk := os.read(reading, CHUNK):
        digest.update(chunk)
        _write(writing, memoryview(chunk))
    return digest.hexdigest()


def _copied_large(reading: int, writing: int) -> str:
    """Copy on this thread and hash what was written on another, so the slower of the two sets the time."""
    digest, buffer, offset = hashlib.sha256(), memoryview(bytearray(CHUNK)), 0
    hashing = []
    with ThreadPoolExecutor(1) as thread:
        for count in _copied_parts(reading, writing):
            hashing.append(thread.submit(_hash_range, writing, digest, buffer, (offset, offset + count)))
            offset += count
    for task in hashing:
        task.result()
    return digest.hexdigest()


def _copied_parts(reading: int, writing: int) -> Iterator[int]:
    """Sizes of the parts as they are copied: all at once where the file system shares blocks."""
    try:
        fcntl.ioctl(writing, CLONE, reading)
    except OSError:
        while count := _copy_some(reading, writing):
            yield count
    else:
        yield os.fstat(writing).st_size


def _copy_some(reading: int, writing: int) -> int:
    """Copy the next part inside the kernel, or by hand where it will not; 0 at the end."""
    if hasattr(os, "copy_file_range"):
        with suppress(OSError):
            if count := os.copy_file_range(reading, writing, BLOCK):
                return count
    chunk = os.read(reading, CHUNK)
    _write(writing, memoryview(chunk))
    return len(chunk)


def _hash_range(file: int, digest: Any, buffer: memoryview, span: tuple[int, int]) -> None:
    offset, end = span
    while offset < end:
        count = os.preadv(file, [buffer[: end - offset]], offset)
        if not count:
            raise OSError(errno.EIO, "the copy became shorter while it was hashed")
        digest.update(buffer[:count])
        offset += count


def _write(descriptor: int, chunk: memoryview) -> None:
    while chunk:
        chunk = chunk[os.write(descriptor, chunk) :]
