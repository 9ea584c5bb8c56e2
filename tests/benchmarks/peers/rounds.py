"""The measuring itself: all servers of a workload are started and stay up, and are asked one at a time, in turns.

Those that wait are idle; what they use then is recorded. To start them anew for each turn would take most of the
time, and would measure cold caches.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import load, processes
from .figures import Figures, Sample, Standing
from .servers import SERVERS, Place
from .starting import LOOP, Running, Unfit, free_port, start
from .workloads import Workload

LOG_LIMIT = 16 << 20
LOOP_SECONDS = 0.5
AT_ONCE = 3


@dataclass(frozen=True)
class Bench:
    """What all workloads share: the environments by name, a folder of this run, the models in it, and a way to talk."""

    venvs: Mapping[str, Path]
    unfit: Mapping[str, str]  # servers that cannot take part, and why
    folder: Path
    say: Callable[[str], None]

    @property
    def models(self) -> Path:
        return self.folder / "models"

    def prepare(self) -> None:
        """Train the models and write the bodies."""
        self.models.mkdir()
        program = Path(__file__).parent / "programs" / "prepare.py"
        subprocess.run([self.venvs["ours"] / "bin/python", program, self.models], check=True, timeout=120)

    def run(self, workload: Workload, figures: Figures, until: float) -> None:
        """Add all that is measured of one workload; no round begins that would end after `until` (monotonic)."""
        with self._started(workload, figures) as servers:
            if not servers:
                return
            self._warm(servers, figures)
            began = time.monotonic()
            for number in range(workload.rounds):
                spent = time.monotonic() - began
                if number and time.monotonic() + spent / number > until:
                    self.say(f"{workload.name}: {number} of {workload.rounds} rounds, for want of time")
                    break
                self._round(workload, servers, figures, number)
            for server in servers:
                _note(figures, server, memory=processes.memory(processes.family(server.process.pid)))

    def _round(self, workload: Workload, servers: Sequence[Running], figures: Figures, number: int) -> None:
        order = [*servers[number % len(servers) :], *servers[: number % len(servers)]]
        for connections in workload.connections:
            for server in order:
                if server.name == LOOP:
                    continue
                try:
                    sample = measure(server, connections, workload.seconds)
                except load.NoFigure as error:
                    self.say(f"{workload.name}: {server.name}: {error}")
                    _note(figures, server, failure=str(error))
                else:
                    figures.samples.append(replace(sample, round=number))
        figures.samples += [replace(loop(server), round=number) for server in order if server.name == LOOP]
        self.say(f"{workload.name}: round {number + 1}")

    @contextmanager
    def _started(self, workload: Workload, figures: Figures) -> Iterator[list[Running]]:
        """All servers that can take part. One after the other where the start is timed, else a few at a time."""
        servers: list[Running] = []

        def begin(name: str, place: Place) -> None:
            try:
                if name in self.unfit:
                    raise Unfit(self.unfit[name])
                servers.append(start(name, place))
            except Unfit as error:
                figures.standings.append(Standing(workload.name, name, failure=str(error)))
                self.say(f"{workload.name}: {name} does not take part: {error}")

        try:
            expected = self._expected(workload)
            places = {name: self._place(workload, name, expected) for name in workload.servers}
            with ThreadPoolExecutor(1 if workload.starts else AT_ONCE) as pool:
                list(pool.map(begin, places, places.values()))
            servers.sort(key=lambda server: workload.servers.index(server.name))
            for server in servers:
                timed = server.start if workload.starts and server.name != LOOP else None
                figures.standings.append(Standing(workload.name, server.name, timed))
            yield servers
        finally:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(Running.stop, servers))

    def _place(self, workload: Workload, name: str, expected: Any) -> Place:
        venv = self.venvs.get(SERVERS[name].venv, Path())
        return Place(workload, self.folder / f"{workload.name}-{name}", free_port(), venv, self.models, expected)

    def _expected(self, workload: Workload) -> Any:
        """What `run` itself answers."""
        place = replace(self._place(workload, LOOP, ...), folder=self.folder / f"{workload.name}-expected")
        looping = start(LOOP, place)
        looping.stop()
        return looping.answer

    def _warm(self, servers: Sequence[Running], figures: Figures) -> None:
        """What each uses while none of them is asked; then some requests for each."""
        families = {server.name: processes.family(server.process.pid) for server in servers}
        for pids in families.values():
            processes.calm(pids, patience=3)
        before = {name: processes.cpu(pids) for name, pids in families.items()}
        time.sleep(1)
        for server in servers:
            server.idle = processes.cpu(families[server.name]) - before[server.name]
            _note(figures, server, idle=server.idle)
        for server in servers:
            if server.name != LOOP:
                with server.turn(), suppress(load.NoFigure):  # the rounds will say it
                    load.wrk(server.target, 8, 1)


def measure(server: Running, connections: int, seconds: int) -> Sample:
    """wrk for so many seconds, and what the server's processes used meanwhile."""
    if server.log.stat().st_size > LOG_LIMIT:
        os.truncate(server.log, 0)
    with server.turn() as pids:
        before, all_before, began = processes.cpu(pids), processes.everybody() - _own(), time.monotonic()
        seen = load.wrk(server.target, connections, seconds)
        used, took = processes.cpu(pids) - before, time.monotonic() - began
        others = max(processes.everybody() - _own() - all_before - used, 0.0) / took
    times = seen.p50, seen.p99, seen.p999, used / seen.requests * 1e6
    head = server.place.workload.name, server.name, connections, 0
    return Sample(*head, seen.requests, seen.requests / seen.seconds, *times, seen.errors, others)


def _own() -> float:
    """Seconds of processor time of this program and of wrk."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def loop(server: Running) -> Sample:
    """`run` in a loop for a moment."""
    assert server.process.stdin is not None and server.process.stdout is not None
    server.process.stdin.write(f"{LOOP_SECONDS}\n".encode())
    server.process.stdin.flush()
    calls, took, used, *times = json.loads(server.process.stdout.readline())
    head = server.place.workload.name, server.name, 0, 0
    return Sample(*head, calls, calls / took, *(value * 1000 for value in times), used / calls * 1e6)


def _note(figures: Figures, server: Running, **seen: Any) -> None:
    workload = server.place.workload.name
    for at, standing in enumerate(figures.standings):
        if (standing.workload, standing.server) == (workload, server.name):
            figures.standings[at] = replace(standing, **seen)
