"""The folder that is the only shared state: where things lie in it, atomic writes, and locks between processes."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from filelock import FileLock, Timeout

from .errors import DiskFull, OperationTimeout, WorkspaceError

T = TypeVar("T")


@dataclass(frozen=True)
class Home:
    """A workspace's folder and the names inside it; nothing is created by asking."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def bundles(self) -> Path:
        return self.path / "bundles"

    @property
    def environments(self) -> Path:
        return self.path / "environments"

    @property
    def servers(self) -> Path:
        return self.path / "servers"

    @property
    def services(self) -> Path:
        return self.path / "services"

    def service(self, name: str) -> Path:
        """`services/<name>`; the caller has checked the name against v1's rule, so it cannot leave the folder."""
        return self.services / name


def write_bytes(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file whole or not at all: a temporary sibling, synced, then renamed over `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with enough_room(path.parent), os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Any, mode: int = 0o644) -> None:
    """Write dataclasses, dicts and lists as readable JSON, atomically."""
    write_bytes(path, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n", mode)


def read_json(path: Path, type: type[T]) -> T:
    """Read JSON as `type` (a dataclass of `specs`, or dict); `WorkspaceError` names what does not fit."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=type)
    except msgspec.MsgspecError as error:
        raise WorkspaceError(
            f"{path} cannot be read: {error}. Was it edited by hand, or written by a newer version?"
        ) from error


@contextmanager
def locked(path: Path, *, wait: float = 60.0) -> Iterator[None]:
    """Hold a lock file between processes; it is free again when the process dies. Waits `wait` seconds at most."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path, timeout=wait):
            yield
    except Timeout as error:
        raise OperationTimeout(f"{path.stem} is busy: another process has held {path} for {wait:.0f} s.") from error


@contextmanager
def enough_room(folder: Path) -> Iterator[None]:
    """Turn the system's word for a full disk into `DiskFull`, with what is free and where."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        free = shutil.disk_usage(folder).free / 1e6
        raise DiskFull(
            f"No room left in {folder}: {free:.0f} MB free. Free some space, or move the workspace with MLDEPLOY_HOME."
        ) from error


def check_room(folder: Path, needed: int) -> None:
    """Raise `DiskFull` before any work when `needed` bytes do not fit."""
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise DiskFull(
            f"{needed / 1e6:.0f} MB are needed in {folder}, {free / 1e6:.0f} MB are free. "
            "Free some space, or move the workspace with MLDEPLOY_HOME."
        )
