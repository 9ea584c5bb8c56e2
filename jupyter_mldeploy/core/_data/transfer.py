"""Copies of files into and out of datastores, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ...disk import check_room, enough_room
from ...errors import FileMissing, InvalidInput, known


def upload(pairs: Iterable[tuple[Path, Path]], *, overwrite: bool, show: bool) -> int:
    """Copy each file to its target; one that is there stays unless `overwrite`. The number of files copied."""
    done = 0
    chosen = list(pairs)
    for source, target in chosen:
        if target.exists() and not overwrite:
            if show:
                print(f"{target.name} is there already and stays as it is; overwrite=True replaces it.")
            continue
        copy(source, target)
        done += 1
    if show:
        print(f"Uploaded {done} of {len(chosen)} files")
    return done


def download(pairs: Iterable[tuple[Path, Path]], *, overwrite: bool) -> list[str]:
    """Copy each file to its target and return the targets; one that is there is refused unless `overwrite`."""
    chosen = list(pairs)
    there = [str(target) for _, target in chosen if target.exists()]
    if there and not overwrite:
        raise InvalidInput(f"{there[0]} exists already. Pass overwrite=True to replace it, or another target_path.")
    for source, target in chosen:
        copy(source, target)
    return [str(target) for _, target in chosen]


def copy(source: Path, target: Path) -> None:
    """Copy a file by a temporary sibling."""
    target.parent.mkdir(parents=True, exist_ok=True)
    check_room(target.parent, source.stat().st_size)
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    os.close(handle)
    try:
        with enough_room(target.parent):
            shutil.copy(source, temporary)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def checked(paths: Iterable[str | Path]) -> list[Path]:
    """The files as absolute paths; a missing one is named with what lies beside it."""
    found = [Path(path).expanduser().absolute() for path in paths]
    for path in found:
        if not path.is_file():
            beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
            raise FileMissing(f"No file {str(path)!r} to upload. {known(f'In {path.parent}', beside)}")
    return found


def files_below(folder: Path, pattern: str = "*") -> list[Path]:
    """All files in a folder and below whose names fit; those that begin with a dot are left out."""
    found = (path for path in folder.rglob(pattern) if path.is_file())
    return sorted(p for p in found if not any(part.startswith(".") for part in p.relative_to(folder).parts))
