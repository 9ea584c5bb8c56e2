"""Experiments: found or created by name, tagged, archived, deleted. The one that holds registrations is hidden."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from ..errors import NameTaken, NotFound, known
from ..specs import ExperimentInfo
from . import labels
from .answers import translated
from .store import Store

HIDDEN = ".mldeploy-models"  # v1's rule for names keeps users from asking for it
ARCHIVED = "mldeploy.archived_time"
VALUE_LIMIT = 5000  # of an experiment's tag, in every MLflow 3


def find(store: Store, name: str, *, create: bool) -> ExperimentInfo:
    with translated():
        found = store.client.get_experiment_by_name(name)
        if found is None:
            if not create:
                raise NotFound(f"No experiment named {name!r}. {known('Experiments', [e.name for e in every(store)])}")
            found = _create(store, name)
        if found.lifecycle_stage == "deleted":
            raise NameTaken(
                f"An experiment named {name!r} was deleted in MLflow, which keeps its name. Choose another name, or "
                f"bring it back with: mlflow experiments restore --experiment-id {found.experiment_id}"
            )
    return _info(found)


def _create(store: Store, name: str) -> Any:
    """Create it, or find what another process created at the same moment."""
    place = str(store.artifacts / f"{labels.quoted(name)[:60]}-{uuid4().hex[:8]}")
    try:
        with translated():
            store.client.create_experiment(name, artifact_location=place if store.own else None)
    except NameTaken:
        pass
    return store.client.get_experiment_by_name(name)


def every(store: Store, *, archived: bool = False) -> list[ExperimentInfo]:
    """The experiments that are archived, or those that are not."""
    with translated():
        infos = [_info(found) for found in pages(store.client.search_experiments) if found.name != HIDDEN]
    return [info for info in infos if (info.archived_time is not None) == archived]


def all_ids(store: Store) -> list[str]:
    return [found.experiment_id for found in pages(store.client.search_experiments) if found.name != HIDDEN]


def tag(store: Store, experiment_id: str, tags: Mapping[str, str | None]) -> None:
    given = {k: v for k, v in tags.items() if v is not None}
    packed = labels.packed(given, {}, VALUE_LIMIT)
    with translated():
        for key, value in packed.items():
            store.client.set_experiment_tag(experiment_id, key, value)
        for key in tags.keys() - given.keys():
            _remove_tag(store, experiment_id, labels.tag_key(key))


def archive(store: Store, experiment_id: str, archived: bool) -> None:
    with translated():
        if archived:
            store.client.set_experiment_tag(experiment_id, ARCHIVED, repr(time.time()))
        else:
            _remove_tag(store, experiment_id, ARCHIVED)


def _remove_tag(store: Store, experiment_id: str, key: str) -> None:
    if key in store.client.get_experiment(experiment_id).tags:
        store.client.delete_experiment_tag(experiment_id, key)


def delete(store: Store, experiment_id: str) -> None:
    """Delete it and free its name, which MLflow would keep; MLflow can still restore it."""
    with translated():
        name = store.client.get_experiment(experiment_id).name
        store.client.rename_experiment(experiment_id, f"{name} (deleted {time.strftime('%Y-%m-%d')}, {experiment_id})")
        store.client.delete_experiment(experiment_id)


def hidden(store: Store) -> str:
    """Id of the experiment that holds the runs which carry registered models."""
    return find(store, HIDDEN, create=True).id


def _info(found: Any) -> ExperimentInfo:
    archived = found.tags.get(ARCHIVED)
    return ExperimentInfo(
        id=str(found.experiment_id),
        name=str(found.name),
        tags=labels.tags_of(found.tags),
        archived_time=float(archived) if archived else None,
    )


def pages(search: Any, **question: Any) -> Iterator[Any]:
    """All answers of one of MLflow's searches, page by page."""
    token = None
    while True:
        page = search(page_token=token, **question)
        yield from page
        token = page.token
        if not token:
            return
