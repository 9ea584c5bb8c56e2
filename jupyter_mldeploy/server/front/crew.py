"""The workers' life: first start, replacement after a death, reload, scaling, and the end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from time import time
from typing import TYPE_CHECKING, Any

from .config import App
from .logs import Source
from .scaling import Scaling
from .spawn import Spawned, SpawnError, debugged, kill, refuse_several, spawn
from .watch import Watch
from .worker import Worker

if TYPE_CHECKING:
    from .state import Front

START_LIMIT = 600.0  # seconds that new workers of a reload or a scaling may take, when the caller does not say
QUICK = 5.0  # a worker that dies younger than this, again and again, is replaced more and more slowly
PATIENCE = 3  # quick deaths in a row before that
SLOWEST = 10.0  # seconds between two attempts
TAIL = 40  # log lines in the account of a failed start
ENDING = 2.0  # seconds that workers have to exit when the front stops


class StartFailed(Exception):
    """New workers did not come up: the sentence, the phase it happened in, the script's traceback, its last lines."""

    def __init__(self, error: str, phase: str = "spawning", traceback: str = "", log: str = "") -> None:
        super().__init__(error)
        self.error, self.phase, self.traceback, self.log = error, phase, traceback, log

    def account(self) -> dict[str, str]:
        return {"error": self.error, "phase": self.phase, "traceback": self.traceback, "log": self.log}


