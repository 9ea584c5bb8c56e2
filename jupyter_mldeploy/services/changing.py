"""The verbs that change a running service at once: scale, auth, annotations, delete."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from ..disk import Home
from ..errors import InvalidInput, ServiceNotFound, TargetUnavailable
from ..server.front import sample
from ..specs import Auth, Handle, Plan, ServiceRecord
from ..targets import target
from . import records, secrets
from .operations import every
from .telling import tell

KEPT = ("logs", "operations", "modeldata")  # what survives a deleted service


def scale(home: Home, name: str, workers: int) -> None:
    """Run `workers` worker processes from now on, of several versions for the default; returns when it is so."""
    if workers < 1:
        raise InvalidInput(f"A service needs at least one worker, not {workers}. To stop it, delete it.")
    with records.changing(home, name):
        record = records.record(home, name)
        tell(home, record, {"v": 1, "op": "scale", "workers": workers})
        versions = {
            name: replace(version, plan=_scaled(version.plan, workers)) if name == record.default else version
            for name, version in record.versions.items()
        }
        records.write(home, replace(record, plan=_scaled(record.plan, workers), versions=versions))


def _scaled(plan: Plan, workers: int) -> Plan:
    return replace(plan, settings=replace(plan.settings, workers=workers))


def set_auth(home: Home, name: str, auth: Auth) -> None:
    """Switch authentication of a running service on or off, without a restart."""
    with records.changing(home, name):
        record = records.record(home, name)
        tell(home, record, {"v": 1, "op": "keys", **secrets.for_target(home, name)})
        tell(home, record, {"v": 1, "op": "auth", "auth": auth})
        settings = replace(record.plan.settings, auth=auth)
        records.write(home, replace(record, plan=replace(record.plan, settings=settings)))


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
    """Stop and remove a service; its logs and collected data stay. False when there was none."""
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
    found: list[Handle] = []
    with suppress(TargetUnavailable):  # then nothing of it can be reached; it is found once the engine is back
        found = list(runs_on.found())
    for handle in found:
        if handle.data.get("service") == record.plan.service:
            runs_on.stop(handle)


def _remove_rest(home: Home, name: str) -> None:
    for path in (home.service(name) / "logs").glob(f"{sample.NAME}*.json"):  # callers' data, not logs
        path.unlink()
    for path in home.service(name).iterdir():
        if path.name in KEPT:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
