"""Registered models as they are listed, changed and deleted, whoever registered them."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ..errors import ModelNotFound, NotFound, known
from ..specs import Json, ModelInfo
from . import fetching, labels, leftovers, runs
from .answers import translated
from .experiments import pages
from .leftovers import PLACEHOLDER
from .registering import OWN, VALUE_LIMIT, named, packed_extra
from .store import Store

EXTRA = "mldeploy.extra"
LOGGED = re.compile(r"models:/m-\w+$")  # the source of a version made from a model that MLflow 3 logged


def get(store: Store, name: str, version: int | None = None) -> ModelInfo:
    """One version, by default the newest. `ModelNotFound` lists the versions of that name, or the names."""
    found = _versions(store, name)
    for candidate in found:
        if version in (None, int(candidate.version)):
            return _info(store, candidate)
    if found:
        versions = sorted(int(candidate.version) for candidate in found)
        raise ModelNotFound(f"The model {name!r} has no version {version}. {known('Versions', map(str, versions))}")
    names = {candidate.name for candidate in _versions(store)}
    raise ModelNotFound(f"No model named {name!r}. {known('Registered models', names)}")


def every(store: Store, name: str | None = None, *, latest: bool = False) -> list[ModelInfo]:
    """Newest first; with `latest`, one version of each name."""
    found = _versions(store, name)
    if latest:
        highest: dict[str, Any] = {}
        for candidate in found:
            if candidate.name not in highest or int(candidate.version) > int(highest[candidate.name].version):
                highest[candidate.name] = candidate
        found = [candidate for candidate in found if candidate is highest[candidate.name]]
    names: dict[str, str] = {}
    return [_info(store, candidate, names) for candidate in found]


def _versions(store: Store, name: str | None = None) -> list[Any]:
    """MLflow's versions, newest first, without those that only use up a number."""
    where = "" if name is None or {"'", '"'} <= set(name) else named(name)
    with translated():
        found = list(pages(store.client.search_model_versions, filter_string=where))
    kept = [v for v in found if PLACEHOLDER not in v.tags and name in (None, v.name)]
    return sorted(kept, key=lambda v: (v.creation_timestamp, int(v.version)), reverse=True)


def change(
    store: Store, model: ModelInfo, description: str | None, tags: Mapping[str, str | None], extra: Json | None
) -> None:
    """Set what is given; a tag whose value is None is removed."""
    given = {key: value for key, value in tags.items() if value is not None}
    packed = labels.packed(given, {}, VALUE_LIMIT)
    if extra is not None:
        packed[EXTRA] = packed_extra(extra)
    number = str(model.version)
    with translated():
        if description is not None:
            store.client.update_model_version(model.name, number, description)
        for key, value in packed.items():
            store.client.set_model_version_tag(model.name, number, key, value)
        for key in (tags.keys() - given.keys()) & model.tags.keys():
            store.client.delete_model_version_tag(model.name, number, labels.tag_key(key))


def add_properties(store: Store, name: str, version: int, properties: Mapping[str, str]) -> None:
    packed = labels.packed({}, properties, VALUE_LIMIT)
    with store.numbers.opened():  # so that of two processes only one sets a property
        model = get(store, name, version)
        runs.refuse_change(f"model {model.id}", model.properties, properties)
        with translated():
            for key, value in packed.items():
                store.client.set_model_version_tag(name, str(version), key, value)


def delete(store: Store, name: str, version: int) -> None:
    """Delete a version; its content goes too when we put it there and no other version uses it."""
    fetching.forget(store, get(store, name, version))
    with translated():
        found = store.client.get_model_version(name, str(version))
    token = _token(store, found)
    if not token:
        with translated():
            store.client.delete_model_version(name, str(version))
        return
    with leftovers.journal(store, token):
        with translated():
            store.client.delete_model_version(name, str(version))
        if not leftovers.used(store, found.run_id):
            leftovers.discard(store, found.run_id)


def _token(store: Store, version: Any) -> str:
    """What the run that carries the version is journalled by; empty when it is not ours, or gone."""
    if OWN in version.tags:
        with suppress(NotFound), translated():
            return str(store.client.get_run(version.run_id).data.tags.get(leftovers.TOKEN, ""))
    return ""


def _info(store: Store, version: Any, names: dict[str, str] | None = None) -> ModelInfo:
    """What we say of MLflow's version; `names` remembers experiments' names between calls."""
    tags = version.tags
    ours = OWN in tags
    return ModelInfo(
        name=str(version.name),
        version=int(version.version),
        created_time=version.creation_timestamp / 1000,
        description=version.description or None,
        created_by=tags.get("mldeploy.created_by", ""),
        framework=tags.get("mldeploy.framework"),
        framework_version=tags.get("mldeploy.framework_version"),
        run_id=None if ours else version.run_id or None,
        experiment_name=None if ours else _experiment(store, version, {} if names is None else names),
        source=str(version.source),
        entry=_entry(store, version),
        digest=tags.get("mldeploy.digest", ""),
        size=int(tags.get("mldeploy.size", 0)),
        tags=labels.tags_of(tags),
        properties=labels.properties_of(tags),
        extra=json.loads(tags.get(EXTRA, "{}")),
    )


def _experiment(store: Store, version: Any, names: dict[str, str]) -> str | None:
    if kept := version.tags.get("mldeploy.experiment"):
        return str(kept)
    run_id = version.run_id
    if not run_id:
        return None
    if run_id not in names:
        try:
            names[run_id] = runs.get(store, run_id).experiment_name
        except NotFound:  # the run was deleted for good, the model stayed
            names[run_id] = ""
    return names[run_id] or None


def _entry(store: Store, version: Any) -> str:
    """One name for the file or folder; a path in it, from wherever, would lead out of the folders that we make."""
    name = posixpath.basename(version.tags.get("mldeploy.entry") or _name_in_mlflow(store, version))
    return "model" if name in ("", ".", "..") else name


def _name_in_mlflow(store: Store, version: Any) -> str:
    """The name of what MLflow itself registered: the logged model's own, or the last part of where it lies."""
    source = str(version.source).rstrip("/")
    model_id = getattr(version, "model_id", None) or (source.removeprefix("models:/") if LOGGED.match(source) else "")
    if model_id:
        with suppress(NotFound), translated():  # it may be deleted, and its files still there
            return str(store.client.get_logged_model(model_id).name)
    return source
