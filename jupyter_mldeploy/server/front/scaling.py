"""Autoscaling: as many workers, between two bounds, as the work of the last moment needs; fewer after a quiet minute.

What is measured is how many requests are there at a time, those that wait included. A worker runs one at a time, so
that number, over the utilisation that is aimed at, is the number of workers (Little's law; v1 counted slots so). More
than there ever were requests at one time would be of no use to anybody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .crew import Crew

PERIOD = 0.05  # seconds between two samples
PAUSE = 10.0  # seconds after workers that did not come up


class Scaling:
    """Samples while the settings ask for it."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.active = self.busy = False
        self._sum = self._samples = self._peak = 0
        self._began = 0.0
        self._needs: deque[tuple[float, int]] = deque()  # when, and how many workers were needed

    def begin(self) -> None:
        """Sample from now on, if that is asked for and not done already."""
        if not self.active and self.crew.front.settings.autoscale_max:
            self.active, self._began = True, monotonic()
            self._look()

    def _look(self) -> None:
        crew, settings = self.crew, self.crew.front.settings
        if not settings.autoscale_max or crew.phase == "draining":
            self.active = False
            self._needs.clear()
            return
        asyncio.get_running_loop().call_later(PERIOD, self._look)
        pool = crew.front.pool
        there = len(pool.queue) + sum(len(worker.running) for worker in pool.admitted)
        self._sum, self._peak = self._sum + there, max(self._peak, there)
        self._samples += 1
        now = monotonic()
        if now - self._began >= max(1, settings.autoscale_seconds):
            self._decide(now)

    def _decide(self, now: float) -> None:
        crew, settings = self.crew, self.crew.front.settings
        load = self._sum / self._samples
        needed = min(self._peak, ceil(load * 100 / max(1, settings.autoscale_utilization)))
        self._sum = self._samples = self._peak = 0
        self._began = now
        self._needs.append((now, needed))
        while self._needs[0][0] < now - settings.autoscale_down_seconds:
            self._needs.popleft()
        needed = max(needed for _, needed in self._needs)
        wanted = max(1, settings.autoscale_min, min(needed, settings.autoscale_max))
        if wanted != crew.wanted and crew.phase == "serving" and not self.busy:
            crew.front.log.line(f"Workers: {crew.wanted} become {wanted}, for {load:.1f} requests at a time.")
            self.busy = True
            crew.adapt(wanted, PAUSE)
