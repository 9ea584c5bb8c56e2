"""Runs: started, found, tagged and ended, with v1's words for their states."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidInput, NameTaken, NotFound, RunNotFound, known
from ..specs import RunInfo
from . import labels
from .answers import quiet, translated
from .experiments import HIDDEN, all_ids, pages
from .store import Store

STATUS = {
    "RUNNING": "Running",
    "FINISHED": "Completed",
    "FAILED": "Failed",
    "KILLED": "Canceled",
    "SCHEDULED": "NotStarted",
}
NUMBER = "mldeploy.number"
PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"
USER = "mlflow.user"
VALUE_LIMIT = 5000  # of a run's tag: MLflow cuts longer ones without a word


def start(
    store: Store, experiment_id: str, *, name: str = "", run_id: str | None = None, parent_id: str | None = None
) -> RunInfo:
    if run_id:
        return _resume(store, run_id)
    tags = {NUMBER: str(_next_number(store, experiment_id))} | ({PARENT: parent_id} if parent_id else {})
    with translated():
        run = store.client.create_run(experiment_id, run_name=name or None, tags=tags | {USER: user()})
    return info(store, run)


def user() -> str:
    """Who works here, for records that name a person."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user id has no name
        return "unknown"


def _resume(store: Store, run_id: str) -> RunInfo:
    try:
        get(store, run_id)
    except RunNotFound as error:
        raise InvalidInput(
            f"There is no run {run_id!r} to continue, and MLflow chooses the ids of new runs. Leave run_id out; "
            "`run.id` tells the one that was given."
        ) from error
    end(store, run_id, "Running")
    return get(store, run_id)


def _next_number(store: Store, experiment_id: str) -> int:
    with store.numbers.opened() as ledger:
        last = ledger.last("runs", experiment_id)
        if not last:
            with translated():
                last = sum(1 for _ in pages(store.client.search_runs, experiment_ids=[experiment_id]))
        ledger.note("runs", experiment_id, last + 1)
    return last + 1


def found(store: Store, run_id: str) -> Any:
    """MLflow's own run object."""
    try:
        with translated():
            return store.client.get_run(run_id)
    except (NotFound, InvalidInput) as error:
        raise RunNotFound(f"No run with the id {run_id!r}. {_recent(store)}") from error


def _recent(store: Store) -> str:
    return known("Newest runs", [f"{run.id} ({run.experiment_name})" for run in every(store)[:5]])


def get(store: Store, run_id: str) -> RunInfo:
    return info(store, found(store, run_id))


def every(store: Store, experiment_id: str | None = None, *, parent_id: str | None = None) -> list[RunInfo]:
    """Newest first."""
    with translated():
        ids = [experiment_id] if experiment_id else all_ids(store)
        where = f"tags.`{PARENT}` = '{_literal(parent_id)}'" if parent_id else ""
        listed = list(pages(store.client.search_runs, experiment_ids=ids, filter_string=where)) if ids else []
    names = dict[str, str]()
    runs = [info(store, run, names) for run in listed]
    shown = [run for run in runs if run.experiment_name != HIDDEN]
    return sorted(shown, key=lambda run: (run.start_time or 0, run.number), reverse=True)


def _literal(text: str) -> str:
    if "'" in text:
        raise RunNotFound(f"No run with the id {text!r}.")
    return text


def end(store: Store, run_id: str, status: str) -> None:
    """Set v1's status; the words that end a run set its end time too."""
    words = {v1: word for word, v1 in STATUS.items()}
    if status not in words:
        raise InvalidInput(f"{status!r} is no status of a run. {known('Statuses', words)}")
    found(store, run_id)
    with translated(), quiet():
        if status in ("Running", "NotStarted"):
            store.client.update_run(run_id, status=words[status])
        else:
            store.client.set_terminated(run_id, status=words[status], end_time=int(time.time() * 1000))


def tag(store: Store, run_id: str, tags: Mapping[str, str | None]) -> None:
    given = {k: v for k, v in tags.items() if v is not None}
    packed = labels.packed(given, {}, VALUE_LIMIT)
    present = found(store, run_id).data.tags
    with translated():
        for key, value in packed.items():
            store.client.set_tag(run_id, key, value)
        for key in {labels.tag_key(k) for k in tags.keys() - given.keys()} & present.keys():
            store.client.delete_tag(run_id, key)


def add_properties(store: Store, run_id: str, properties: Mapping[str, str]) -> None:
    packed = labels.packed({}, properties, VALUE_LIMIT)
    with store.numbers.opened():  # so that of two processes only one sets a property
        present = labels.properties_of(found(store, run_id).data.tags)
        refuse_change(f"run {run_id}", present, properties)
        with translated():
            for key, value in packed.items():
                store.client.set_tag(run_id, key, value)


def refuse_change(what: str, present: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Properties cannot be changed once they are set (v1 SDK 5.4, 6.3)."""
    if taken := [key for key in given if key in present]:
        raise NameTaken(
            f"The {what} has the property {taken[0]!r} already ({present[taken[0]]!r}), and properties never change. "
            "Use a tag, or another name."
        )


def rename(store: Store, run_id: str, name: str | None, description: str | None) -> None:
    found(store, run_id)
    with translated():
        if name is not None:
            store.client.update_run(run_id, name=name)
        if description is not None:
            store.client.set_tag(run_id, NOTE, description)


def info(store: Store, run: Any, names: dict[str, str] | None = None) -> RunInfo:
    """What we say of MLflow's run; `names` remembers experiments' names between calls."""
    names = {} if names is None else names
    experiment = str(run.info.experiment_id)
    if experiment not in names:
        with translated():
            names[experiment] = str(store.client.get_experiment(experiment).name)
    tags = run.data.tags
    return RunInfo(
        id=str(run.info.run_id),
        experiment_id=experiment,
        experiment_name=names[experiment],
        name=str(run.info.run_name or ""),
        description=tags.get(NOTE, ""),
        status=STATUS.get(run.info.status, run.info.status),
        number=int(tags.get(NUMBER, 1)),
        start_time=seconds(run.info.start_time),
        end_time=seconds(run.info.end_time),
        parent_id=tags.get(PARENT),
        user=tags.get(USER, ""),
        tags=labels.tags_of(tags),
        properties=labels.properties_of(tags),
    )


def seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
