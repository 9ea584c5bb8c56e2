"""Who works on what: the queue, its limits, and how many requests travel to which worker at a time.

To the only worker a frame carries several requests while they are expected to run for `BUDGET` together; how long a
run takes is learnt from the runs. Nothing ever waits for a timer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from ..frames import Request
from .exchange import Exchange
from .meta import meta
from .worker import Worker

if TYPE_CHECKING:
    from .state import Front

BUDGET = 2000  # µs of expected work that one worker holds
MOST = 256  # requests that one worker holds, however short they are
UNKNOWN = BUDGET + 1  # what a run is taken to cost before the first has ended: requests go one by one


class Pool:
    """The queue and the admitted workers."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.admitted: list[Worker] = []
        self.queue: deque[Exchange] = deque()
        self.queued_bytes = 0
        self.estimate = UNKNOWN
        self.swagger: dict[str, Any] = {}
        self.raw = False  # the script takes the request itself, whatever its method
        self.headers = False  # the script wants to see the headers
        self._due = False

    def admit(self, workers: list[Worker]) -> None:
        """Give work to these workers and to no others, from now on."""
        for worker in self.admitted:
            if worker not in workers:
                worker.leave()
        for worker in workers:
            worker.enter()
        self.admitted = workers
        if workers:
            ready = workers[-1].ready
            self.raw = bool(ready.get("raw"))
            self.headers = self.raw or bool(ready.get("headers"))
            self.swagger = ready.get("swagger") or {}
            self.dispatch()

    def submit(self, exchange: Exchange) -> bool:
        """Queue a request; False when there is no room."""
        settings = self.front.settings
        size = len(exchange.body)
        if len(self.queue) >= settings.queue_limit or self.queued_bytes + size > settings.queue_bytes:
            return False
        self.queued_bytes += size
        self.queue.append(exchange)
        if not self._due:
            # At the end of this pass of the loop, so that all that arrived in it travels together.
            self._due = True
            asyncio.get_running_loop().call_soon(self.dispatch)
        return True

    def dispatch(self) -> None:
        """Hand the queue's requests to the workers that have room, the least busy first."""
        self._due = False
        queue = self.queue
        most, secret = self._most(), self.front.auth.mode != "none"
        frames_of: dict[Worker, list[Request]] = {}
        while queue and (worker := self._freest(1 if queue[0].alone else most)) is not None:
            exchange = queue.popleft()
            self.queued_bytes -= len(exchange.body)
            if exchange.gone:
                self.front.counts.dropped += 1
                continue
            request = Request(worker.take(exchange), meta(exchange, self.headers, secret), exchange.body)
            frames_of.setdefault(worker, []).append(request)
        for worker, requests in frames_of.items():
            worker.give(requests)

    def learn(self, exec_us: int) -> None:
        """Up at once, down slowly: a mixture of fast and slow runs counts as slow."""
        estimate = self.estimate
        if exec_us >= estimate or estimate == UNKNOWN:
            self.estimate = exec_us
        else:
            self.estimate = estimate - (estimate - exec_us) // 32 - 1

    def forget_estimate(self) -> None:
        """Another script: what the old one cost says nothing."""
        self.estimate = UNKNOWN

    def lost(self, worker: Worker, waiting: list[Exchange]) -> None:
        """Give nothing more to a worker that dies, and hand what it had not begun to others, each alone."""
        self.admitted = [one for one in self.admitted if one is not worker]
        for exchange in reversed(waiting):
            exchange.alone = True
            self.queued_bytes += len(exchange.body)
            self.queue.appendleft(exchange)
        self.dispatch()

    def flush(self) -> None:
        """Give up on all that waits: no worker will come."""
        waiting, self.queue, self.queued_bytes = list(self.queue), deque(), 0
        for exchange in waiting:
            if not exchange.gone:
                self.front.routes.unavailable(exchange)

    def hold(self, exchange: Exchange) -> None:
        """A client does not take its stream: let the worker that makes it wait."""
        for worker in self._working_on(exchange):
            worker.pause()

    def release(self, exchange: Exchange) -> None:
        for worker in self._working_on(exchange):
            worker.resume()

    def _working_on(self, exchange: Exchange) -> list[Worker]:
        return [worker for worker in self.front.crew.workers if exchange in worker.running.values()]

    def _most(self) -> int:
        """How many requests one worker may hold. With several workers one each: what a worker holds cannot be taken
        back, and would wait behind a run that turns out slow while another worker is free."""
        if len(self.admitted) > 1:
            return 1
        return max(1, min(BUDGET // max(self.estimate, 1), MOST))

    def _freest(self, most: int) -> Worker | None:
        best, least = None, most
        for worker in self.admitted:
            held = len(worker.running)
            if held < least and not worker.reserved:
                best, least = worker, held
        return best
