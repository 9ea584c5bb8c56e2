"""An operation: work that takes more than a moment, in a detached process that appends its stages to a file.

No face owns the work. Whoever wants to know follows the file; an operation whose process died reads as failed.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

import msgspec

from ..disk import Home, read_json, write_json
from ..errors import OperationFailed, OperationTimeout
from ..specs import Event, Plan

Status = Literal["Running", "Succeeded", "Failed"]
END = "end"
DIED = "The process that did this work ended before it had finished. What served before goes on; try again."
MODULE = "jupyter_mldeploy.services.operate"
TICK = 0.02  # seconds between two looks at the file


@dataclass(frozen=True)
class Request:
    """What an operation is asked to do; `plan` is None where the service's own plan is meant.

    `put` makes or changes one of several versions: with `swap` new workers serve it, `default` and `control` mark it
    (None: as it is). `remove` ends `version`.
    """

    verb: Literal["deploy", "reload", "restart", "put", "remove"]
    plan: Plan | None = None
    version: str = ""
    swap: bool = True
    default: bool = False
    control: bool | None = None


@dataclass(frozen=True)
class Operation:
    """One operation of a service, found again by its id from any process."""

    home: Home
    service: str
    id: str

    @property
    def path(self) -> Path:
        return _folder(self.home, self.service) / f"{self.id}.jsonl"

    @property
    def request(self) -> Request:
        return read_json(self.path.with_suffix(".json"), Request)

    @property
    def status(self) -> Status:
        events = self.events()
        if not events or events[-1].stage != END:
            return "Running"
        return "Succeeded" if events[-1].status == "succeeded" else "Failed"

    def events(self) -> list[Event]:
        """All stage events so far; one whose process died ends with a failure that says so."""
        running = self._running()  # asked first: what it writes after that is read in any case
        events = _read(self.path)
        if not running and (not events or events[-1].stage != END):
            when = events[-1].time if events else self.path.with_suffix(".json").stat().st_mtime
            events.append(Event(when, END, "failed", DIED, {"log": _tail(self.path.with_suffix(".out"))}))
        return events

    def follow(self, timeout: float | None = None) -> Iterator[Event]:
        """Yield each event as it comes, until the end. Raises `OperationTimeout` after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        seen = 0
        while True:
            events = self.events()
            yield from events[seen:]
            seen = len(events)
            if events and events[-1].stage == END:
                return
            if deadline is not None and time.monotonic() >= deadline:
                at = events[-1].stage if events else "its start"
                raise OperationTimeout(f"After {timeout:g} s operation {self.id} is still at {at}; it goes on working.")
            time.sleep(TICK)

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the end. Raises `OperationFailed` with the script's traceback and log, or `OperationTimeout`."""
        for event in self.follow(timeout):
            if event.stage == END and event.status == "failed":
                raise self.failure(event)

    def failure(self, event: Event) -> OperationFailed:
        """The error that a failed end event stands for."""
        stages = [e.stage for e in self.events() if e.stage != END]
        return OperationFailed(
            event.text,
            stage=event.data.get("stage") or (stages[-1] if stages else "start"),
            traceback=event.data.get("traceback", ""),
            log=event.data.get("log", ""),
            operation=self.id,
        )

    def note(self, stage: str, status: str, text: str = "", data: Mapping[str, str] | None = None) -> None:
        """Append an event; called by the process that does the work."""
        line = msgspec.json.encode(Event(time.time(), stage, status, text, data or {})) + b"\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line)  # one call, so that a reader never sees half a line of two writers
        finally:
            os.close(handle)

    def worker(self) -> int | None:
        """The pid of the process that works on it, while it does."""
        if not self._running():
            return None
        text = self.path.with_suffix(".lock").read_text()
        return int(text) if text else None

    def _running(self) -> bool:
        try:
            handle = os.open(self.path.with_suffix(".lock"), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False


def begin(home: Home, service: str, request: Request) -> Operation:
    """Start a detached process that does what `request` says."""
    when = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")  # sorts by time
    operation = Operation(home, service, f"{when}-{secrets.token_hex(3)}")
    write_json(operation.path.with_suffix(".json"), request)
    _spawn(operation)
    return operation


def last(home: Home, service: str) -> Operation | None:
    """The service's newest operation."""
    ids = sorted(path.stem for path in _folder(home, service).glob("*.json"))
    return Operation(home, service, ids[-1]) if ids else None


def before(operation: Operation) -> Operation | None:
    """What was asked of the service last before this one."""
    earlier = [one for one in every(operation.home, operation.service) if one.id < operation.id]
    return earlier[-1] if earlier else None


def every(home: Home, service: str) -> list[Operation]:
    """The service's operations, oldest first."""
    return [Operation(home, service, path.stem) for path in sorted(_folder(home, service).glob("*.json"))]


def _folder(home: Home, service: str) -> Path:
    return home.service(service) / "operations"


def _tail(path: Path) -> str:
    """What the process said last, if it could say anything."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-20:])
    except FileNotFoundError:
        return ""


def _read(path: Path) -> list[Event]:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    # The last piece is empty, or a line that is being written right now.
    return [msgspec.json.decode(line, type=Event) for line in lines[:-1] if line]


def _spawn(operation: Operation) -> None:
    """The lock is taken here and inherited, so there is no moment at which the work looks dead."""
    lock = os.open(operation.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with operation.path.with_suffix(".out").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", MODULE, str(operation.home.path), operation.service, operation.id],
                cwd=operation.home.path,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[lock],
                env=_environment(lock),
                start_new_session=True,
            )
        os.write(lock, str(process.pid).encode())
    finally:
        os.close(lock)
    _children.append(process)
    _children[:] = [child for child in _children if child.poll() is None]  # reap those that have ended


_children: list[subprocess.Popen[bytes]] = []


def _environment(lock: int) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k != "MPLBACKEND" and not k.startswith(("JPY_", "PYDEVD_"))}
    return {**kept, "MLDEPLOY_OPERATION_LOCK": str(lock)}
