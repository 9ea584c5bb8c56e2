"""Who works on what: the queue, its limits, and how many requests travel to which worker at a time.

A frame carries several requests while they are expected to run for `BUDGET` together; how long a run takes is learnt
from the runs. What then turns out to wait behind a slow one is taken back. Where requests may be joined to one run, a
free worker takes what waits, and one that runs takes the next full run. Nothing ever waits for a timer to be sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..frames import NO_EXEC, OK, Answer
from .batching import Batching
from .exchange import Exchange
from .meta import meta
from .pace import Pace
from .worker import Worker

if TYPE_CHECKING:
    from .config import Settings
    from .state import Front

BUDGET = 1000  # µs of expected work that one worker holds
MOST = 256  # requests that one worker holds, however short they are
LOOK = 0.005  # seconds between two looks at workers that hold several requests
TRIES = 3  # workers that may die under a request before it has begun; one more would hardly help
PASSED = 64  # requests that cannot be joined which others may pass in the queue
Entry = tuple[int, bytes, bytes]  # of a REQUEST frame: id, meta and body
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
        self.batching = Batching(front)
        self.pace = Pace()
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
            if self.batching.app is not workers[-1].app:
                self._adopt(workers[-1])
            self.dispatch()

    def change(self, settings: Settings) -> None:
        """Go by other settings from now on."""
        before = self.front.settings
        self.front.adopt(settings)
        if before != settings and self.admitted:
            self._adopt(self.admitted[-1])

    def submit(self, exchange: Exchange) -> None:
        """Queue a request, or refuse it when there is no room, or so much ahead of it that it would wait too long."""
        settings = self.front.settings
        size = len(exchange.body)
        full = len(self.queue) >= settings.queue_limit or self.queued_bytes + size > settings.queue_bytes
        if full or (settings.max_concurrent and self._full()):
            self.front.routes.answers.busy(exchange)
            return
        if settings.max_wait_ms:
            if (wait := self.pace.wait(len(self.queue))) > settings.max_wait_ms / 1000:
                self.front.routes.answers.busy(exchange, "too much ahead", wait)
                return
            asyncio.get_running_loop().call_later(settings.max_wait_ms / 1000, self._waited, exchange)
        self.queued_bytes += size
        self.queue.append(exchange)
        if not self._due:
            # At the end of this pass of the loop, so that all that arrived in it travels together.
            self._due = True
            asyncio.get_running_loop().call_soon(self.dispatch)

    def dispatch(self) -> None:
        """Hand the queue's requests to the workers that have room, the least busy first."""
        self._due = False
        batching, now = self.batching, asyncio.get_running_loop().time()
        limit = 1
        if batching.most > 1:
            if batching.due:  # the sample first, as soon as a worker holds nothing
                if (worker := self._freest(1, now)) is None:
                    return
                batching.check(worker)
            held = sum([len(worker.running) for worker in self.admitted])
            limit = batching.limit(held + len(self.queue), not held, monotonic())
        if limit > 1:
            self._hand_joined(limit, now)
        else:
            self._hand_singly(now)

    def completed(self, number: int) -> None:
        """So many requests were answered at a time."""
        now = monotonic()
        self.pace.done(number, len(self.queue), now)
        if self.batching.most > 1:
            self.batching.done(number, now)

    def learn(self, exchange: Exchange, answer: Answer, joined: bool) -> None:
        """From an answer: what a run costs, up at once, down slowly: a mixture of fast and slow runs counts as slow.

        And a body for the sample, where one is wanted.
        """
        if self.batching.most > 1 and self.batching.recording and answer.status == OK:
            self.batching.record(exchange)
        if joined or answer.exec_us == NO_EXEC:
            return
        exec_us, estimate = answer.exec_us, self.estimate
        if exec_us >= estimate or estimate == UNKNOWN:
            self.estimate = exec_us
        else:
            self.estimate = estimate - (estimate - exec_us) // 32 - 1

    def forget_estimate(self) -> None:
        """Another script: what the old one cost says nothing."""
        self.estimate = UNKNOWN
        self.pace = Pace()

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

    def _hand_singly(self, now: float) -> None:
        """Give each worker what it may hold, one run a request."""
        queue, secret, waited = self.queue, self.front.auth.mode != "none", len(self.queue)
        most = self._most()
        held = {worker: len(worker.running) for worker in self.admitted if worker.takes(now)}
        requests_of: dict[Worker, list[Entry]] = {worker: [] for worker in held}
        while queue and held:
            worker = min(held, key=held.__getitem__) if len(held) > 1 else next(iter(held))
            if held[worker] >= (1 if queue[0].alone else most):
                break
            if exchange := self._next():
                about = meta(exchange, self.headers, secret)
                requests_of[worker].append((worker.take(exchange), about, exchange.body))
                held[worker] += 1
                if exchange.alone:
                    del held[worker]
        for worker, requests in requests_of.items():
            if requests:
                self._give(worker, requests)
                if self.batching.most > 1:
                    self.batching.release_singly(waited > 1)

    def _hand_joined(self, limit: int, now: float) -> None:
        """Give each worker that holds nothing its share of what waits, to be joined to one run."""
        free = sum(1 for worker in self.admitted if not worker.running and worker.takes(now))
        share = min(limit, -(-len(self.queue) // max(free, 1)))
        while self.queue and (worker := self._freest(1, now)) is not None:
            if self.queue[0].gone:
                self._next()
            elif self.batching.joins(self.queue[0]):
                self._give_joined(worker, self._gather(share), limit)
            else:
                self._give_others(worker)
        self._hand_ahead(limit, now)

    def _hand_ahead(self, limit: int, now: float) -> None:
        """Give each worker that is at one joined run the next, so that it need not wait for us meanwhile.

        But no less than a run may join: what is handed over early can be joined with nothing that comes later.
        """
        for worker in self.admitted:
            if len(self.queue) < limit or not self.batching.joins(self.queue[0]):
                return
            if 0 < len(worker.running) <= limit and worker.takes_next(now):
                self._give_joined(worker, self._gather(limit), limit)

    def _give_joined(self, worker: Worker, exchanges: list[Exchange], limit: int) -> None:
        requests = [(worker.take(exchange), b"", exchange.body) for exchange in exchanges]
        self._give(worker, requests, join=len(requests) > 1)
        self.batching.release_joined(len(requests), full=len(requests) >= limit and bool(self.queue))

    def _give_others(self, worker: Worker) -> None:
        """What cannot be joined and stands first in the queue, one run a request."""
        secret, most = self.front.auth.mode != "none", 1 if self.queue[0].alone else self._most()
        requests: list[Entry] = []
        while self.queue and len(requests) < most and not self.batching.joins(self.queue[0]):
            if requests and self.queue[0].alone:
                break
            if exchange := self._next():
                requests.append((worker.take(exchange), meta(exchange, self.headers, secret), exchange.body))
        if requests:
            self._give(worker, requests)
            self.batching.release("alone")

    def _gather(self, number: int) -> list[Exchange]:
        """The next so many that can be joined; a few that cannot may stand between, and keep their places."""
        found: list[Exchange] = []
        passed: list[Exchange] = []
        while self.queue and len(found) < number and len(passed) < PASSED:
            if exchange := self._next():
                (found if self.batching.joins(exchange) else passed).append(exchange)
        self.queue_again(passed)
        return found

    def _next(self) -> Exchange | None:
        """Take the first from the queue; None when its client has gone."""
        exchange = self.queue.popleft()
        self.queued_bytes -= len(exchange.body)
        if not exchange.gone:
            return exchange
        self.front.counts.dropped += 1
        return None

    def _give(self, worker: Worker, requests: list[Entry], join: bool = False) -> None:
        self.front.metrics.frames.add(len(requests))
        worker.give(requests, join)
        if len(worker.running) > 1 and not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOK, self._look)

    def _adopt(self, worker: Worker) -> None:
        self.batching.adopt(worker.app, worker.ready.get("joinable") or {})

    def _most(self) -> int:
        """How many single requests a worker may hold."""
        return max(1, min(BUDGET // max(self.estimate, 1), MOST))

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
            worker.collect()
            if worker.slow(now) and not worker.recall.open and (self._could_do(now) or worker.holds_gone()):
                worker.recall.begin()
        if holding and not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOK, self._look)

    def _could_do(self, now: float) -> bool:
        return any(worker.takes(now) for worker in self.admitted)
