"""What an operation does to the several versions of a service: bring one up, deal the requests anew, let one go."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import OperationFailed, ServiceUnreachable
from ..specs import Handle, Plan, ServiceRecord, Settings, Version
from ..targets import Target, target
from . import records, secrets
from .versions import check_fit, heir

if TYPE_CHECKING:
    from .operations import Request
    from .steps import Work

DOWN = "Service {0!r} does not run: restart it first, then change its versions."
LOGGED = "enable_app_insights"
OF_ALL = ("host", "port", "target", "auth", "tls", "oidc", "server", "autostart")  # the same for all versions


def change(work: Work, record: ServiceRecord, request: Request) -> None:
    """Make, change or end one version; the others serve on, and no request is lost."""
    versions = dict(record.versions)
    if request.verb == "remove":
        default, gone = heir(record, request.version), versions.pop(request.version)
        versions[default] = replace(versions[default], control=versions[default].control or gone.control)
    else:
        name, made = _put(work, record, request)
        versions = {key: replace(one, control=one.control and not made.control) for key, one in versions.items()}
        versions[name] = made
        default = name if request.default else record.default
    changed = _led(replace(record, versions=versions, default=default))
    _share(work, changed)
    records.write(work.home, changed)


def settle(work: Work, before: ServiceRecord, request: Request) -> None:
    """After a deployment, reload or restart of what the record's plan says: the versions as they are from now on."""
    record = records.record(work.home, work.name)
    name = record.plan.settings.version
    if not (name or before.default):
        return
    if request.verb == "deploy":
        made = Version(record.plan, record.created_time, time.time(), True, record.bundle, record.lock)
        record = replace(record, versions={name: made} if name else {}, default=name)
    else:
        made = before.versions.get(name) or Version(record.plan, record.created_time, time.time(), True)
        plan = replace(made.plan, settings=record.plan.settings, models=record.plan.models)  # its texts are its own
        made = replace(made, plan=plan, bundle=record.bundle, lock=record.lock, updated_time=time.time())
        record = replace(record, versions={**before.versions, name: made}, default=name)
    if request.verb == "restart":
        for one in record.versions.values():
            if one is not made:
                record = replace(record, handle=_serve(work, record, one))
    _share(work, record)
    records.write(work.home, record)


def _put(work: Work, record: ServiceRecord, request: Request) -> tuple[str, Version]:
    """The version that a request describes, served, but without requests as yet when it is new."""
    assert request.plan is not None
    check_fit(record, request.plan)  # once more: what was asked for before may have taken the room
    plan, old, now = request.plan, record.versions.get(request.version), time.time()
    if old is None:
        old = Version(plan, now, now)
    control = old.control if request.control is None else request.control
    new = replace(old, plan=plan, control=control, updated_time=now)
    if request.swap:
        lock = work.lock(plan, record, again=True)
        new = replace(new, lock=lock, bundle=work.bundle(plan, lock))
        _serve(work, record, new)
    return request.version, new


def _serve(work: Work, record: ServiceRecord, version: Version) -> Handle:
    handle, bundle = record.handle, version.bundle
    if handle is None or bundle is None:
        raise OperationFailed(DOWN.format(work.name))
    settings = _joined(record, version.plan)
    with work.stage("update", f"version {settings.version}"):
        given = secrets.for_target(work.home, work.name)
        return _asked(work, handle).update(handle, bundle, settings, given)


def _asked(work: Work, handle: Handle) -> Target:
    """The target of a front that answers."""
    runs_on = target(handle.target, work.home)
    try:
        runs_on.control(handle, {"v": 1, "op": "status"})
    except ServiceUnreachable as error:
        raise OperationFailed(DOWN.format(work.name)) from error
    return runs_on


def _share(work: Work, record: ServiceRecord) -> None:
    """Deal the requests as the record says. What it does not name finishes what it has, and is gone."""
    handle = record.handle
    if handle is None:
        raise OperationFailed(DOWN.format(work.name))
    shares = {name: version.plan.settings.traffic for name, version in record.versions.items()} or {"": 0}
    shares[record.default] += 100 - sum(shares.values())  # what is left over
    with work.stage("traffic", ", ".join(f"{name or 'all'} {share} %" for name, share in shares.items())):
        message = {"v": 1, "op": "share", "shares": shares, "default": record.default}
        for reply in _asked(work, handle).control(handle, message):
            if reply.error:
                raise OperationFailed(reply.error)


def _led(record: ServiceRecord) -> ServiceRecord:
    """The record, running what its default version does; what describes the service as a whole stays."""
    leader = record.versions[record.default]
    content = {name: getattr(leader.plan, name) for name in ("script", "models", "environment")}
    plan = replace(record.plan, settings=_joined(record, leader.plan), **content)
    return replace(record, plan=plan, bundle=leader.bundle, lock=leader.lock)


def _joined(record: ServiceRecord, plan: Plan) -> Settings:
    """A version's settings, with those that hold for all versions."""
    whole = record.plan.settings
    limits = {**plan.settings.limits, LOGGED: whole.limits.get(LOGGED)}
    return replace(plan.settings, limits=limits, **{name: getattr(whole, name) for name in OF_ALL})
