"""Artifacts of a run, wherever they lie: straight on disk when they are local, through MLflow when they are not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any
from urllib.parse import unquote, urlsplit

from ..disk import check_room, enough_room
from ..errors import InvalidInput, ModelPathNotFound, NameTaken, NotFound, known
from . import content, copying, runs
from .answers import quiet, translated
from .store import Store

OURS = ".mldeploy"  # top folder of what we keep beside a run's artifacts; never listed


def checked(key: str) -> str:
    """A key as it is stored; refused when it would leave the run's folder."""
    parts = PurePosixPath(key).parts
    if not parts or key.startswith("/") or ".." in parts or "\0" in key or "\\" in key:
        raise InvalidInput(f"{key!r} is no artifact name. Use a relative path like 'outputs/model.pkl', without '..'.")
    if parts[0].startswith(OURS):
        raise InvalidInput(f"Artifact names that begin with {OURS!r} are kept for this package. Choose another.")
    return "/".join(parts)


def local(uri: str) -> Path | None:
    """The folder that an artifact URI names on this machine; None for one that only MLflow can reach."""
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file"):
        return None
    return Path(unquote(parts.path if parts.scheme else uri))  # MLflow unquotes both


def repository(store: Store, uri: str) -> Any:
    """MLflow's access to a place of artifacts."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(uri, tracking_uri=store.uri)


@dataclass(frozen=True)
class Place:
    """Where artifacts of a run lie: keys that begin with `prefix`; with `model_id`, those of a model that it logged."""

    prefix: str
    uri: str
    model_id: str | None = None


def places(store: Store, run_id: str) -> list[Place]:
    """All that belongs to a run: its own artifacts, and the models that MLflow 3 keeps apart from them."""
    run = runs.found(store, run_id)
    found = [Place("", str(run.info.artifact_uri))]
    outputs = getattr(run, "outputs", None)
    for output in (outputs.model_outputs if outputs else None) or []:
        with suppress(NotFound), translated():  # it may have been deleted since
            model = store.client.get_logged_model(output.model_id)
            found.append(Place(f"{model.name}/", str(model.artifact_location), str(output.model_id)))
    return found


def keys(store: Store, run_id: str) -> list[str]:
    """Keys of all files of a run, sorted."""
    listed = set[str]()
    for place in places(store, run_id):
        listed.update(place.prefix + name for name in walk(store, place.uri))
    return sorted(key for key in listed if not key.startswith(OURS))


def walk(store: Store, uri: str, below: str = "") -> Iterator[str]:
    """Relative names of the files below a place."""
    if folder := local(uri):
        for where, _, names in os.walk(folder / below):
            yield from (Path(where, name).relative_to(folder).as_posix() for name in names)
        return
    repo = repository(store, uri)
    waiting = [below]
    with translated(), quiet():
        while waiting:
            for entry in repo.list_artifacts(waiting.pop() or None):
                if entry.is_dir:
                    waiting.append(entry.path)
                else:
                    yield str(entry.path)


def locate(store: Store, run_id: str, key: str) -> tuple[Place, str]:
    """The place, and the name inside it, of a file or folder of a run; `ModelPathNotFound` lists what there is."""
    key = checked(key)
    for place in reversed(places(store, run_id)):
        inner = key.removeprefix(place.prefix)
        if place.prefix and key == place.prefix.rstrip("/"):
            return place, ""
        if key.startswith(place.prefix) and exists(store, place.uri, inner):
            return place, inner
    raise ModelPathNotFound(f"The run {run_id} has no artifact {key!r}. {known('It has', keys(store, run_id))}")


def exists(store: Store, uri: str, name: str) -> bool:
    if folder := local(uri):
        return (folder / name).exists()
    parent, _, _ = name.rpartition("/")
    with translated(), quiet():
        return any(entry.path == name for entry in repository(store, uri).list_artifacts(parent or None))


def upload(store: Store, run_id: str, key: str, source: Path | bytes) -> None:
    """Keep a file, a folder's files below `key`, or bytes; nothing that exists is replaced (v1 SDK 5.3)."""
    key = checked(key)
    uri = str(runs.found(store, run_id).info.artifact_uri)
    with _on_disk(source, PurePosixPath(key).name) as path:
        listing = content.look_through(path)
        names = {f"{key}/{name}" if name else key: file for name, file in listing.files.items()}
        _refuse_taken(store, run_id, uri, names)
        if folder := local(uri):
            check_room(folder, listing.size)
            _write(folder, names)
        else:
            send(store, uri, names)


