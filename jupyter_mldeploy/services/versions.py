"""The verbs for a service that has several versions: each gets its percent of the requests, the default the rest."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ..disk import Home
from ..errors import InvalidInput, ServiceUnreachable, known
from ..specs import Phase, Plan, ServiceRecord, State, Version
from ..targets import target
from . import records
from .deploying import check
from .operations import Operation, Request, begin

MOST = 6  # versions behind one name (v1 SDK)


def put_version(
    home: Home, plan: Plan, *, swap: bool = True, default: bool = False, control: bool | None = None
) -> Operation:
    """Make the version that `plan.settings.version` names, or change it; without `swap` its workers stay as they are.

    A version that does not come up changes nothing. `default` and `control` are marks of one version: given here, they
    are taken from the one that had them.
    """
    name = plan.settings.version
    record = _record(home, plan.service)
    records.check_name(name)
    check_fit(record, plan)
    check(home, plan, record)
    return begin(home, plan.service, Request("put", plan, name, swap, default, control))


def remove_version(home: Home, service: str, name: str) -> Operation:
    """End a version, after what it has under way; its traffic is the default's from then on, its marks the `heir`'s."""
    heir(_record(home, service), name)
    return begin(home, service, Request("remove", version=name))


def heir(record: ServiceRecord, gone: str) -> str:
    """The default when that version is gone: the same, or the one with the most traffic, of equals the oldest.

    Raises `InvalidInput` for one that is not there, and for the only one.
    """
    need_version(record, gone)
    if len(record.versions) == 1:
        raise InvalidInput(
            f"Version {gone!r} is the only one of service {record.plan.service!r} and cannot be deleted. Bring up "
            "another one first, or delete the service."
        )
    if gone != record.default:
        return record.default
    return max(record.versions.keys() - {gone}, key=lambda name: _rank(record.versions[name]))


def check_fit(record: ServiceRecord, plan: Plan) -> None:
    """Raise `InvalidInput` when the service has no room for the version of this plan, or no such traffic to give."""
    name = plan.settings.version
    if name not in record.versions and len(record.versions) >= MOST:
        listed = ", ".join(record.versions)
        raise InvalidInput(f"Service {record.plan.service!r} has {MOST} versions, which is the most: {listed}.")
    traffic = {key: version.plan.settings.traffic for key, version in record.versions.items()}
    _check_traffic({**traffic, name: plan.settings.traffic})


def need_version(record: ServiceRecord, name: str) -> None:
    """Raise `InvalidInput` unless the service has such a version."""
    if name not in record.versions:
        raise InvalidInput(
            f"Service {record.plan.service!r} has no version {name!r}. {known('Versions', record.versions)}"
        )


def version_states(home: Home, record: ServiceRecord) -> dict[str, State]:
    """The live state of each version."""
    seen: dict[str, State] = {}
    down = State("Unhealthy", "The service does not run; restart it.")
    if record.handle and record.versions:
        with suppress(ServiceUnreachable):
            for reply in target(record.handle.target, home).control(record.handle, {"v": 1, "op": "status"}):
                seen |= {name: _state(one) for name, one in reply.data.get("versions", {}).items()}
    return {name: seen.get(name, down) for name in record.versions}


def _state(one: Mapping[str, Any]) -> State:
    phases: dict[str, Phase] = {"serving": "Healthy", "starting": "Starting", "failed": "Failed"}
    phase = phases.get(one["phase"], "Unhealthy")
    if phase == "Healthy" and not one["ready"]:
        phase = "Unhealthy"
    return State(phase, one["reason"], workers=one["wanted"], ready=one["ready"])


def _check_traffic(traffic: Mapping[str, int]) -> None:
    """Raise `InvalidInput` for percents that do not fit together."""
    wrong = {name: share for name, share in traffic.items() if not 0 <= share <= 100}
    if wrong or sum(traffic.values()) > 100:
        shown = ", ".join(f"{name} {share} %" for name, share in traffic.items())
        raise InvalidInput(f"The versions would get {shown}. Percents are 0 to 100, and together at most 100.")


def _record(home: Home, service: str) -> ServiceRecord:
    record = records.record(home, service)
    if not record.versions:
        raise InvalidInput(
            f"Service {service!r} of type {record.plan.type} has no versions, or is being deployed. Wait for its "
            "deployment, or deploy it with AksEndpoint.deploy_configuration()."
        )
    return record


def _rank(version: Version) -> tuple[int, float]:
    return version.plan.settings.traffic, -version.created_time
