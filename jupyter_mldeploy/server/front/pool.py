"""Who works on what: the queue, its limits, and how many requests travel to which worker at a time.

A frame carries several requests while they are expected to run for `BUDGET` together; how long a run takes is learnt
from the runs. What then turns out to wait behind a slow one is taken back. Nothing ever waits for a timer to be sent.
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
LOOK = 0.005  # seconds between two looks at workers that hold several requests
TRIES = 3  # workers that may die under a request before it has begun; one more would hardly help
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
        self._due = self._looking = False

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
        if len(self.queue) >= settings.queue_limit or self.queued_bytes + size > settings.queue_bytes or self._full():
            return False
        if settings.max_wait_ms:
            asyncio.get_running_loop().call_later(settings.max_wait_ms / 1000, self._waited, exchange)
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
        most, secret = max(1, min(BUDGET // max(self.estimate, 1), MOST)), self.front.auth.mode != "none"
        now = asyncio.get_running_loop().time()
        frames_of: dict[Worker, list[Request]] = {}
        while queue and (worker := self._freest(1 if queue[0].alone else most, now)) is not None:
            exchange = queue.popleft()
            self.queued_bytes -= len(exchange.body)
            if exchange.gone:
                self.front.counts.dropped += 1
                continue
            request = Request(worker.take(exchange), meta(exchange, self.headers, secret), exchange.body)
            frames_of.setdefault(worker, []).append(request)
        for worker, requests in frames_of.items():
            self.front.metrics.frames.add(len(requests))
            worker.give(requests)
            if len(worker.running) > 1 and not self._looking:
                self._looking = True
                asyncio.get_running_loop().call_later(LOOK, self._look)

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
        for exchange in waiting:
            exchange.alone = True
            exchange.lost += 1
            if exchange.lost > TRIES:
                self.front.routes.answers.fail(exchange)
        self.queue_again([exchange for exchange in waiting if not exchange.gone])
        self.dispatch()

    def queue_again(self, back: list[Exchange]) -> None:
        """Put what a worker has not begun at the front of the queue, in its order."""
        self.queue.extendleft(reversed(back))
        self.queued_bytes += sum(len(exchange.body) for exchange in back)

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

    def cancel(self, exchange: Exchange) -> None:
        """The client of a stream has gone."""
        for worker in self._working_on(exchange):
            worker.cancel(exchange)

    def _freest(self, most: int, now: float) -> Worker | None:
        best, least = None, most
        for worker in self.admitted:
            held = len(worker.running)
            if held < least and worker.takes(now):
                best, least = worker, held
        return best

    def _full(self) -> bool:
        """Whether the workers hold, or will have to do, all that they may at a time."""
        most = self.front.settings.max_concurrent * max(1, len(self.admitted))
        if not most:
            return False
        return len(self.queue) + sum(len(worker.running) for worker in self.admitted) >= most

    def _waited(self, exchange: Exchange) -> None:
        """Refuse a request that has waited as long as it may."""
        if not exchange.gone and exchange in self.queue:
            self.front.routes.answers.busy(exchange, "waited too long")

    def _look(self) -> None:
        """Take back what waits behind a slow run when another worker could do it, or when a client has gone."""
        self._looking = False
        now = asyncio.get_running_loop().time()
        holding = [worker for worker in self.front.crew.workers if len(worker.running) > 1]
        for worker in holding:
            if worker.slow(now) and not worker.recall.open and (self._could_do(now) or worker.holds_gone()):
                worker.recall.begin()
        if holding and not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOK, self._look)

    def _could_do(self, now: float) -> bool:
        return any(worker.takes(now) for worker in self.admitted)