def _refuse_taken(store: Store, run_id: str, uri: str, names: dict[str, str]) -> None:
    if local(uri) or len(names) == 1:
        taken = [name for name in names if exists(store, uri, name)]
    else:
        taken = sorted(names.keys() & set(walk(store, uri)))
    if taken:
        raise NameTaken(f"The run {run_id} has an artifact {taken[0]!r} already. Use another name; none is replaced.")


def write_record(store: Store, uri: str, name: str, text: bytes) -> None:
    """Keep a small file of ours below `OURS`."""
    with _on_disk(text, PurePosixPath(name).name) as path:
        if folder := local(uri):
            _write(folder, {name: str(path)})
        else:
            send(store, uri, {name: str(path)})


@contextmanager
def _on_disk(source: Path | bytes, name: str) -> Iterator[Path]:
    if isinstance(source, Path):
        yield source
        return
    with TemporaryDirectory(prefix="mldeploy-") as folder:
        path = Path(folder, name)
        path.write_bytes(source)
        yield path


def _write(folder: Path, names: dict[str, str]) -> None:
    """Copy each file aside, then link it into place: that fails when the name was taken meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = Path(mkdtemp(prefix=f"{OURS}-incoming-", dir=folder))
    try:
        for name, path in names.items():
            copying.copy_file(os.path.realpath(path), str(aside / "file"))
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(aside / "file", target)
            except FileExistsError as error:
                raise NameTaken(f"An artifact {name!r} exists already. Use another name; none is replaced.") from error
            (aside / "file").unlink()
    finally:
        shutil.rmtree(aside)


def send(store: Store, uri: str, names: dict[str, str]) -> None:
    """Upload files through MLflow. It names a file as it is named here, so differing names go by a link."""
    repo = repository(store, uri)
    with TemporaryDirectory(prefix="mldeploy-") as links, translated(), quiet():
        for name, path in names.items():
            parent, _, base = name.rpartition("/")
            if Path(path).name != base:
                link = Path(links, base)
                link.unlink(missing_ok=True)
                link.symlink_to(Path(path).resolve())
                path = str(link)
            repo.log_artifact(path, parent or None)


def download(store: Store, run_id: str, key: str, target: Path) -> Path:
    """Bring a file or folder of a run to `target`, replacing files of the same name there."""
    place, name = locate(store, run_id, key)
    target.parent.mkdir(parents=True, exist_ok=True)
    with enough_room(target.parent), receive(store, place.uri, name) as source:
        listing = content.look_through(source)
        check_room(target, listing.size)
        for inner, path in listing.files.items():
            file = target / inner if inner else target
            file.parent.mkdir(parents=True, exist_ok=True)
            aside = file.with_name(f".{file.name}.{os.getpid()}")
            try:
                copying.copy_file(path, str(aside))
                aside.replace(file)
            finally:
                aside.unlink(missing_ok=True)
    return target


@contextmanager
def receive(store: Store, uri: str, name: str, near: Path | None = None) -> Iterator[Path]:
    """A file or folder of a place as a path on this machine: where it lies, or a copy (below `near`) for a while."""
    if folder := local(uri):
        if not (folder / name).exists():
            raise NotFound(
                f"{folder / name} does not exist on this machine. If it lies on the tracking server's, let the server "
                "hand artifacts out: start it with --serve-artifacts and --artifacts-destination."
            )
        yield folder / name
        return
    with TemporaryDirectory(prefix=".incoming-", dir=near) as place:
        repo = repository(store, uri)
        with translated(), quiet():
            repo.download_artifacts(name, dst_path=place)
        yield Path(place, name)
