"""The records of services on disk: one folder a service, found by name from any process."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ..disk import Home, locked, read_json, write_json
from ..errors import InvalidInput, ServiceNotFound, WorkspaceError, known
from ..specs import Bundle, ServiceRecord

SCHEMA = 1
NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")  # v1 SDK, section 3; and so a name can never leave its folder


def check_name(name: str) -> None:
    """Raise `InvalidInput` unless `name` may name a service: 3 to 32 of a-z, 0-9 and dashes, a letter first."""
    if not (NAME.fullmatch(name) and 3 <= len(name) <= 32):
        raise InvalidInput(
            f"{name!r} cannot name a service. A name has 3 to 32 characters: lower-case letters, digits and dashes, "
            "a letter first, no dash at the end."
        )


def names(home: Home) -> list[str]:
    """The names of all services, sorted."""
    return sorted(path.parent.name for path in home.services.glob("*/record.json"))


def record(home: Home, name: str) -> ServiceRecord:
    """The record of service `name`. Raises `ServiceNotFound`, or `WorkspaceError` when a newer version wrote it."""
    path = home.service(name) / "record.json"
    if not NAME.fullmatch(name) or not path.exists():
        raise ServiceNotFound(f"No service named {name!r}. {known('Services', names(home))}")
    schema = read_json(path, dict[str, Any]).get("schema", 0)
    if schema > SCHEMA:
        raise WorkspaceError(
            f"{path} has schema {schema}, and this version reads up to {SCHEMA}: a newer jupyter-mldeploy wrote it. "
            "Upgrade with: pip install --upgrade jupyter-mldeploy"
        )
    found = read_json(path, ServiceRecord)
    versions = {key: replace(one, bundle=_here(home, one.bundle)) for key, one in found.versions.items()}
    return replace(found, bundle=_here(home, found.bundle), versions=versions)


def _here(home: Home, bundle: Bundle | None) -> Bundle | None:
    """Where a bundle lies follows from where the workspace is now, which may have been moved."""
    return replace(bundle, path=str(home.bundles / bundle.digest)) if bundle else None


def write(home: Home, content: ServiceRecord) -> ServiceRecord:
    """Write a record, stamped with the time."""
    stamped = replace(content, updated_time=time.time())
    write_json(home.service(content.plan.service) / "record.json", stamped)
    return stamped


@contextmanager
def changing(home: Home, name: str, *, wait: float = 60.0) -> Iterator[None]:
    """Hold the service for one change; others wait for their turn, `wait` seconds at most."""
    with locked(home.services / f".{name}.lock", wait=wait):
        yield
