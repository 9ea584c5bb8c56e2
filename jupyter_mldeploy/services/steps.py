"""What an operation does, stage by stage; runs in the operation's own process, with the service held."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .. import bundle as bundles
from .. import environments
from ..disk import Home
from ..errors import MLDeployError, OperationFailed, OperationTimeout, ServiceUnreachable
from ..processes import other_users
from ..specs import Bundle, Handle, Lock, Plan, ServiceRecord
from ..targets import Target, target
from . import records, rolling, secrets
from .operations import TICK, Operation, before

START_LIMIT = 1800.0  # seconds that `init()` may take before the start counts as failed
KINDS = {"docker": "container"}  # what a service is there
LOG_LINES = 40  # of the service's log, in the error of a failed start


@dataclass(frozen=True)
class Work:
    """One operation at work on one service."""

    home: Home
    operation: Operation

    @property
    def name(self) -> str:
        return self.operation.service

    @contextmanager
    def stage(self, name: str, text: str = "") -> Iterator[Callable[[str], None]]:
        """Note the start and the end of a stage; what it yields notes a line in between."""
        self.operation.note(name, "started", text)
        yield lambda line: self.operation.note(name, "note", line)
        self.operation.note(name, "done")

    def heard(self, stage: str) -> Callable[[str], None]:
        """Notes the lines of a stage, which begins with the first of them."""
        begun: list[str] = []

        def say(line: str) -> None:
            if not begun:
                self.operation.note(stage, "started")
            begun.append(line)
            self.operation.note(stage, "note", line)

        return say

    def carry_out(self) -> None:
        """Do what was asked, after what was asked before. Raises `MLDeployError`; what served goes on serving then."""
        earlier = before(self.operation)
        while earlier and earlier.status == "Running":
            time.sleep(TICK)
        with records.changing(self.home, self.name, wait=3600):
            record = records.record(self.home, self.name)
            request = self.operation.request
            if request.verb in ("put", "remove"):
                rolling.change(self, record, request)
                return
            if request.verb == "restart" and record.bundle and record.lock:
                self.serve(record, request.plan or record.plan, record.lock, record.bundle)
            else:
                plan = request.plan or _with_its_models(record)
                lock = self.lock(plan, record, again=request.verb == "deploy")
                self.serve(record, plan, lock, self.bundle(plan, lock))
            rolling.settle(self, record, request)

    def lock(self, plan: Plan, record: ServiceRecord, *, again: bool) -> Lock:
        if record.lock and not again:
            return record.lock
        with self.stage("environment", plan.environment.name) as say:
            contained = plan.settings.target != "process"  # others make it in an image
            models = [Path(m.path) for m in plan.models]
            asked = environments.inside(plan.environment) if contained else plan.environment
            lock = environments.lock(asked, self.home, say=say, models=models)
            if not contained:
                environments.prepare(lock, self.home, say=say)
        return lock

    def bundle(self, plan: Plan, lock: Lock) -> Bundle:
        with self.stage("bundle"):
            return bundles.build(self.home, plan.script, plan.models, plan.environment, lock)

    def serve(self, record: ServiceRecord, plan: Plan, lock: Lock, bundle: Bundle) -> None:
        """Hand the bundle to the target, and keep in the record what serves."""
        runs_on = target(plan.settings.target, self.home)
        new = replace(record, plan=plan, lock=lock, bundle=bundle)
        runs_on.prepare(bundle, plan.settings, self.heard("image"))
        if record.handle and record.handle.target == runs_on.kind and lives(runs_on, record.handle):
            with self.stage("update", "the old version serves until the new one does"):
                handle = runs_on.update(record.handle, bundle, plan.settings, secrets.for_target(self.home, self.name))
        else:
            handle = self.start(runs_on, new)
            if record.handle and record.handle.target != runs_on.kind:
                target(record.handle.target, self.home).stop(record.handle)
        history = tuple(dict.fromkeys((*record.history, bundle.digest)))[-20:]
        records.write(self.home, replace(new, handle=handle, history=history))

    def start(self, runs_on: Target, record: ServiceRecord) -> Handle:
        settings = record.plan.settings
        with self.stage("start", f"on this machine, as a {KINDS.get(runs_on.kind, runs_on.kind)}") as say:
            if settings.auth == "none" and (others := other_users()):
                say(f"authentication is off, and {', '.join(others[:5])} can reach this machine's services too")
            runs_on.check(settings)
            given = secrets.for_target(self.home, self.name)
            handle = runs_on.start(record.bundle or Bundle("", ""), settings, given)
            # Written before it is healthy, so that its log and state are found whatever happens next.
            records.write(self.home, replace(record, handle=handle))
        with self.stage("init()"):
            self.until_healthy(runs_on, handle)
        return handle

    def until_healthy(self, runs_on: Target, handle: Handle) -> None:
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            try:
                replies = runs_on.control(handle, {"v": 1, "op": "wait", "seconds": 1.0})
            except ServiceUnreachable:
                replies = []
            if replies and all(reply.data.get("phase") == "serving" for reply in replies):
                return
            state = runs_on.state(handle)
            if state.phase in ("Failed", "Stopped", "Unhealthy"):
                raise OperationFailed(state.reason, stage="init()", traceback=state.traceback)
            time.sleep(0.01)
        raise OperationTimeout(
            f"init() has not ended within {START_LIMIT:.0f} s. Look at its log; delete or reload it."
        )


def work(operation: Operation) -> bool:
    """Carry an operation out and write its last event; returns whether it succeeded."""
    job = Work(operation.home, operation)
    began = time.time()
    try:
        job.carry_out()
    except MLDeployError as error:
        stage, traceback, log = "", "", ""
        if isinstance(error, OperationFailed):
            stage, traceback, log = error.stage, error.traceback, error.log
        log = log or last_lines(operation.home, operation.service, since=began)
        operation.note("end", "failed", error.message, {"stage": stage, "traceback": traceback, "log": log})
        return False
    operation.note("end", "succeeded")
    return True


def last_lines(home: Home, name: str, since: float) -> str:
    """The last lines that the service itself logged since then."""
    handle = records.record(home, name).handle
    if handle is None:
        return ""
    lines = [line.text for line in target(handle.target, home).logs(handle) if line.time >= since]
    return "\n".join(lines[-LOG_LINES:])


def _with_its_models(record: ServiceRecord) -> Plan:
    """The plan of a service that keeps its models; one whose registered file is gone or moved is in the old bundle."""
    here = bundles.model_paths(record.bundle) if record.bundle else {}
    models = (m if Path(m.path).exists() else replace(m, path=here.get(m.id, m.path)) for m in record.plan.models)
    return replace(record.plan, models=tuple(models))


def lives(runs_on: Target, handle: Handle) -> bool:
    """Whether something is there that can be told of a new version; a front that is on its way out cannot."""
    try:
        replies = runs_on.control(handle, {"v": 1, "op": "status"})
    except ServiceUnreachable:
        return False
    return bool(replies) and not any(reply.data.get("ending") for reply in replies)
