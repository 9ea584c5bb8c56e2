"""Datasets on disk: what they are made of, a JSON file for each version; unregistered ones by their id."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from ...disk import Home, locked, read_json, write_json
from ...errors import InvalidInput, NotFound, known
from .. import _workspace_folder

SAVED = ".saved"


@dataclass(frozen=True)
class Definition:
    """What a dataset reads and what is done with it: places, how to read them, and steps in order."""

    kind: str  # tabular or file
    places: tuple[Mapping[str, str], ...] = ()
    reader: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    @property
    def id(self) -> str:
        """The same for the same content."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, msgspec.json.encode(self, order="deterministic").decode()))

    def then(self, step: str, **options: Any) -> Definition:
        return replace(self, steps=(*self.steps, (step, options)))


@dataclass(frozen=True)
class DatasetRecord:
    """A registered version, or with an empty name a dataset that is only known by its id."""

    id: str
    definition: Definition
    name: str = ""
    version: int = 0
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    created_time: float = 0.0


def names(home: Home) -> list[str]:
    """All registered names."""
    folders = (path for path in _root(home).glob("[!.]*") if path.is_dir())
    return sorted(name for name in (unquote(folder.name) for folder in folders) if versions(home, name))


def versions(home: Home, name: str) -> list[int]:
    return sorted(int(path.stem) for path in _folder(home, name).glob("*.json") if path.stem.isdigit())


def get(home: Home, name: str, version: Any = "latest") -> DatasetRecord:
    """One version; `NotFound` lists the names or the versions."""
    there = versions(home, name) if isinstance(name, str) and name else []
    if not there:
        raise NotFound(f"No dataset named {name!r}. {known('Registered datasets', names(home))}")
    wanted = str(there[-1] if version in (None, "latest") else version)
    if wanted not in map(str, there):
        raise NotFound(f"The dataset {name!r} has no version {version!r}. {known('Versions', map(str, there))}")
    return read_json(_folder(home, name) / f"{wanted}.json", DatasetRecord)


def find(home: Home, id: str) -> DatasetRecord:
    """The dataset of this id, registered or not."""
    for name in names(home):
        for version in reversed(versions(home, name)):
            record = get(home, name, version)
            if record.id == id:
                return record
    for file in (_root(home) / SAVED / f"{_checked(id)}.json", unbound() / f"{_checked(id)}.json"):
        if file.is_file():
            return read_json(file, DatasetRecord)
    raise NotFound(f"No dataset with the id {id!r}. {known('Registered datasets', names(home))}")


def register(home: Home, record: DatasetRecord, *, new_version: bool) -> DatasetRecord:
    """Keep it as the next version of its name; the same content as an earlier version is that version."""
    if not isinstance(record.name, str) or not record.name.strip():
        raise InvalidInput(f"{record.name!r} cannot name a dataset: a text that is not empty is needed.")
    folder = _folder(home, record.name)
    with locked(folder / ".lock"):
        there = versions(home, record.name)
        for number in reversed(there):
            found = read_json(folder / f"{number}.json", DatasetRecord)
            if found.definition == record.definition:
                return _changed(folder, found, record)
        if there and not new_version:
            raise InvalidInput(
                f"There is already a dataset registered under name {record.name!r}, with other content (version "
                f"{there[-1]}). Pass create_new_version=True to register this one as version {there[-1] + 1}."
            )
        number = max(there[-1] if there else 0, _last_given(folder)) + 1
        new = replace(record, id=str(uuid.uuid4()), version=number, created_time=time.time())
        write_json(folder / f"{number}.json", new)
        write_json(folder / ".last", number)
        return new


def change(home: Home, record: DatasetRecord) -> None:
    """Write a version's description and tags anew."""
    folder = _folder(home, record.name)
    with locked(folder / ".lock"):
        write_json(folder / f"{record.version}.json", record)


def unregister(home: Home, name: str) -> None:
    """Forget all versions of a name; the files they read stay, and numbers are not given again."""
    folder = _folder(home, name)
    with locked(folder / ".lock"):
        for number in versions(home, name):
            (folder / f"{number}.json").unlink()


def save(home: Home | None, definition: Definition) -> str:
    """Keep an unregistered dataset, so that its id can be asked for; without a workspace, for all of this user's."""
    folder = unbound() if home is None else _root(home) / SAVED
    file = folder / f"{definition.id}.json"
    if not file.is_file():
        write_json(file, DatasetRecord(definition.id, definition, created_time=time.time()))
    return definition.id


def _changed(folder: Path, found: DatasetRecord, asked: DatasetRecord) -> DatasetRecord:
    new = replace(found, description=asked.description or found.description, tags={**found.tags, **asked.tags})
    if new != found:
        write_json(folder / f"{found.version}.json", new)
    return new


def _last_given(folder: Path) -> int:
    file = folder / ".last"
    return read_json(file, int) if file.is_file() else 0


def _checked(id: str) -> str:
    try:
        return str(uuid.UUID(str(id)))
    except ValueError:
        raise NotFound(
            f"{id!r} is no id of a dataset. Datasets are fetched by Dataset.get_by_name(ws, name)."
        ) from None


def _root(home: Home) -> Path:
    return home.path / "datasets"


def unbound() -> Path:
    """The folder for what belongs to no workspace, or to none yet."""
    return _workspace_folder.root() / ".datasets"


def _folder(home: Home, name: str) -> Path:
    quoted = quote(name, safe=" ").replace(".", "%2E")
    if len(quoted) > 200:
        raise InvalidInput(f"The dataset name {name[:40]!r}… is too long: {len(name)} characters.")
    return _root(home) / quoted
