"""Where a dataset's files lie: paths in datastores, paths of this machine and web addresses, with `*` and `**`."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import requests

from ...errors import FileMissing, InvalidInput, known
from . import stores
from .data_reference import DataReference
from .datapath import DataPath

if TYPE_CHECKING:
    from ..workspace import Workspace

_GLOB = re.compile(r"[*?\[]")
_SHOWN = 200  # entries of a folder that are looked through for a message
_WAIT = 30.0  # seconds for a web server to answer
Place = Mapping[str, str]


@dataclass(frozen=True)
class Found:
    """A file, and its path below the part of its place that has no `*`."""

    file: Path
    relative: str


def of(path: Any) -> tuple[tuple[Place, ...], Workspace | None]:
    """v1's path argument as places, with the workspace of its datastores."""
    if isinstance(path, tuple) and len(path) == 2 and hasattr(path[0], "_folder"):
        path = [path]
    given = list(path) if isinstance(path, (list, tuple)) else [path]
    if not given:
        raise InvalidInput("path is empty: give a file, (datastore, 'folder/*.csv'), or a list of such.")
    workspace: Workspace | None = None
    places = []
    for item in given:
        place, store = _place(item)
        workspace = store.workspace if store is not None else workspace
        places.append(place)
    return tuple(places), workspace


def _place(item: Any) -> tuple[Place, Any]:
    store: Any = None
    if isinstance(item, DataPath):
        store, inner = item._datastore, item.path_on_datastore
    elif isinstance(item, DataReference):
        store, inner = item.datastore, item.path_on_datastore
    elif isinstance(item, (tuple, list)) and len(item) == 2 and hasattr(item[0], "_folder"):
        store, inner = item[0], str(item[1])
    if store is not None:
        stores.inside(store._folder, inner)
        return {"datastore": store.name, "path": inner}, store
    if not isinstance(item, (str, Path)):
        raise InvalidInput(f"{item!r} is no path: give a file, a web address, or (datastore, 'folder/*.csv').")
    text = str(item)
    if text.startswith(("http://", "https://")):
        return {"url": text}, None
    text = unquote(urlsplit(text).path) if text.startswith("file://") else text
    return {"file": str(Path(text).expanduser().absolute())}, None


def files(places: Sequence[Place], workspace: Workspace | None) -> list[Found]:
    """The files that are there now, in the order of places and names."""
    return [found for place in places for found in _files(place, workspace)]


def check(places: Sequence[Place], workspace: Workspace | None) -> None:
    """Raise `FileMissing` for a place without a file, with what lies near it."""
    for place in places:
        if not files([place], workspace):
            top, pattern = _top(place, workspace)
            near = islice(top.rglob("*"), _SHOWN) if top.is_dir() else ()
            there = [path.relative_to(top).as_posix() for path in near if path.is_file()]
            raise FileMissing(f"No file fits {pattern!r} in {top}. {known('Files there', there)}")


def _files(place: Place, workspace: Workspace | None) -> Iterator[Found]:
    if "url" in place:
        file = fetched(place["url"])
        yield Found(file, file.name)
        return
    top, pattern = _top(place, workspace)
    if not _GLOB.search(pattern):
        target = top / pattern if pattern else top
        if target.is_file():
            yield Found(target, target.name)
            return
        top, pattern = target, "**/*"
    fixed = _fixed(pattern)
    base = top.joinpath(*fixed)
    rest = "/".join(PurePosixPath(pattern).parts[len(fixed) :])
    rest = f"{rest}/*" if rest.endswith("**") else rest
    for path in sorted(base.glob(rest)) if base.is_dir() else ():
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(base).parts):
            yield Found(path, path.relative_to(base).as_posix())


def _top(place: Place, workspace: Workspace | None) -> tuple[Path, str]:
    """The folder that a place's pattern is relative to, and the pattern."""
    if "datastore" in place:
        if workspace is None:
            raise InvalidInput(f"The datastore {place['datastore']!r} is unknown: this dataset has no workspace.")
        top = stores.folder(workspace._home, place["datastore"])
        inner = stores.inside(top, place["path"]).relative_to(top).as_posix()
        return top, "" if inner == "." else inner
    path = Path(place["file"])
    fixed = _fixed(str(path.relative_to(path.anchor)))
    parts = path.relative_to(path.anchor).parts
    if len(fixed) == len(parts):
        return path.parent, path.name
    return Path(path.anchor).joinpath(*fixed), "/".join(parts[len(fixed) :])


def _fixed(pattern: str) -> list[str]:
    """The leading parts of a pattern that have no `*`."""
    parts = list(PurePosixPath(pattern).parts)
    return parts[: next((n for n, part in enumerate(parts) if _GLOB.search(part)), len(parts))]


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Where what is fetched from the web lies until the process ends."""
    return tempfile.TemporaryDirectory(prefix="mldeploy-web-")


@functools.cache
def fetched(url: str) -> Path:
    """The file behind a web address, fetched once in a process; `FileMissing` says why it cannot be had."""
    name = PurePosixPath(unquote(urlsplit(url).path)).name or "index"
    folder = Path(tempfile.mkdtemp(dir=_folder().name))
    try:
        with requests.get(url, timeout=_WAIT, stream=True) as answer:
            answer.raise_for_status()
            with (folder / name).open("wb") as file:
                for piece in answer.iter_content(1 << 20):
                    file.write(piece)
    except requests.RequestException as error:
        reason = getattr(error.args[0] if error.args else None, "reason", error)  # of urllib3, without its own retries
        raise FileMissing(
            f"{url} cannot be fetched: {reason}. Download the file by other means and give its path."
        ) from None
    return folder / name
