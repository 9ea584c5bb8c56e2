"""Registering a model: the content into a run of ours, then the version with all its tags in one call.

Killed at any moment, there is either a whole version or none; what was left behind is swept up by a later call.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..disk import check_room
from ..errors import InvalidInput, NameTaken
from ..specs import Json, ModelDetails
from . import artifacts, content, copying, experiments, labels, leftovers, runs
from .answers import quiet, translated
from .content import Listing
from .leftovers import PLACEHOLDER, TOKEN
from .store import Store

CONTENT = "model"  # the folder of a run of ours that holds the one registered entry
OWN = "mldeploy.own"  # the version's run is one of ours, not one of the user's
VALUE_LIMIT = 5000  # of a version's tag, in every MLflow 3
COUNTED = "models"


@dataclass(frozen=True)
class Content:
    """Where a version's content lies, and what it is."""

    run_id: str
    source: str  # URI of the registered folder, or of the folder that holds the registered file
    entry: str
    digest: str
    size: int
    experiment: str = ""  # of a user's run; empty for one of ours
    model_id: str | None = None  # when MLflow 3 logged it as a model


def check(name: str, details: ModelDetails) -> dict[str, str]:
    """Refuse what could not be registered before anything is copied; return the tags of the details."""
    if not name.strip() or any(c in name for c in "/:") or name in (".", ".."):
        raise InvalidInput(f"{name!r} is no name for a model. Use letters, digits, '-', '.' and '_'.")
    tags = labels.packed(details.tags, details.properties, VALUE_LIMIT)
    ours = {
        "framework": details.framework,
        "framework_version": details.framework_version,
        "created_by": details.created_by or runs.user(),
        "extra": packed_extra(details.extra) if details.extra else None,
    }
    return tags | {labels.PREFIX + key: value for key, value in ours.items() if value is not None}


def packed_extra(extra: Json) -> str:
    """What is kept beside a model, as the text of one tag."""
    text = msgspec.json.encode(extra).decode()
    if len(text) > VALUE_LIMIT:
        raise InvalidInput(
            f"What is kept beside the model takes {len(text):,} characters; at most {VALUE_LIMIT:,} fit."
        )
    return text


def register(store: Store, name: str, source: Path, child_paths: Sequence[str] | None, details: ModelDetails) -> int:
    """Register a file or folder under its own name and return the version's number (v1 SDK 6.2)."""
    tags = check(name, details)
    listing = content.look_through(source, child_paths)
    entry = source.name or source.resolve().name
    if not entry.isprintable():
        raise InvalidInput(f"The name {entry!r} holds characters that cannot be shown. Rename the file or folder.")
    leftovers.sweep(store)
    with leftovers.journal(store) as token:
        run = _start(store, token, name)
        kept = _keep(store, run, entry, listing)
        number = add_version(store, name, kept, tags | {OWN: "true"}, details.description)
        leftovers.finish(store, run.info.run_id)
    return number


def _start(store: Store, token: str, name: str) -> Any:
    tags = {TOKEN: token, runs.USER: runs.user(), "mldeploy.model": name}
    with translated():
        return store.client.create_run(experiments.hidden(store), run_name=f"register {name}", tags=tags)


def _keep(store: Store, run: Any, entry: str, listing: Listing) -> Content:
    """Put the content into the run: aside and renamed when it lies on this machine, uploaded otherwise."""
    uri = str(run.info.artifact_uri)
    source = f"{uri}/{CONTENT}" if listing.is_file else f"{uri}/{CONTENT}/{entry}"
    if folder := artifacts.local(uri):
        check_room(folder, listing.size)
        aside = folder / f"{artifacts.OURS}-incoming"
        aside.mkdir(parents=True)
        digests = copying.copy(listing, aside / entry)
        aside.rename(folder / CONTENT)
    else:
        digests = copying.digests(listing)
        names = {f"{CONTENT}/{entry}/{n}" if n else f"{CONTENT}/{entry}": path for n, path in listing.files.items()}
        artifacts.send(store, uri, names)
    return Content(str(run.info.run_id), source, entry, copying.digest_of(digests), listing.size)


def register_from_run(store: Store, name: str, run_id: str, key: str, details: ModelDetails) -> int:
    """Register what lies under `key` in a run where it is, and return the version's number (v1 SDK 5.5)."""
    tags = check(name, details)
    place, inner = artifacts.locate(store, run_id, key)
    digest, size = "", 0
    if folder := artifacts.local(place.uri):
        listing = content.look_through(folder / inner)
        digest, size, is_file = copying.digest_of(copying.digests(listing)), listing.size, listing.is_file
    else:
        is_file = inner in artifacts.walk(store, place.uri, posixpath.dirname(inner))
    source = posixpath.join(place.uri, posixpath.dirname(inner) if is_file else inner).rstrip("/")
    entry = posixpath.basename(inner) or place.prefix.rstrip("/")
    experiment = runs.get(store, run_id).experiment_name
    kept = Content(run_id, source, entry, digest, size, experiment, place.model_id)
    return add_version(store, name, kept, tags, details.description)


def add_version(store: Store, name: str, kept: Content, tags: Mapping[str, str], description: str | None) -> int:
    """Create the version. Its number was never given before, also not before the whole model was deleted by MLflow."""
    ours = {"entry": kept.entry, "digest": kept.digest, "size": str(kept.size), "experiment": kept.experiment}
    everything = dict(tags) | {labels.PREFIX + key: value for key, value in ours.items() if value}
    with store.numbers.opened() as ledger, translated(), quiet():
        born = _model_born(store, name)
        last = ledger.last(COUNTED, name)
        if born != ledger.born(COUNTED, name):
            _skip(store, name, kept, last)
        ledger.note(COUNTED, name, last + 1, born)
        store.numbers.save(ledger)  # before the version exists: killed in between, a number is lost, not given twice
        version = _create(store, name, kept, everything, description)
        ledger.note(COUNTED, name, int(version.version), born)
    return int(version.version)


def _model_born(store: Store, name: str) -> int:
    """When MLflow created the model of that name, which it does now if there is none."""
    try:
        with translated():
            return int(store.client.create_registered_model(name).creation_timestamp)
    except NameTaken:
        return int(store.client.get_registered_model(name).creation_timestamp)


def _create(store: Store, name: str, kept: Content, tags: dict[str, str], description: str | None = None) -> Any:
    return store.client.create_model_version(
        name,
        kept.source,
        kept.run_id,
        tags=tags,
        description=description,
        await_creation_for=0,
        model_id=kept.model_id,
    )


def _skip(store: Store, name: str, kept: Content, last: int) -> None:
    """MLflow counts from 1 again for a model made anew: use up the numbers that were given before."""
    for holder in experiments.pages(store.client.search_model_versions, filter_string=named(name)):
        if PLACEHOLDER in holder.tags:  # a crash came between the two calls below
            store.client.delete_model_version(name, holder.version)
    given = 0
    while given < last:
        given = int(_create(store, name, kept, {PLACEHOLDER: "true"}).version)
        store.client.delete_model_version(name, str(given))


def named(name: str) -> str:
    """MLflow's filter for one model; a name that it cannot quote is not looked for there."""
    mark = '"' if "'" in name else "'"
    return f"name = {mark}{name}{mark}"
