"""The watch over the workers: one that has grown too large is replaced, one beyond its limit is ended; one with long
runs stands back behind the front.

What lies between the sizes is the worker's own business: beyond its limit its allocations fail (`working.survival`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakSet

from .spawn import stand_back

if TYPE_CHECKING:
    from .crew import Crew
    from .worker import Worker

PERIOD = 0.25  # seconds
LARGE = 0.8  # of the limit, from where on a worker is replaced before it fails
TAKEN = ("RssAnon:", "RssShmem:")


class Watch:
    """Looks at every worker four times a second."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self._back: WeakSet[Worker] = WeakSet()  # those that stand back

    def look(self) -> None:
        """Look once, and come back until the workers are gone."""
        if self.crew.phase == "draining" and not self.crew.workers:
            return
        self.crew.scaling.begin()  # if it is asked for by now
        loop = asyncio.get_running_loop()
        loop.call_later(PERIOD, self.look)
        for worker in self.crew.workers:
            if worker not in self._back and worker.slow(loop.time()):
                self._back.add(worker)
                stand_back(worker.pid)
        settings = self.crew.front.settings
        if settings.worker_memory_limit or settings.renew_memory or settings.renew_requests:
            for worker in list(self.crew.workers):
                self._judge(worker)

    def _judge(self, worker: Worker) -> None:
        settings = self.crew.front.settings
        size, limit = resident(worker.pid), settings.worker_memory_limit
        large = settings.renew_memory or int(limit * LARGE)
        if limit and size > limit and worker.state != "condemned":
            worker.end_for(f"was ended: it took {size:,} bytes of memory, and its limit is {limit:,}")
        elif worker.state != "admitted":
            return
        elif large and size > large:
            self.crew.renew(worker, f"it has grown to {size:,} bytes")
        elif settings.renew_requests and worker.requests >= settings.renew_requests:
            self.crew.renew(worker, f"it has answered {worker.requests} requests")


def resident(pid: int) -> int:
    """Bytes that a process has taken, without its children's and without the files that it maps, such as libraries.

    0 where that cannot be read.
    """
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            rows = [line.split() for line in file if line.startswith(TAKEN)]
    except OSError:
        return 0
    return sum(int(row[1]) for row in rows) * 1024
