"""The copy of a source folder that a submitted script runs from, and which files a run has written since."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ...disk import check_room, enough_room
from ..exceptions import SnapshotException
from .ignoring import FILES, ignored, rules

LIMIT = 300 << 20  # bytes; v1 SDK


def take(source: Path, target: Path, leave_out: Path) -> None:
    """Copy `source` to `target` without what its ignore file names and without the folder `leave_out`.

    More than 300 MB → SnapshotException, which names the largest files.
    """
    files = dict(_files(source, leave_out.resolve()))
    sizes = {name: path.stat().st_size for name, path in files.items() if path.is_file()}
    if sum(sizes.values()) > LIMIT:
        largest = sorted(sizes, key=lambda name: -sizes[name])[:5]
        shown = ", ".join(f"{name} ({sizes[name] / 1e6:.0f} MB)" for name in largest)
        raise SnapshotException(
            f"The folder {source} holds {sum(sizes.values()) / 1e6:.0f} MB, and a snapshot takes {LIMIT >> 20} MB. "
            f"Largest files: {shown}. Name what the script does not need in {source / FILES[0]}."
        )
    check_room(target, sum(sizes.values()))
    target.mkdir(parents=True)
    with enough_room(target):
        for name, path in files.items():
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                copy.symlink_to(path.resolve())  # a linked folder stays one
            else:
                shutil.copy2(path, copy)


def _files(source: Path, leave_out: Path) -> Iterator[tuple[str, Path]]:
    known = rules(source)
    for where, folders, names in os.walk(source):
        here = Path(where)
        below = "" if here == source else f"{here.relative_to(source).as_posix()}/"
        kept = [
            name
            for name in sorted(folders)
            if not ignored(below + name, True, known) and (here / name).resolve() != leave_out
        ]
        folders[:] = [name for name in kept if not (here / name).is_symlink()]
        links = [name for name in kept if (here / name).is_symlink()]
        files = [name for name in sorted(names) if not ignored(below + name, False, known) and (here / name).is_file()]
        yield from ((below + name, here / name) for name in [*links, *files])


def written(work: Path, snapshot: Path, folder: str) -> dict[str, Path]:
    """Key → file below `folder` of `work` that the snapshot has not, or has otherwise."""
    found = {}
    for path in sorted((work / folder).rglob("*")):
        name = path.relative_to(work).as_posix()
        if path.is_file() and _mark(path) != _mark(snapshot / name):
            found[name] = path
    return found


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
