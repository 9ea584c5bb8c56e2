"""A registered model as one path on this machine: where it lies, or brought into the workspace once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

from ..disk import check_room, enough_room, locked, write_bytes
from ..errors import NotFound, RegistryError
from ..specs import ModelInfo
from . import artifacts, content, copying
from .answers import translated
from .store import Store

WAIT = 3600.0  # seconds, while another process brings the same model


def fetch(store: Store, model: ModelInfo) -> Path:
    """The file or folder that was registered, under its own name."""
    with translated():
        place = str(store.client.get_model_version_download_uri(model.name, str(model.version)))
    folder = artifacts.local(place)
    if folder:
        for path in (folder / model.entry, folder):  # a file's folder is what MLflow knows, or the entry itself
            if path.name == model.entry and path.exists():
                return path
    return _kept(store, model, place)


def _kept(store: Store, model: ModelInfo, place: str) -> Path:
    """`models/<name>/<version>/<entry>` in the workspace, filled on first use."""
    target = _folder(store, model)
    mark = target.with_suffix(".source")
    origin = f"{store.numbers.store} {place} {model.created_time}\n".encode()
    with locked(target.with_suffix(".lock"), wait=WAIT):
        if not (target.exists() and mark.exists() and mark.read_bytes() == origin):
            shutil.rmtree(target, ignore_errors=True)
            _bring(store, model, place, target)
            write_bytes(mark, origin)
    return target / model.entry


def _folder(store: Store, model: ModelInfo) -> Path:
    return store.folder / "models" / quote(model.name, safe=" ").replace("..", "%2E%2E") / str(model.version)


def forget(store: Store, model: ModelInfo) -> None:
    """Remove the copy that was brought here, if any."""
    target = _folder(store, model)
    if target.exists():
        with locked(target.with_suffix(".lock"), wait=WAIT):
            shutil.rmtree(target)


def _bring(store: Store, model: ModelInfo, place: str, target: Path) -> None:
    for left in target.parent.glob(f".{target.name}-*"):  # of a crash; the lock is ours
        shutil.rmtree(left, ignore_errors=True)
    check_room(target.parent, model.size)
    aside = Path(mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        uri, name = _whole(store, model, place)
        with enough_room(target.parent), artifacts.receive(store, uri, name, target.parent) as source:
            listing = content.look_through(source)
            if model.digest and copying.digest_of(copying.digests(listing)) != model.digest:
                raise RegistryError(
                    f"The content of {model.id} at {place} differs from what was registered. Register it again."
                )
            _link(listing, aside / model.entry)
        aside.chmod(0o755)
        aside.rename(target)
    except NotFound as error:
        raise RegistryError(f"The content of {model.id} is gone from {place}: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _whole(store: Store, model: ModelInfo, place: str) -> tuple[str, str]:
    """(URI, name below it) of the entry: a file lies in the place, a folder is it."""
    parent, _, last = place.rstrip("/").rpartition("/")
    if artifacts.local(place) is None:
        if artifacts.exists(store, place, model.entry):
            return place, model.entry
        if last == model.entry and any(name == last for name in artifacts.walk(store, parent)):
            return parent, last
    return place, ""


def _link(listing: content.Listing, target: Path) -> None:
    for name, path in listing.files.items():
        file = target / name if name else target
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, file)
        except OSError:  # another file system
            copying.copy_file(path, str(file))
