"""Compute targets on disk, one JSON file each: a stand-in is this machine under a name, an attached one a cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...disk import Home, locked, read_json, write_json
from ...errors import ComputeNotFound, known
from ..exceptions import ComputeTargetException, UserErrorException, translated

NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,23}")
RESERVED = ("amlcompute", "local", "containerinstance")


@dataclass(frozen=True)
class ComputeRecord:
    """A compute target. `configuration` keeps what was asked for, by v1's parameter names; times in seconds."""

    name: str
    type: str
    created_time: float
    modified_time: float
    attached: bool = False
    location: str = ""
    resource_id: str = ""
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)


def check_name(name: str) -> None:
    """Raise unless `name` may name a compute target: `UserErrorException` for v1's reserved words."""
    if isinstance(name, str) and name.lower() in RESERVED:
        raise UserErrorException(f"{name!r} is reserved. No compute target may be called {', '.join(RESERVED)}.")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ComputeTargetException(
            f"{name!r} cannot name a compute target: 3 to 24 letters, digits and dashes, a letter first."
        )


def names(home: Home) -> list[str]:
    return sorted(path.stem for path in _folder(home).glob("*.json"))


def read(home: Home, name: str) -> ComputeRecord:
    """The record of `name`; `ComputeTargetException` starting with `ComputeTargetNotFound` lists what exists."""
    with translated():
        if name not in names(home):
            raise ComputeNotFound(f"No compute target named {name!r}. {known('Compute targets', names(home))}")
        return read_json(_folder(home) / f"{name}.json", ComputeRecord)


def add(home: Home, record: ComputeRecord) -> None:
    """Write a new record. An attachment takes the place of a stand-in; nothing else is overwritten."""
    with locked(_folder(home) / ".lock"):
        if record.name in names(home) and not (record.attached and not read(home, record.name).attached):
            raise ComputeTargetException(
                f"A compute target named {record.name!r} exists already. Fetch it with "
                f"ComputeTarget(workspace, {record.name!r}), or delete it first."
            )
        write(home, record)


def write(home: Home, record: ComputeRecord) -> None:
    with translated():
        write_json(_folder(home) / f"{record.name}.json", record)


def remove(home: Home, name: str) -> None:
    (_folder(home) / f"{name}.json").unlink(missing_ok=True)


def _folder(home: Home) -> Path:
    return home.path / "computes"
