"""One worker process as the front sees it: its state, what it holds, what it says, and its death."""

from __future__ import annotations

import asyncio
import json
import signal
import struct
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from .. import frames
from ..page import CANCEL, LAST, RECALL, RUNNING, held
from .config import App, switches
from .deadline import Deadline
from .exchange import Exchange
from .exit import Exit
from .logs import Source
from .output import Output
from .recall import Recall
from .spawn import Spawned, debugged, kill

if TYPE_CHECKING:
    from .state import Front

RECENT = 100  # log lines that are kept to be shown when a start fails
LAST_WORDS = 0.2  # seconds between the end of a worker's socket and the end of its process, or the reverse
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
        self.joining = False  # what it was given last may be joined
        self.checking = False  # it compares the script's answers to a sample
        self.ready: dict[str, Any] = {}
        self.failure: dict[str, Any] = {}
        self.recent: deque[str] = deque(maxlen=RECENT)
        self.started = asyncio.Event()  # ready, failed or dead: see `state`
        self.ended = asyncio.Event()
        self.page, self._area = spawned.page, spawned.area
        self.recall = Recall(self)
        self.turned = 0.0  # since when the worker is at its first request
        self.heard = 0  # lines of native stderr
        self._link = spawned.link
        self._reason = ""  # why it was ended, when the front did it
        self._reader = frames.Reader()
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._outputs: list[Output] = []
        self._exit = Exit(spawned.process, self._ended)
        self._exited = self._silent = False
        self.debugged = debugged(app)  # then no run is too long
        self._last_id = 0
        self._answered_last: tuple[int, Exchange | None] = (-1, None)
        self._deadline = Deadline(self)

    async def attach(self) -> None:
        """Connect to the process that was spawned: its socket, its output, its end."""
        self._transport, _ = await self._loop.create_unix_connection(lambda: self, sock=self._link)
        for stream, pipe in (("stdout", self.process.stdout), ("stderr", self.process.stderr)):
            if pipe is not None:
                source = Source(stream, "", self.number)
                output = Output(pipe, lambda line, source=source: self._said(line, source))  # type: ignore[misc]
                output.start(self._loop)
                self._outputs.append(output)
        self._exit.watch()
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
            self._deadline.since = self.turned = self._loop.time()
        self.running[self._last_id] = exchange
        exchange.worker = self.number
        self.reserved = exchange.alone
        self._deadline.arm()
        return self._last_id

    def takes(self, now: float) -> bool:
        """Whether what is handed over now would not wait behind a slow run or one that must be alone."""
        return not (self.joining and self.running) and self._willing(now)

    def takes_next(self, now: float) -> bool:
        """Whether it is at a joined run, and what is handed over now would be the next."""
        return self.joining and bool(self.running) and self._willing(now)

    def slow(self, now: float) -> bool:
        return bool(self.running) and now - self.turned > SLOW

    def begun(self) -> list[int]:
        """What runs now: several when they are joined, none when all that it holds is still to begin."""
        first, last = self.page[RUNNING], self.page[LAST]
        if first not in self.running:
            return []
        numbers = list(self.running)
        start = numbers.index(first)
        end = numbers.index(last) if last in self.running else start
        return numbers[start : max(start, end) + 1]

    def holds_gone(self) -> bool:
        return any(exchange.gone for exchange in self.running.values())

    def cancel(self, exchange: Exchange) -> None:
        """Nobody reads this stream any more: let its generator end at its next chunk."""
        for number, one in self.running.items():
            if one is exchange:
                self.page[CANCEL] = number

    def give(self, requests: list[tuple[int, bytes, bytes]], join: bool = False) -> None:
        """Send what was taken; `join`: it may be joined to one run."""
        self.joining = join
        if not self._transport.is_closing():
            self._transport.write(frames.requests(requests, frames.FLAG_JOIN if join else 0))

    def check(self, sample: dict[str, Any], limit: float) -> None:
        """Have it compare the script's answers to a sample; it gets nothing else meanwhile."""
        self.checking = True
        self._command(op="check", **sample)
        if limit:
            self._loop.call_later(limit, self._check_overdue)

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

    def condemn(self) -> None:
        """Give it up, with its stacks in the log; if that wakes it, it is to begin nothing that others will do."""
        self._become("condemned")
        self.page[RECALL] = 1
        self.dump()

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
        self.note(f"Worker {self.number} {reason}.")
        self.kill()

    def note(self, text: str, exchange: Exchange | None = None) -> None:
        """Log what went wrong with it, and with which request."""
        request = exchange.request_id.decode("latin-1") if exchange is not None else ""
        self.front.log.line(text, "E", request, self._ours())

    def hand_back(self) -> None:
        """Let others do what it holds."""
        waiting = [exchange for exchange in self.running.values() if not exchange.gone]
        self.running.clear()
        self.front.pool.lost(self, waiting)

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # From the worker.

    def collect(self) -> None:
        """Take the answers that it holds while it is at a run that may never end, or that it held when it ended."""
        found = held(self.page, self._area, self.state != "dead")
        try:
            arrived = frames.Reader().feed(found)
            self._take_in(arrived, self._deadline.since)  # not now: they may have been collected before
        except (struct.error, ValueError):  # a script that writes where it should not
            self.kill()

    def data_received(self, data: bytes) -> None:
        self._take_in(self._reader.feed(data), self._loop.time())

    def _take_in(self, arrived: list[tuple[int, int, int, Any]], now: float) -> None:
        before, pool = self.requests, self.front.pool
        told: list[tuple[Exchange, frames.Answer]] = []
        for kind, _, count, payload in arrived:
            if kind == frames.ANSWER:
                self._deadline.since = now
                for answer in frames.read_answers(count, payload):
                    if exchange := self._answered(answer):
                        told.append((exchange, answer))
                    if self.recall.open:
                        self.recall.over(answer.id)
            elif kind == frames.LOG:
                self._log(json.loads(payload))
            elif kind == frames.PHASE:
                self._phase(json.loads(payload))
            elif kind == frames.HELLO:
                self._hello(json.loads(payload))
            elif kind == frames.CHECKED:
                self.checking = False
                pool.batching.checked(self, json.loads(payload))
        if self.requests > before:
            pool.completed(self.requests - before)
        if pool.queue or pool.batching.due:
            pool.dispatch()  # before the answers are written, so that the worker has something to do meanwhile
        deliver = self.front.routes.answers.deliver
        for exchange, answer in told:
            deliver(exchange, answer)

    def connection_lost(self, error: Exception | None) -> None:
        self._silent = True
        if self._exited:
            self._finish()
        else:
            self._loop.call_later(LAST_WORDS, kill, self.process)

    def _willing(self, now: float) -> bool:
        return not (self.checking or self.reserved or self.recall.open or self.slow(now))

    def _answered(self, answer: frames.Answer) -> Exchange | None:
        """Note what an answer says of this worker; returns the request that it is to be delivered to, if any."""
        if answer.status == frames.PART or answer.flags & frames.FLAG_STREAM:
            return self.running.get(answer.id)
        exchange = self.running.pop(answer.id, None)
        if exchange is None:
            return None
        self.reserved = False
        if answer.status == frames.RETURNED:
            self.front.pool.queue_again([exchange])
            return None
        self.turned = self._deadline.since
        self._answered_last = answer.id, exchange
        self.requests += 1
        self.front.pool.learn(exchange, answer, joined=self.joining)
        return exchange

    def _hello(self, hello: dict[str, Any]) -> None:
        if hello.get("protocol") != frames.PROTOCOL:
            self.failure = {"during": "hello", "error": f"The worker speaks protocol {hello.get('protocol')}."}
            self.kill()

    def _phase(self, news: dict[str, Any]) -> None:
        phase = str(news["phase"])
        if phase == "failed":
            self.failure = news
            self.note(str(news.get("traceback") or news["error"]).rstrip())
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
        self.heard += source.stream == "stderr"
        self.recent.append(line)
        self.front.log.line(line, source=source)

    def _check_overdue(self) -> None:
        if self.checking and self.state != "dead":
            self.end_for("was ended: it took too long to check that joined rows get the same answers")

    def _hurry(self) -> None:
        if self.state == "dead":
            return
        if not self.running:
            self.kill()
        else:
            self._loop.call_later(LEAVING, self._hurry)

    # Death.

    def _ended(self) -> None:
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
        self._deadline.stop()
        if self.checking:
            self.front.pool.batching.check_lost(self, self.end() if self._reason or before == "admitted" else "")
        self.front.pool.batching.bury(self)
        self.collect()
        if begun := self.begun():
            self._crashed(begun)
        if before not in ("draining", "condemned") and not self.failure:
            self.note(f"Worker {self.number} {self.end()}.")
        self.hand_back()
        self.started.set()
        self.ended.set()
        self.front.crew.died(self)

    def _crashed(self, begun: list[int]) -> None:
        if len(begun) > 1:
            self.note(
                f"Worker {self.number} {self.end()} while it ran {len(begun)} requests as one; each is run alone."
            )
            return
        exchange = self.running.pop(begun[0])
        self.front.counts.crashed += 1
        text = f"Worker {self.number} {self.end()} while it ran this request."
        self.front.counts.last_error = text
        self.note(text, exchange)
        self.front.routes.answers.fail(exchange)

    def end(self) -> str:
        """How the process ended, as the second half of a sentence."""
        return self._reason or self._exit.sentence()

    def _become(self, state: str) -> None:
        self.state = state
        self.since = time.time()

    def _command(self, **content: Any) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frames.message(frames.CONTROL, content))

    def _ours(self) -> Source:
        return Source("server", "azmlinfsrv", self.number)
