"""Joining requests to one run: whether this service does, on what it was checked, and how many at a time now.

Off until a setting, the bundle or the script asks for it, and never before the script has answered a sample the same
way row by row and joined. Everything is forgotten when another version is served.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..page import ROWS, RUNS, SPLITS
from .config import App
from .exchange import SCORE, Exchange
from .learning import SINGLE, Learner
from .meta import FORMS
from .sample import Sample, SampleInvalid, given, place, recorded

if TYPE_CHECKING:
    from .state import Front
    from .worker import Worker

LARGEST = 65_536  # bytes; a longer body goes alone
OPENING = re.compile(rb'[ \t\n\r]*\{[ \t\n\r]*"data"[ \t\n\r]*:[ \t\n\r]*\[')
LOSSES = 2  # workers that may end while they check before the script is not asked again
CHECK_RUNS = 4  # scoring timeouts that a check may take
COUNTED = {RUNS: "runs", ROWS: "rows", SPLITS: "splits"}


class Batching:
    """`most` requests may be joined to one run; below two it is off, and `why_not` says why where it was asked for."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.app: App | None = None
        self.most = 0
        self.why_not = ""
        self.sample = Sample()
        self.learner = Learner(SINGLE)
        self.released: Counter[str] = Counter()
        self._json = False  # whether only bodies of type JSON reach the script
        self._checking = 0  # bodies that a worker is checking now
        self._losses = 0
        self._gone: Counter[str] = Counter()  # what dead workers had counted

    def adopt(self, app: App, told: dict[str, Any]) -> None:
        """Serve another version, of which a worker has `told` (`working.joinable`)."""
        settings = self.front.settings
        self.app, self.most, self.why_not, self.sample = app, 0, "", Sample()
        self._checking = self._losses = 0
        if not (settings.batch or app.batch or told.get("asked")):
            return
        self.most = min(filter(None, (settings.max_batch_size, told.get("most"))), default=0)
        self._json = bool(told.get("json"))
        self.learner = Learner(max(self.most, SINGLE))
        try:
            self.sample = self._find_sample(app, told)
        except SampleInvalid as invalid:
            self._refuse(str(invalid))
        if reason := told.get("why_not"):
            self._refuse(reason)

    @property
    def state(self) -> str:
        """In one word: off, refused, unchecked or on."""
        if self.most < 2:
            return "refused" if self.why_not else "off"
        return "on" if self.sample.checked else "unchecked"

    @property
    def recording(self) -> bool:
        return self.most > 1 and not self.sample.full

    @property
    def due(self) -> bool:
        """Whether a worker should check the sample before anything else."""
        return not self.sample.checked and self.most > 1 and not self._checking and self.sample.due

    def limit(self, load: int, idle: bool, now: float) -> int:
        """How many requests one run may join now; `load` are in the house, `idle` when all of them wait."""
        if not self.sample.checked:
            return SINGLE
        self.learner.note(load, idle, now)
        return self.learner.size

    def done(self, number: int, now: float) -> None:
        """So many requests were completed together."""
        if self.sample.checked:
            self.learner.done(number, now)

    def joins(self, exchange: Exchange) -> bool:
        """Whether this request may be joined with others."""
        return not exchange.alone and self._fits(exchange) and self.sample.covers(exchange.body)

    def release(self, reason: str) -> None:
        """Count why a frame went out as it did."""
        self.released[reason] += 1

    def release_joined(self, number: int, full: bool) -> None:
        """A worker got so many to join; `full` when more wait than it may get."""
        self.release("trial" if self.learner.trying else "full" if full else "waiting")
        self.front.metrics.joined.add(number)

    def release_singly(self, several: bool) -> None:
        """Requests went one run each, although several waited, or because there was but one."""
        if not self.sample.checked:
            self.release("unchecked")
        elif self.learner.trying:
            self.release("trial")
        else:
            self.release("not_paying" if several else "waiting")

    def record(self, exchange: Exchange) -> None:
        """Note for the sample a request that was answered well."""
        sample, body = self.sample, exchange.body
        if body in sample.bodies:  # the usual case where clients repeat themselves, and the sample never fills
            if not sample.checked:
                sample.record(body)
        elif self._fits(exchange):
            sample.record(body)

    def check(self, worker: Worker) -> None:
        """Let a worker that holds nothing compare the script's answers."""
        sample = self.sample
        self._checking = len(sample.bodies)
        limit = CHECK_RUNS * self.front.settings.scoring_timeout_ms / 1000
        worker.check({"bodies": sample.texts(), "recorded": not sample.given}, limit)

    def checked(self, worker: Worker, news: dict[str, Any]) -> None:
        """A worker has compared them."""
        if worker.app is not self.app or self.most < 2:
            return
        sample, number, self._checking = self.sample, self._checking, 0
        if not news["ok"]:
            self._refuse(str(news["reason"]))
        elif not news["rows"]:
            self.sample = Sample()
        else:
            sample.checked = number == len(sample.bodies)
            if not sample.given and (path := self._file()):
                sample.save(path)

    def check_lost(self, worker: Worker, reason: str) -> None:
        """A worker ended while it checked; `reason` is empty when that was not the check's fault."""
        if worker.app is not self.app:
            return
        self._checking = 0
        self._losses += bool(reason)
        if self._losses >= LOSSES:
            self._refuse(f"a worker {reason} while it scored the sample, {LOSSES} times")

    def too_long(self, number: int) -> None:
        """A run that joined so many met its deadline: let that be too many for good."""
        self.learner.limit(number // 2)

    def bury(self, worker: Worker) -> None:
        """Keep what a worker that is gone has counted."""
        self._gone.update({name: worker.page[word] for word, name in COUNTED.items()})

    def counted(self) -> dict[str, int]:
        """Runs that joined, rows in them, and how many of the runs were done again in halves."""
        alive = self.front.crew.workers
        return {name: self._gone[name] + sum(one.page[word] for one in alive) for word, name in COUNTED.items()}

    def facts(self) -> dict[str, Any]:
        """What `why` tells of it."""
        sample, learner = self.sample, self.learner
        return {
            "state": self.state,
            "most": self.most,
            "why_not": self.why_not,
            "sample": {"given": sample.given, "bodies": len(sample.bodies), "checked": sample.checked},
            "load": learner.load,
            "size": learner.best(),
            "gain": learner.gain(),
            "released": dict(self.released),
            **self.counted(),
        }

    def _fits(self, exchange: Exchange) -> bool:
        if exchange.route != SCORE or exchange.method != b"POST" or exchange.query or len(exchange.body) > LARGEST:
            return False
        fields = exchange.fields
        kind = fields.get(b"content-type", b"")
        if kind != b"application/json" and not self._of_type(kind.partition(b";")[0].strip().lower()):
            return False
        return b"content-encoding" not in fields and OPENING.match(exchange.body) is not None

    def _of_type(self, kind: bytes) -> bool:
        if self._json:
            return kind == b"application/json"
        return not kind.startswith(FORMS)

    def _find_sample(self, app: App, told: dict[str, Any]) -> Sample:
        if name := self.front.settings.sample:
            return Sample(given(app.root, name), given=True)
        path = self._file()
        known = recorded(path) if path else []
        return Sample([text.encode(), *known] if (text := told.get("sample")) else known)

    def _file(self) -> str:
        """Where recorded bodies are kept: beside the front's log, which is there for the next front too."""
        log = self.front.config.log
        return place(os.path.dirname(os.path.abspath(log)), self.front.lane) if log else ""

    def _refuse(self, reason: str) -> None:
        if self.most:
            self.most, self.why_not = 0, reason
            self.front.log.line(f"Batching is off because {reason}.", "W")
