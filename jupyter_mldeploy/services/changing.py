"""The verbs that change a running service at once: scale, keys, auth, annotations, delete."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from ..disk import Home
from ..errors import InvalidInput, OperationFailed, ServiceNotFound
from ..specs import Auth, Json, ServiceRecord
from ..targets import target
from . import records
from .operations import every

KEPT = ("logs", "operations")  # what survives a deleted service


def scale(home: Home, name: str, workers: int) -> None:
    """Run `workers` worker processes from now on; returns when it is so."""
    if workers < 1:
        raise InvalidInput(f"A service needs at least one worker, not {workers}. To stop it, delete it.")
    with records.changing(home, name):
        record = records.record(home, name)
        _tell(home, record, {"v": 1, "op": "scale", "workers": workers})
        settings = replace(record.plan.settings, workers=workers)
        records.write(home, replace(record, plan=replace(record.plan, settings=settings)))


def set_auth(home: Home, name: str, auth: Auth) -> None:
    """Switch authentication of a running service on or off, without a restart."""
    with records.changing(home, name):
        record = records.record(home, name)
        _tell(home, record, {"v": 1, "op": "auth", "auth": auth})
        settings = replace(record.plan.settings, auth=auth)
        records.write(home, replace(record, plan=replace(record.plan, settings=settings)))


def keys(home: Home, name: str) -> tuple[str, str]:
    """The primary and the secondary key."""
    records.record(home, name)
    return records.secret_keys(home, name)


def regenerate_key(home: Home, name: str, which: Literal["primary", "secondary"], value: str | None = None) -> None:
    """Replace one key, by `value` or a new one; returns when every replica has confirmed."""
    with records.changing(home, name):
        record = records.record(home, name)
        primary, secondary = records.secret_keys(home, name)
        made = records.secret_keys(
            home, name, (value or "", secondary) if which == "primary" else (primary, value or "")
        )
        _tell(home, record, {"v": 1, "op": "keys", "keys": list(made)})


def annotate(
    home: Home,
    name: str,
    *,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
) -> ServiceRecord:
    """Change what only describes the service; None leaves as it is."""
    with records.changing(home, name):
        record = records.record(home, name)
        plan = replace(
            record.plan,
            description=record.plan.description if description is None else description,
            tags=record.plan.tags if tags is None else tags,
            properties=record.plan.properties if properties is None else properties,
        )
        return records.write(home, replace(record, plan=plan))


def delete(home: Home, name: str) -> bool:
    """Stop and remove a service; its logs stay. False when there was none."""
    try:
        records.record(home, name)
    except ServiceNotFound:
        return False
    for operation in every(home, name):
        if pid := operation.worker():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
    with records.changing(home, name):
        record = records.record(home, name)
        if record.handle:
            target(record.handle.target, home).stop(record.handle)
        # The record goes first: a service without one does not exist, whatever is left of its folder.
        (home.service(name) / "record.json").unlink()
        _stop_strays(home, record)
        _remove_rest(home, name)
    return True


def _stop_strays(home: Home, record: ServiceRecord) -> None:
    """What an operation started and did not live to write down."""
    runs_on = target(record.plan.settings.target, home)
    for handle in list(runs_on.found()):
        if handle.data.get("service") == record.plan.service:
            runs_on.stop(handle)


def _remove_rest(home: Home, name: str) -> None:
    for path in home.service(name).iterdir():
        if path.name in KEPT:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _tell(home: Home, record: ServiceRecord, message: Json) -> None:
    if record.handle is None:
        return
    runs_on = target(record.handle.target, home)
    if runs_on.state(record.handle).phase in ("Failed", "Stopped"):
        return  # nothing runs; the next start reads the record
    for reply in runs_on.control(record.handle, message):
        if reply.error:
            raise OperationFailed(reply.error, traceback=reply.traceback)