class Crew:
    """All workers, also those that start or leave. `phase`: starting, serving, draining or failed."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.app = front.config.app
        self.wanted = front.config.workers
        self.workers: list[Worker] = []
        self.phase = "starting"
        self.served = False  # ever; a front whose first workers fail ends, one that has served waits for a reload
        self.failure: StartFailed | None = None
        self.settled = asyncio.Event()  # no longer starting
        self._turn = asyncio.Lock()  # reloads and scalings come one after the other
        self._tasks: set[asyncio.Task[None]] = set()
        self._quick_deaths = 0
        self._renewing: set[Worker] = set()
        self.watch = Watch(self)
        self.scaling = Scaling(self)

    async def start(self, spawned: list[Spawned]) -> None:
        """Wait for the first workers; `StartFailed` when one of them does not come up."""
        async with self._turn:
            try:
                self.front.pool.admit(await self._ready(self.app, spawned, None))
            except StartFailed as failure:
                self._failed(failure)
                raise
            self.become("serving")
        self.watch.look()

    async def reload(self, app: App, workers: int, timeout: float = START_LIMIT) -> None:
        """Serve with new workers of `app` and let the old ones finish. `StartFailed`: the old ones serve on."""
        async with self._turn:
            new = await self._bring_up(app, workers, timeout)
            self.app, self.wanted, self._quick_deaths = app, workers, 0
            self.front.pool.forget_estimate()
            self.front.pool.admit(new)
            self.become("serving")
            for worker in list(self.workers):
                if worker.app is not app and not worker.served:
                    worker.kill()

    async def scale(self, workers: int) -> None:
        """Have so many workers; `StartFailed` when more were wanted and did not come up."""
        async with self._turn:
            pool = self.front.pool
            before, self.wanted = self.wanted, workers
            try:
                new = await self._bring_up(self.app, workers - len(pool.admitted), START_LIMIT)
            except StartFailed:
                self.wanted = before
                raise
            pool.admit([*pool.admitted, *new][:workers])

    def adapt(self, workers: int, pause: float) -> None:
        """Have so many workers soon; when they do not come up, try no more for `pause` seconds."""
        self._do(self._adapt(workers, pause))

    def dismiss(self) -> None:
        """Let all workers finish what they have; none takes their place."""
        self.become("draining")
        self.front.pool.admit([])
        for worker in list(self.workers):
            if not worker.dismissed:
                worker.kill()

    async def stop(self) -> None:
        """Let every worker end, and kill what does not."""
        for task in self._tasks:
            task.cancel()
        for worker in list(self.workers):
            if worker.state == "admitted" and not worker.running:
                worker.leave()
            elif worker.state != "draining" or not worker.running:
                worker.kill()
        await self._all_ended()
        for worker in list(self.workers):
            worker.kill()
        await self._all_ended()

    def died(self, worker: Worker) -> None:
        """A worker is gone: replace it when it served what is served now."""
        self.workers.remove(worker)
        if not worker.served or worker.dismissed or not self._short_of(worker.app):
            return
        self.front.counts.restarts += 1
        young = time() - worker.served < QUICK
        self._quick_deaths = self._quick_deaths + 1 if young else 0
        self._do(self._replace(worker))

    def renew(self, worker: Worker, why: str) -> None:
        """Bring up another worker in the place of this one, and only then let it finish what it has."""
        if worker not in self._renewing:
            self._renewing.add(worker)
            source = Source("server", "azmlinfsrv", worker.number)
            self.front.log.line(f"Worker {worker.number} is replaced: {why}.", source=source)
            self._do(self._renew(worker))

    def become(self, phase: str) -> None:
        """Enter a phase of life, and tell it to those who wait and to the outcome file."""
        self.phase = phase
        if phase == "serving":
            self.failure, self.served = None, True
        self.settled.set()
        trouble = self.failure
        self.front.outcome.write(
            phase=phase if phase != "draining" else "stopped",
            reason=trouble.error if trouble else "",
            traceback=trouble.traceback if trouble else "",
        )

    def describe(self) -> str:
        """Why no worker serves, in one sentence."""
        if self.phase == "draining":
            return "The service is stopping."
        if self.phase == "failed" and self.failure is not None:
            return f"The service has failed in phase {self.failure.phase}; its log has the reason."
        phases = sorted({worker.state for worker in self.workers if worker.state not in ("dead", "condemned")})
        return f"The service is starting: its workers are in phase {', '.join(phases) or 'spawned'}."

    async def _replace(self, lost: Worker) -> None:
        """Bring up another worker for the place of `lost`, at once unless they keep dying."""
        attempts = max(0, self._quick_deaths - PATIENCE)
        restarts = lost.restarts + 1
        while self._short_of(lost.app):
            await asyncio.sleep(min(0.1 * 2**attempts, SLOWEST) if attempts else 0)
            try:
                new = await self._bring_up(lost.app, 1, START_LIMIT)
            except StartFailed as failure:
                attempts, restarts = attempts + 1, restarts + 1
                if not self.front.pool.admitted and lost.app is self.app:
                    self._failed(failure)
                continue
            new[0].restarts = restarts
            if not self._short_of(lost.app):
                new[0].kill()
                return
            self.front.pool.admit([*self.front.pool.admitted, *new])
            if self.phase == "failed":
                self.become("serving")
            return

    async def _renew(self, old: Worker) -> None:
        pool = self.front.pool
        try:
            async with self._turn:
                if old not in pool.admitted:
                    return
                new = (await self._bring_up(old.app, 1, START_LIMIT))[0]
                if old in pool.admitted:
                    pool.admit([new if one is old else one for one in pool.admitted])
                else:  # it died meanwhile, and has been replaced
                    new.kill()
        except StartFailed as failure:
            self.front.log.line(f"Worker {old.number} goes on: {failure.error}", "W")
            await asyncio.sleep(SLOWEST)
        finally:
            self._renewing.discard(old)

    async def _adapt(self, workers: int, pause: float) -> None:
        try:
            await self.scale(workers)
        except StartFailed as failure:
            self.front.log.line(f"The number of workers stays at {self.wanted}: {failure.error}", "W")
            await asyncio.sleep(pause)
        finally:
            self.scaling.busy = False

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _short_of(self, app: App) -> bool:
        return app is self.app and self.phase != "draining" and len(self.front.pool.admitted) < self.wanted

    def _failed(self, failure: StartFailed) -> None:
        self.failure = failure
        self.become("failed")
        self.front.pool.flush()

    async def _bring_up(self, app: App, number: int, timeout: float) -> list[Worker]:
        spawned: list[Spawned] = []
        try:
            refuse_several(app, self.wanted if app is self.app else number)
            for _ in range(number):
                spawned.append(spawn(app))
        except SpawnError as error:
            for one in spawned:
                one.link.close()
                kill(one.process)
                one.process.wait()
            raise StartFailed(str(error)) from error
        return await self._ready(app, spawned, None if debugged(app) else timeout)

    async def _ready(self, app: App, spawned: list[Spawned], timeout: float | None) -> list[Worker]:
        """The workers of these processes, once every one is ready; otherwise none of them is left."""
        workers = [self._new(app, one) for one in spawned]
        try:
            await asyncio.wait_for(asyncio.gather(*(_started(worker) for worker in workers)), timeout)
            for worker in workers:
                _check(worker)
        except asyncio.TimeoutError:
            raise await self._too_slow(workers, timeout) from None
        except BaseException:
            for worker in workers:
                worker.kill()
            raise
        return workers

    async def _too_slow(self, workers: list[Worker], timeout: float | None) -> StartFailed:
        slow = next((worker for worker in workers if worker.state != "ready"), workers[0])
        phase = slow.state
        slow.dump()  # where it hangs, into the log lines of the account
        await asyncio.sleep(0.1)
        for worker in workers:
            worker.kill()
        return StartFailed(f"The worker was still in phase {phase} after {timeout:g} s.", phase, log=slow.tail(TAIL))

    def _new(self, app: App, spawned: Spawned) -> Worker:
        worker = Worker(self.front, app, spawned, next(self.front.numbers))
        self.workers.append(worker)
        return worker

    async def _all_ended(self) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(worker.ended.wait() for worker in self.workers)), ENDING)


async def _started(worker: Worker) -> None:
    await worker.attach()
    await worker.started.wait()
    _check(worker)


def _check(worker: Worker) -> None:
    """Raise `StartFailed` for a worker that is not ready, or no longer."""
    if worker.state == "ready":
        return
    told = worker.failure
    error = told.get("error") or f"The worker {worker.end()} before it was ready."
    phase = told.get("during") or worker.reached
    raise StartFailed(str(error), str(phase), str(told.get("traceback") or ""), worker.tail(TAIL))
