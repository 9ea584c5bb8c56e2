"""Registered environments: JSON files in the workspace, one a version, never given twice, and labels beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from ..disk import Home, locked, read_json, write_json
from ..errors import EnvironmentNotFound, InvalidInput, known

PRIVATE = 0o600  # an environment may hold the password of an image registry
_OF_A_VERSION = ("version", "assetId")


def add(home: Home, name: str, content: dict[str, Any]) -> dict[str, Any]:
    """Keep `content` as the next version of `name`; the same content as an earlier version is that version."""
    if not name:
        raise InvalidInput("An environment needs a name to be registered.")
    folder = _folder(home, name)
    with locked(folder / ".lock"):
        there = versions(home, name)
        for number in reversed(there):
            found = read_json(folder / f"{number}.json", dict)
            if _content(found) == _content(content):
                return found
        version = str(max(there, default=0) + 1)
        new = {**content, "version": version, "assetId": f"environments/{name}/versions/{version}"}
        write_json(folder / f"{version}.json", new, PRIVATE)
        return new


def versions(home: Home, name: str) -> list[int]:
    """Its version numbers, ascending; empty when nothing of that name was registered."""
    return sorted(int(path.stem) for path in _folder(home, name).glob("*.json") if path.stem.isdigit())


def names(home: Home) -> list[str]:
    """All registered names."""
    folders = (folder for folder in _root(home).glob("*") if folder.is_dir())
    found = (unquote(folder.name) for folder in folders)
    return sorted(name for name in found if versions(home, name))


def get(home: Home, name: str, version: str | None = None, label: str | None = None) -> dict[str, Any]:
    """One version: the given one, the labelled one, or the latest. `EnvironmentNotFound` lists what there is."""
    there = versions(home, name)
    if not there:
        raise EnvironmentNotFound(f"No environment named {name!r}. {known('Registered environments', names(home))}")
    if label and label != "latest":
        version = _labels(home, name).get(label)
        if version is None:
            raise EnvironmentNotFound(
                f"Environment {name!r} has no label {label!r}. {known('Labels', ['latest', *_labels(home, name)])}"
            )
    wanted = str(version if version is not None else there[-1])
    if wanted not in map(str, there):
        raise EnvironmentNotFound(
            f"Environment {name!r} has no version {wanted!r}. {known('Versions', map(str, there))}"
        )
    return read_json(_folder(home, name) / f"{wanted}.json", dict)


def label(home: Home, name: str, version: str, labels: list[str]) -> None:
    """Point `labels` at a version; a label has one version at a time."""
    get(home, name, version)
    if "latest" in labels:
        raise InvalidInput("The label 'latest' always means the newest version. Choose another name.")
    with locked(_folder(home, name) / ".lock"):
        changed = {**_labels(home, name), **dict.fromkeys(labels, str(version))}
        write_json(_folder(home, name) / "labels.json", changed)


def _labels(home: Home, name: str) -> dict[str, str]:
    path = _folder(home, name) / "labels.json"
    return read_json(path, dict[str, str]) if path.exists() else {}


def _content(described: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in described.items() if key not in _OF_A_VERSION}


def _root(home: Home) -> Path:
    return home.path / "registered-environments"


def _folder(home: Home, name: str) -> Path:
    """Any text is a name in v1, so it is quoted: it can neither leave the folder nor hide in it."""
    quoted = quote(name, safe=" ").replace(".", "%2E")
    if len(quoted) > 200:
        raise InvalidInput(f"The environment name {name[:40]!r}… is too long: {len(name)} characters.")
    return _root(home) / quoted
