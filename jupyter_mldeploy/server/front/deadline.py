"""The deadline of what a worker runs: first the answer, then its stacks, then the kill.

Of several requests joined to one run nobody knows which takes so long: they are all run again, each alone and with a
deadline of its own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .spawn import kill

if TYPE_CHECKING:
    from .exchange import Exchange
    from .worker import Worker

INTERRUPT = 0.01  # seconds that a stuck worker has to write its stacks, once it has begun …
CHANCES = 20  # … and times that long to begin: on a busy machine it may have to wait for its turn


class Deadline:
    """One worker's clock; `since` is when it began with what it runs."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.since = 0.0
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def arm(self) -> None:
        """Look when the time is over; what is armed stays so."""
        limit = self.worker.front.settings.scoring_timeout_ms / 1000
        if limit and self._timer is None and not self.worker.debugged:
            self._timer = self._loop.call_at(self.since + limit, self._overdue, limit)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _overdue(self, limit: float) -> None:
        self._timer = None
        worker = self.worker
        if worker.state != "dead":
            worker.collect()
        if not worker.running or worker.state == "dead":
            return
        begun = worker.begun() or [next(iter(worker.running))]
        exchange = worker.running[begun[0]]
        if exchange.streaming and exchange.connection.choked:  # it is the client who takes his time
            self.since = self._loop.time()
        if self._loop.time() < self.since + limit:
            self.arm()
        elif len(begun) > 1:
            worker.note(
                f"A run of {len(begun)} joined requests took over {limit * 1000:.0f} ms; each is run alone now."
            )
            worker.front.pool.batching.too_long(len(begun))
            self._end_run()
        else:
            del worker.running[begun[0]]
            self._give_up(exchange)
            self._end_run()

    def _give_up(self, exchange: Exchange) -> None:
        front = self.worker.front
        front.counts.timeouts += 1
        message = f"Scoring timeout after {front.settings.scoring_timeout_ms} ms"
        self.worker.note(message, exchange)
        front.routes.answers.fail(exchange, message, 504 if front.settings.timeout_504 else 500)

    def _end_run(self) -> None:
        worker = self.worker
        worker.condemn()
        self._loop.call_later(INTERRUPT, self._end_stuck, worker.heard, CHANCES)
        worker.hand_back()

    def _end_stuck(self, heard: int, chances: int) -> None:
        if chances and self.worker.heard == heard:
            self._loop.call_later(INTERRUPT, self._end_stuck, heard, chances - 1)
        else:
            self._loop.call_later(INTERRUPT, kill, self.worker.process)
