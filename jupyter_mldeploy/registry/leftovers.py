"""What a crash leaves of a registration or a removal, told by a lock that nobody holds any more, and swept up later."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from ..errors import MLDeployError
from . import artifacts, experiments, runs
from .answers import quiet, translated
from .store import Store

TOKEN = "mldeploy.registration"  # tag of a run of ours: which journal it belongs to  # noqa: S105
PLACEHOLDER = "mldeploy.placeholder"  # tag of a version that only uses up a number


@contextmanager
def journal(store: Store, token: str = "") -> Iterator[str]:
    """Hold a small locked file, named by the token, while something is half done; an error undoes it."""
    folder = _journals(store)
    folder.mkdir(parents=True, exist_ok=True)
    token = token or uuid4().hex
    starting, path = folder / f".{token}", folder / token
    descriptor = os.open(starting, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        starting.rename(path)  # seen by others only once it is locked
        yield token
        path.unlink()
    except BaseException:
        with suppress(MLDeployError):  # the store is gone too: then a later call sweeps
            _clear(store, token)
            path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def sweep(store: Store) -> None:
    """Remove the content of registrations that a crash cut off, and finish those that lacked only their last step."""
    for path in sorted(_journals(store).glob("[0-9a-f]*")):
        with _abandoned(path) as free:
            if free:
                _clear(store, path.name)
                path.unlink(missing_ok=True)


@contextmanager
def _abandoned(path: Path) -> Iterator[bool]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        free = False
    else:
        free = path.exists()
    try:
        yield free
    finally:
        os.close(descriptor)


def _clear(store: Store, token: str) -> None:
    question = {"experiment_ids": [experiments.hidden(store)], "filter_string": f"tags.`{TOKEN}` = '{token}'"}
    with translated():
        left = list(experiments.pages(store.client.search_runs, **question))
    for run in left:
        if used(store, run.info.run_id):
            finish(store, run.info.run_id)
        else:
            discard(store, run.info.run_id)


def used(store: Store, run_id: str) -> bool:
    """Whether any model version, ours or a copy that MLflow made of one, lies in that run."""
    with translated():
        found = store.client.search_model_versions(f"run_id = '{run_id}'")
    return any(PLACEHOLDER not in version.tags for version in found)


def finish(store: Store, run_id: str) -> None:
    with translated(), quiet():
        store.client.set_terminated(run_id)


def discard(store: Store, run_id: str) -> None:
    """Remove a run of ours and its content."""
    uri = str(runs.found(store, run_id).info.artifact_uri)
    with translated(), quiet():
        if folder := artifacts.local(uri):
            shutil.rmtree(folder.parent if folder.parent.name == run_id else folder, ignore_errors=True)
        else:
            artifacts.repository(store, uri).delete_artifacts()
        store.client.delete_run(run_id)


def _journals(store: Store) -> Path:
    return store.folder / "registering" / store.numbers.store
