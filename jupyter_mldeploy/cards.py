"""Specs as people read them, in text: pure functions that look nothing up."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .specs import Address, Event, Leftover, ServiceRecord, State

HEADER = ("name", "type", "state", "workers", "auth", "address")


@dataclass(frozen=True)
class ServiceLine:
    """One service in a listing; `note` says why it is not healthy."""

    name: str
    type: str
    state: str
    workers: str
    auth: str
    address: str
    note: str = ""


class ServiceTable(tuple[ServiceLine, ...]):
    """Services as a tuple of lines that shows itself as a text table."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self:
            return "No services."
        rows = [tuple(str(getattr(line, column)) for column in HEADER) for line in self]
        notes = [f"{line.name}: {line.note}" for line in self if line.note]
        return "\n".join([table(HEADER, rows), *notes])


def service_line(record: ServiceRecord, state: State, address: Address | None) -> ServiceLine:
    """A service's record, live state and address as one line."""
    settings = record.plan.settings
    return ServiceLine(
        name=record.plan.service,
        type=record.plan.type,
        state=state.phase,
        workers=f"{state.ready}/{state.workers or settings.workers}",
        auth=settings.auth,
        address=address.local if address else "",
        note="" if state.phase == "Healthy" else state.reason.partition("\n")[0],
    )


class LeftoverTable(tuple[Leftover, ...]):
    """Leftovers as a tuple that shows itself as a text table."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self:
            return "Nothing is left over."
        rows = [(one.kind, one.name, size(one.size), one.why) for one in self]
        return table(("kind", "name", "size", "why"), [*rows, ("", "", size(sum(one.size for one in self)), "")])


def size(count: int) -> str:
    """Bytes as people say them; nothing where they are not known."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.{int(unit == 'GB')}f} {unit}"
    return f"{count} B" if count else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows under a header, in columns as wide as their widest cell."""
    lines = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def event_line(event: Event) -> str:
    """One stage event of an operation: local time, stage, what became of it."""
    status = "" if event.status == "note" else event.status
    words = (time.strftime("%H:%M:%S", time.localtime(event.time)), event.stage, status, event.text)
    return "  ".join(word for word in words if word)
