"""Images on disk: one JSON file a version in `images/<name>/`, and the highest number that was ever given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ... import disk
from ...disk import Home
from ...errors import known
from ...specs import EnvironmentSpec, ModelRef
from ..exceptions import WebserviceException

_NAME = re.compile(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True)
class ImageRecord:
    """An image: `script` is a file of its bundle, named by the digest `bundle`; where that is empty it could not be
    made, and `error` says why. No path is kept, since a workspace may be moved."""

    name: str
    version: int
    created_time: float
    environment: EnvironmentSpec
    script: str
    models: tuple[ModelRef, ...] = ()
    bundle: str = ""
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    log: tuple[str, ...] = ()
    error: str = ""

    @property
    def id(self) -> str:
        return f"{self.name}:{self.version}"


def check_name(name: str) -> None:
    """v1's rule for names of images; it keeps them inside their folder, too."""
    if not isinstance(name, str) or not 3 <= len(name) <= 32 or not _NAME.fullmatch(name):
        raise WebserviceException(
            f"{name!r} cannot name an image: 3 to 32 of a-z, 0-9, '-' and '.', a letter or digit first and last."
        )


def add(home: Home, record: ImageRecord) -> ImageRecord:
    """Keep a new image under the next version of its name."""
    folder = _folder(home) / record.name
    with disk.locked(folder / ".lock"):
        last = folder / "last"
        number = int(last.read_text()) + 1 if last.exists() else 1
        disk.write_bytes(last, str(number).encode())
        made = replace(record, version=number)
        disk.write_json(folder / f"{number}.json", made)
    return made


def change(home: Home, record: ImageRecord, **changes: Mapping[str, str]) -> ImageRecord:
    """Change tags or properties, by functions of what is there now."""
    path = _path(home, record)
    with disk.locked(path.parent / ".lock"):
        new = replace(disk.read_json(path, ImageRecord), **changes)  # type: ignore[arg-type]
        disk.write_json(path, new)
    return new


def every(home: Home) -> list[ImageRecord]:
    """All images, newest first."""
    found = [disk.read_json(path, ImageRecord) for path in _folder(home).glob("*/*.json")]
    return sorted(found, key=lambda record: (record.created_time, record.version), reverse=True)


def find(home: Home, name: str, version: int | None) -> ImageRecord:
    """One version, or the newest. Raises `WebserviceException`, whose message starts with ImageNotFound."""
    images = every(home)
    fitting = [record for record in images if record.name == name and version in (None, record.version)]
    if not fitting:
        asked = name if version is None else f"{name}:{version}"
        raise WebserviceException(
            f"ImageNotFound: no image {asked!r}. {known('Images', (record.id for record in images))}"
        )
    return max(fitting, key=lambda record: record.version)


def delete(home: Home, record: ImageRecord) -> None:
    _path(home, record).unlink(missing_ok=True)


def _folder(home: Home) -> Path:
    return home.path / "images"


def _path(home: Home, record: ImageRecord) -> Path:
    return _folder(home) / record.name / f"{record.version}.json"
