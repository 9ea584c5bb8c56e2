"""One worker process as the front sees it: its state, what it holds, what it says, and its death."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from .. import frames
from ..page import CANCEL, RUNNING
from .config import App, switches
from .exchange import Exchange
from .logs import Source
from .output import Output
from .recall import Recall
from .spawn import Spawned, debugged, kill

if TYPE_CHECKING:
    from .state import Front

RECENT = 100  # log lines that are kept to be shown when a start fails
LAST_WORDS = 0.2  # seconds between the end of a worker's socket and the end of its process, or the reverse
INTERRUPT = 0.01  # seconds that a stuck worker has to write its stacks, once it has begun …
CHANCES = 20  # … and times that long to begin: on a busy machine it may have to wait for its turn
SLOW = 0.01  # seconds from which a run counts as slow: nothing more is put behind it
LEAVING = 5.0  # seconds that a worker with nothing left to do may take to exit


class Worker(asyncio.Protocol):
    """States: spawned, importing, init, ready, admitted, draining or condemned, dead. Only the admitted get work.

    `running` holds what was handed over and is not answered, in order; which of it has begun, the shared page tells.
    """

    def __init__(self, front: Front, app: App, spawned: Spawned, number: int) -> None:
        self.front = front
        self.app = app
        self.number = number
        self.process = spawned.process
        self.pid = spawned.process.pid
        self.state = "spawned"
        self.since = time.time()
        self.requests = 0
        self.restarts = 0
        self.served = 0.0  # since when it was admitted
        self.dismissed = False
        self.reached = "spawned"  # the last phase of its start
        self.running: dict[int, Exchange] = {}
        self.reserved = False  # what it runs shares the worker with nothing
        self.ready: dict[str, Any] = {}
        self.failure: dict[str, Any] = {}
        self.recent: deque[str] = deque(maxlen=RECENT)
        self.started = asyncio.Event()  # ready, failed or dead: see `state`
        self.ended = asyncio.Event()
        self.page = spawned.page
        self.recall = Recall(self)
        self.turned = 0.0  # since when the worker is at its first request
        self._link = spawned.link
        self._heard = 0  # lines of native stderr
        self._reason = ""  # why it was ended, when the front did it
        self._reader = frames.Reader()
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._outputs: list[Output] = []
        self._pidfd = -1
        self._exited = self._silent = False
        self._debugged = debugged(app)  # then no run is too long
        self._last_id = 0
        self._answered_last: tuple[int, Exchange | None] = (-1, None)
        self._head_since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def attach(self) -> None:
        """Connect to the process that was spawned: its socket, its output, its end."""
        self._transport, _ = await self._loop.create_unix_connection(lambda: self, sock=self._link)
        for stream, pipe in (("stdout", self.process.stdout), ("stderr", self.process.stderr)):
            if pipe is not None:
                source = Source(stream, "", self.number)
                output = Output(pipe, lambda line, source=source: self._said(line, source))  # type: ignore[misc]
                output.start(self._loop)
                self._outputs.append(output)
        self._watch_process()
        config, settings = self.front.config, self.front.settings_for(self.app)
        self._command(
            op="start",
            protocol=frames.PROTOCOL,
            name=config.name,
            version=config.version,
            path_prefix=config.path_prefix,
            scoring_timeout_ms=settings.scoring_timeout_ms,
            memory_limit=settings.worker_memory_limit,
            switches=switches(settings),
        )

    # Work.

    def take(self, exchange: Exchange) -> int:
        """Note that this request is handed over; returns its id in the frames."""
        self._last_id = self._last_id % 0xFFFFFFFF + 1
        if not self.running:
            self._head_since = self.turned = self._loop.time()
        self.running[self._last_id] = exchange
        exchange.worker = self.number
        self.reserved = exchange.alone
        if self._timer is None:
            self._arm()
        return self._last_id

    def takes(self, now: float) -> bool:
        """Whether what is handed over now would not wait behind a slow run or one that must be alone."""
        return not (self.reserved or self.recall.open or self.slow(now))

    def slow(self, now: float) -> bool:
        return bool(self.running) and now - self.turned > SLOW

    def head(self) -> int:
        """The id of the request that it has begun; 0 when all that it holds is still to begin."""
        number = self.page[RUNNING]
        return number if number in self.running else 0

    def holds_gone(self) -> bool:
        return any(exchange.gone for exchange in self.running.values())

    def cancel(self, exchange: Exchange) -> None:
        """Nobody reads this stream any more: let its generator end at its next chunk."""
        for number, one in self.running.items():
            if one is exchange:
                self.page[CANCEL] = number

    def give(self, requests: list[frames.Request]) -> None:
        if not self._transport.is_closing():
            self._transport.write(frames.requests(requests))

    def status(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "pid": self.pid,
            "state": self.state,
            "phase": self.reached,
            "since": self.since,
            "requests": self.requests,
            "restarts": self.restarts,
        }

    def enter(self) -> None:
        if self.state == "ready":
            self.served = time.time()
            self._become("admitted")

    def leave(self) -> None:
        """Finish what it holds, then exit; nobody takes its place."""
        self.dismissed = True
        self._become("draining")
        self._command(op="drain")
        self._loop.call_later(LEAVING, self._hurry)

    def dump(self) -> None:
        """Have it write its stacks to its output, and wake it from a sleeping system call."""
        kill(self.process, signal.SIGUSR2)

    def tail(self, lines: int) -> str:
        return "\n".join(list(self.recent)[-lines:])

    def kill(self) -> None:
        if self.state != "dead":
            self._become("condemned")
            kill(self.process)

    def end_for(self, reason: str) -> None:
        """Kill it because of `reason`, which stands in the log for what it ran."""
        self._reason = reason
        self.front.log.line(f"Worker {self.number} {reason}.", "E", source=self._ours())
        self.kill()

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # From the worker.

    def data_received(self, data: bytes) -> None:
        for kind, _, count, payload in self._reader.feed(data):
            if kind == frames.ANSWER:
                self._head_since = self._loop.time()
                for answer in frames.read_answers(count, payload):
                    self._answered(answer)
                    if self.recall.open:
                        self.recall.over(answer.id)
            elif kind == frames.LOG:
                self._log(json.loads(payload))
            elif kind == frames.PHASE:
                self._phase(json.loads(payload))
            elif kind == frames.HELLO:
                self._hello(json.loads(payload))
        if self.front.pool.queue:
            self.front.pool.dispatch()

    def connection_lost(self, error: Exception | None) -> None:
        self._silent = True
        if self._exited:
            self._finish()
        else:
            self._loop.call_later(LAST_WORDS, kill, self.process)

    def _answered(self, answer: frames.Answer) -> None:
        exchange = self.running.get(answer.id)
        if exchange is None:
            return
        if answer.status == frames.PART or answer.flags & frames.FLAG_STREAM:
            self.front.routes.answers.deliver(exchange, answer)
            return
        del self.running[answer.id]
        self.reserved = False
        if answer.status == frames.RETURNED:
            self.front.pool.queue_again([exchange])
            return
        self.turned = self._head_since
        self._answered_last = answer.id, exchange
        self.requests += 1
        if answer.exec_us != frames.NO_EXEC:
            self.front.pool.learn(answer.exec_us)
        self.front.routes.answers.deliver(exchange, answer)

    def _hello(self, hello: dict[str, Any]) -> None:
        if hello.get("protocol") != frames.PROTOCOL:
            self.failure = {"during": "hello", "error": f"The worker speaks protocol {hello.get('protocol')}."}
            self.kill()

    def _phase(self, news: dict[str, Any]) -> None:
        phase = str(news["phase"])
        if phase == "failed":
            self.failure = news
            self.front.log.line(str(news.get("traceback") or news["error"]).rstrip(), "E", source=self._ours())
            self._loop.call_later(LAST_WORDS, kill, self.process)
        elif self.state not in ("condemned", "dead"):
            self.reached = phase
            self._become(phase)
        if phase == "ready":
            self.ready = news
            self.started.set()

    def _log(self, record: dict[str, Any]) -> None:
        number, before = self._answered_last  # the end of a request's output comes after its answer
        exchange = self.running.get(record["r"] or 0) or (before if number == record["r"] else None)
        request = exchange.request_id.decode("latin-1") if exchange is not None else ""
        stream = {"log": "stderr"}.get(record["s"], record["s"])
        name = record.get("n") or "azmlinfsrv.print"
        self.recent.append(record["x"])
        self.front.log.line(record["x"], record.get("l", "I"), request, Source(stream, name, self.number))

    def _said(self, line: str, source: Source) -> None:
        self._heard += source.stream == "stderr"
        self.recent.append(line)
        self.front.log.line(line, source=source)

    # Deadline.

    def _arm(self) -> None:
        limit = self.front.settings.scoring_timeout_ms / 1000
        if limit and not self._debugged:
            self._timer = self._loop.call_at(self._head_since + limit, self._overdue, limit)

    def _overdue(self, limit: float) -> None:
        self._timer = None
        if not self.running or self.state == "dead":
            return
        number = self.head() or next(iter(self.running))
        exchange = self.running[number]
        if exchange.streaming and exchange.connection.choked:  # it is the client who takes his time
            self._head_since = self._loop.time()
        if self._loop.time() < self._head_since + limit:
            self._arm()
            return
        del self.running[number]
        self._give_up(exchange)

    def _give_up(self, exchange: Exchange) -> None:
        """Answer for a run that takes too long, and only then stop its worker."""
        front = self.front
        front.counts.timeouts += 1
        message = f"Scoring timeout after {front.settings.scoring_timeout_ms} ms"
        front.log.line(message, "E", exchange.request_id.decode("latin-1"), self._ours())
        front.routes.answers.fail(exchange, message, 504 if front.settings.timeout_504 else 500)
        self._become("condemned")
        self.dump()
        self._loop.call_later(INTERRUPT, self._end_stuck, self._heard, CHANCES)
        self._hand_back()

    def _end_stuck(self, heard: int, chances: int) -> None:
        if chances and self._heard == heard:
            self._loop.call_later(INTERRUPT, self._end_stuck, heard, chances - 1)
        else:
            self._loop.call_later(INTERRUPT, kill, self.process)

    def _hand_back(self) -> None:
        waiting = [exchange for exchange in self.running.values() if not exchange.gone]
        self.running.clear()
        self.front.pool.lost(self, waiting)

    def _hurry(self) -> None:
        if self.state == "dead":
            return
        if not self.running:
            self.kill()
        else:
            self._loop.call_later(LEAVING, self._hurry)

    # Death.

    def _watch_process(self) -> None:
        try:
            self._pidfd = os.pidfd_open(self.pid)
            self._loop.add_reader(self._pidfd, self._exit)
        except (AttributeError, OSError):  # macOS, old kernels, strict containers
            threading.Thread(target=self._wait_for_exit, daemon=True).start()

    def _wait_for_exit(self) -> None:
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        self._loop.call_soon_threadsafe(self._exit)

    def _exit(self) -> None:
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        kill(self.process)  # the rest of its group; its number is free again only after the wait
        self.process.wait()
        self._exited = True
        if self._silent:
            self._finish()
        else:
            self._loop.call_later(LAST_WORDS, self._transport.abort)

    def _finish(self) -> None:
        for output in self._outputs:
            output.finish()
        before = self.state
        self._become("dead")
        if self._timer is not None:
            self._timer.cancel()
        if head := self.head():
            self._crashed(self.running.pop(head))
        if before not in ("draining", "condemned") and not self.failure:
            self.front.log.line(f"Worker {self.number} {self.end()}.", "E", source=self._ours())
        self._hand_back()
        self.started.set()
        self.ended.set()
        self.front.crew.died(self)

    def _crashed(self, exchange: Exchange) -> None:
        self.front.counts.crashed += 1
        text = f"Worker {self.number} {self.end()} while it ran this request."
        self.front.counts.last_error = text
        self.front.log.line(text, "E", exchange.request_id.decode("latin-1"), self._ours())
        self.front.routes.answers.fail(exchange)

    def end(self) -> str:
        """How the process ended, as the second half of a sentence."""
        code = self.process.returncode
        if self._reason:
            return self._reason
        if code is None:
            return "runs"
        if code >= 0:
            return f"exited with code {code}"
        try:
            return f"was killed by signal {-code} ({signal.Signals(-code).name})"
        except ValueError:
            return f"was killed by signal {-code}"

    def _become(self, state: str) -> None:
        self.state = state
        self.since = time.time()

    def _command(self, **content: Any) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frames.message(frames.CONTROL, content))

    def _ours(self) -> Source:
        return Source("server", "azmlinfsrv", self.number)
