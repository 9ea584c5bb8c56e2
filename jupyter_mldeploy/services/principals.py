"""Service principals: who may ask services for tokens. Issued by a workspace, their secrets stored as hashes only."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from ..disk import Home, locked, read_json, write_json
from ..errors import InvalidInput, NotFound, ServiceUnreachable, known
from ..server import principals as secrets
from ..specs import Json, Principal
from ..targets import target
from . import records
from .telling import tell


class Issued(NamedTuple):
    """A new service principal. The secret is nowhere else: who loses it needs another one."""

    id: str
    secret: str
    services: tuple[str, ...]
    expires_time: float | None

    def __repr__(self) -> str:
        return f"Issued(id={self.id!r}, secret=…, services={self.services!r}, expires_time={self.expires_time!r})"


def issue(home: Home, services: Sequence[str], *, seconds: float | None = None, description: str = "") -> Issued:
    """Make a service principal for `services`, which ends after `seconds` (None: not by itself)."""
    if isinstance(services, str) or not services:
        raise InvalidInput(f"services is {services!r}: name the services that it may use, as a list.")
    for name in services:
        records.record(home, name)
    if seconds is not None and seconds <= 0:
        raise InvalidInput(f"A service principal that ends after {seconds:g} s is of no use; give a longer time.")
    secret, now = secrets.new_secret(), time.time()
    ends = None if seconds is None else now + seconds
    made = Principal(str(uuid4()), secrets.hashed(secret), tuple(services), now, ends, description)
    with _changing(home):
        _write(home, [*_all(home), made])
    _tell(home, made.services)
    return Issued(made.id, secret, made.services, ends)


def principals(home: Home) -> list[Principal]:
    """All service principals, revoked and expired ones too, the oldest first."""
    return _all(home)


def revoke(home: Home, id: str) -> None:
    """End a service principal and every token that it holds, from the next request on."""
    with _changing(home):
        every = _all(home)
        found = next((one for one in every if one.id == id), None)
        if found is None:
            raise NotFound(f"No service principal {id!r}. {known('Service principals', (one.id for one in every))}")
        revoked = replace(found, revoked_time=found.revoked_time or time.time())
        _write(home, [revoked if one.id == id else one for one in every])
    _tell(home, found.services)


def for_front(home: Home, service: str) -> list[Json]:
    """What the front of `service` must know: those that may use it, by the hashes of their secrets."""
    return [
        {"id": one.id, "hash": one.hash, "ends": one.expires_time}
        for one in _all(home)
        if service in one.services and one.revoked_time is None
    ]


def _tell(home: Home, services: Iterable[str]) -> None:
    """Tell the fronts that run. A service in the midst of a change is waited for: its new front may have read the
    list before it was changed."""
    for name in services:
        if name not in records.names(home):
            continue
        with records.changing(home, name):
            record = records.record(home, name)
            try:
                tell(home, record, {"v": 1, "op": "keys", "principals": for_front(home, name)})
            except ServiceUnreachable:
                # A front that is dead reads the file when it starts again; one that only does not answer is trouble.
                handle = record.handle
                if handle is None or target(handle.target, home).state(handle).workers:
                    raise


def _path(home: Home) -> Path:
    return home.path / "principals.json"


def _changing(home: Home) -> AbstractContextManager[None]:
    return locked(home.path / ".principals.lock")


def _all(home: Home) -> list[Principal]:
    with suppress(FileNotFoundError):
        return read_json(_path(home), list[Principal])
    return []


def _write(home: Home, content: list[Principal]) -> None:
    write_json(_path(home), content, mode=0o600)
