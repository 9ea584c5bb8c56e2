"""Datastores on disk: a folder each in the workspace, a JSON record beside it, and which one is the default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ...disk import Home, locked, read_json, write_json
from ...errors import InvalidInput, NotFound, known

BLOB, FILE_SHARE = "AzureBlob", "AzureFile"
DEFAULT = "workspaceblobstore"
BUILT_IN = {DEFAULT: BLOB, "workspacefilestore": FILE_SHARE}  # what every v1 workspace has
_NAME = re.compile(r"[A-Za-z0-9_]{1,255}")


@dataclass(frozen=True)
class StoreRecord:
    """A datastore; `asked` keeps the names of containers and accounts that were given, never keys."""

    name: str
    type: str
    asked: Mapping[str, str] = field(default_factory=dict)


def names(home: Home) -> list[str]:
    """All datastores, those that every workspace has first."""
    return [*BUILT_IN, *sorted(path.stem for path in _root(home).glob("*.json") if path.stem not in BUILT_IN)]


def read(home: Home, name: str) -> StoreRecord:
    """The record of a datastore; `NotFound` lists those that exist."""
    file = _root(home) / f"{name}.json"
    if isinstance(name, str) and _NAME.fullmatch(name) and file.is_file():
        return read_json(file, StoreRecord)
    if name in BUILT_IN:
        return StoreRecord(name, BUILT_IN[name])
    raise NotFound(f"No datastore named {name!r}. {known('Datastores', names(home))}")


def write(home: Home, record: StoreRecord, *, overwrite: bool) -> None:
    """Keep a new datastore, or one in place of another with `overwrite`; its files stay."""
    if not isinstance(record.name, str) or not _NAME.fullmatch(record.name):
        raise InvalidInput(f"{record.name!r} cannot name a datastore: letters, digits and '_'.")
    with locked(_root(home) / ".lock"):
        if record.name in names(home) and not overwrite:
            old = read(home, record.name)
            if old != record:
                raise InvalidInput(f"A datastore named {record.name!r} exists. Pass overwrite=True to replace it.")
        write_json(_root(home) / f"{record.name}.json", record)


def remove(home: Home, name: str) -> None:
    """Forget a datastore; its files stay on disk."""
    (_root(home) / f"{name}.json").unlink(missing_ok=True)


def default(home: Home) -> str:
    file = _root(home) / ".default"
    return file.read_text().strip() if file.is_file() else DEFAULT


def set_default(home: Home, name: str) -> None:
    read(home, name)
    with locked(_root(home) / ".lock"):
        _root(home).mkdir(parents=True, exist_ok=True)
        (_root(home) / ".default").write_text(name)


def folder(home: Home, name: str) -> Path:
    """Where the files of a datastore lie."""
    return _root(home) / name


def inside(top: Path, path: str | None) -> Path:
    """`path` of a datastore as a path on disk; one that leads out of it is refused."""
    parts = PurePosixPath(str(path or "").replace("\\", "/")).parts
    kept = [part for part in parts if part not in ("/", ".")]
    if ".." in kept:
        raise InvalidInput(f"{path!r} leads out of the datastore. Give a path inside it, without '..'.")
    return top.joinpath(*kept)


def _root(home: Home) -> Path:
    return home.path / "datastores"
