"""The verbs that start work: deploy, update, reload, restart. Each checks first, then an operation works."""

from __future__ import annotations

import time
from dataclasses import replace
from getpass import getuser
from pathlib import Path

from .. import environments
from ..disk import Home
from ..errors import FileMissing, InvalidInput, NameTaken
from ..specs import Plan, ServiceRecord
from ..targets import target
from . import records, scripts, secrets
from .operations import Operation, Request, begin


def deploy(home: Home, plan: Plan, *, keys: tuple[str, str] | None = None, overwrite: bool = False) -> Operation:
    """Deploy `plan` under its service name, and return at once; with `overwrite` an existing one is replaced.

    Raises before any work: `NameTaken`, `PortInUse`, `ScriptInvalid`, `FileMissing`, `InvalidInput`,
    `TargetUnavailable`. What fails later is in the operation; an existing service goes on serving then.
    """
    name = plan.service
    records.check_name(name)
    existing = records.record(home, name) if name in records.names(home) else None
    if existing and not overwrite:
        raise NameTaken(
            f"A service named {name!r} exists already. Deploy with overwrite=True to replace it, delete it first, or "
            f"take another name. {_taken(home)}"
        )
    check(home, plan, existing)
    # For the owner only: plans hold environment variables, and logs what scripts print of what they were sent.
    home.services.mkdir(mode=0o700, parents=True, exist_ok=True)
    with records.changing(home, name):
        secrets.settle(home, name, keys)
        if existing is None:
            now = time.time()
            records.write(home, ServiceRecord(plan, created_time=now, updated_time=now, created_by=getuser()))
    return begin(home, name, Request("deploy", plan))


def update(home: Home, plan: Plan) -> Operation:
    """Change an existing service to `plan` without a lost request; a failure leaves what serves."""
    check(home, plan, records.record(home, plan.service))
    return begin(home, plan.service, Request("deploy", plan))


def reload(home: Home, name: str) -> Operation:
    """Read the script or source folder again and swap the workers; models and environment stay."""
    scripts.check(records.record(home, name).plan.script)
    return begin(home, name, Request("reload"))


def restart(home: Home, name: str, plan: Plan | None = None) -> Operation:
    """Start a service that died or failed again, from the bundle that it had; with `plan`, run as that says."""
    records.record(home, name)
    return begin(home, name, Request("restart", plan))


def check(home: Home, plan: Plan, existing: ServiceRecord | None = None) -> None:
    """Raise what can be known to be wrong before any work."""
    scripts.check(plan.script)
    for model in plan.models:
        if not Path(model.path).exists():
            raise FileMissing(f"The files of model {model.id} are not at {model.path}.")
    twice = {m.id for m in plan.models if sum(m.id == other.id for other in plan.models) > 1}
    if twice:
        raise InvalidInput(f"Given more than once: {', '.join(sorted(twice))}. Name each model version once.")
    environments.check(plan.environment)
    settings = plan.settings
    if existing and existing.handle and existing.plan.settings.port == settings.port:
        settings = replace(settings, port=0)  # the port is its own
    target(settings.target, home).check(settings)


def _taken(home: Home) -> str:
    return f"Taken: {', '.join(records.names(home))}."
