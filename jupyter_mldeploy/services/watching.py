"""The verbs that look: state, address, logs."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from time import gmtime, sleep, strftime

from ..disk import Home
from ..errors import ServiceNotFound
from ..specs import Address, Event, LogLine, ServiceRecord, State
from ..targets import target
from . import records
from .operations import END, Operation, every, last

MARKS = {"started": "…", "done": "done", "note": "", "failed": "failed", "succeeded": "succeeded"}


def operation(home: Home, name: str, id: str = "") -> Operation | None:
    """Operation `id` of a service, or its newest; None when it has none."""
    records.record(home, name)
    return Operation(home, name, id) if id else last(home, name)


def coming(home: Home, name: str) -> ServiceRecord:
    """The record; while a deployment replaces the service by one of another type, with the plan of what is coming."""
    newest = last(home, name)
    plan = newest.request.plan if newest and newest.status == "Running" else None  # asked before the record is read
    found = records.record(home, name)
    return replace(found, plan=plan) if plan and plan.type != found.plan.type else found


def state(home: Home, name: str) -> State:
    """The live state: what the target sees, or how far the first operation is when nothing has started yet."""
    handle = records.record(home, name).handle
    if handle is not None:
        return target(handle.target, home).state(handle)
    newest = last(home, name)
    events = newest.events() if newest else []
    if not events or events[-1].stage != END:
        return State("Starting", f"at stage {events[-1].stage}" if events else "about to start")
    return State("Failed", events[-1].text, traceback=events[-1].data.get("traceback", ""))


def address(home: Home, name: str) -> Address | None:
    """Where the service is reached; None before it has an address."""
    handle = records.record(home, name).handle
    return target(handle.target, home).address(handle) if handle else None


def logs(home: Home, name: str, *, num_lines: int = 5000, follow: bool = False) -> Iterator[LogLine]:
    """The stages of its operations, then what the service wrote, by time; also for what is dead.

    With `follow` it goes on with new lines until the caller stops.
    """
    lines = list(_all(home, name))
    yield from lines[-num_lines:] if num_lines else []
    while follow:
        sleep(0.1)
        now = list(_all(home, name))
        yield from _after(lines, now)
        lines = now


def log_text(home: Home, name: str, num_lines: int = 5000) -> str:
    """`logs` as one text, a line each: UTC time, where from, text."""
    return "\n".join(as_text(line) for line in logs(home, name, num_lines=num_lines))


def as_text(line: LogLine) -> str:
    """One log line as people read it."""
    when = strftime("%Y-%m-%d %H:%M:%S", gmtime(line.time)) + f",{int(line.time % 1 * 1000):03}"
    who = line.stream + (f" {line.replica}" if line.replica else "") + (f" {line.request}" if line.request else "")
    return f"{when} [{who}] {line.text}"


def _all(home: Home, name: str) -> Iterator[LogLine]:
    if not (home.service(name) / "operations").is_dir():
        records.record(home, name)  # raises, and lists what exists
        return iter(())
    stages = chain.from_iterable(map(_stages, every(home, name)))
    try:
        handle = records.record(home, name).handle
    except ServiceNotFound:
        handle = None
    own = target(handle.target, home).logs(handle, previous=True) if handle else iter(())
    return heapq.merge(stages, own, key=lambda line: line.time)


def _after(before: list[LogLine], now: list[LogLine]) -> list[LogLine]:
    """What is new in `now`, also when a full log file has made room and the oldest lines are gone."""
    if not before or now[len(before) - 1 : len(before)] == before[-1:]:
        return now[len(before) :]
    known = next((n for n in range(len(now), 0, -1) if now[n - 1] == before[-1]), 0)
    return now[known:]


def _stages(done: Operation) -> Iterator[LogLine]:
    for event in done.events():
        yield from (LogLine(event.time, "operation", text) for text in _texts(event))


def _texts(event: Event) -> list[str]:
    mark = MARKS.get(event.status, event.status)
    first = ": ".join(part for part in (event.stage, event.text, mark) if part)
    return [first, *event.data.get("traceback", "").splitlines()]
