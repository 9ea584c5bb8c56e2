"""What is counted for `/metrics` and for `why`: counters and histograms that cost a request a few additions."""

from __future__ import annotations

from bisect import bisect_left
from time import time
from typing import NamedTuple

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
FRAMES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
WINDOW = 30  # seconds; what is recent is between one and two of them old


class Histogram:
    """Counts by fixed bounds; a value on a bound counts below it, as Prometheus has it."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def copy(self) -> Histogram:
        copied = Histogram(self.bounds)
        copied.counts, copied.total = list(self.counts), self.total
        return copied

    def since(self, earlier: Histogram) -> Histogram:
        """What came after `earlier`, a copy of the same histogram, was taken."""
        later = Histogram(self.bounds)
        later.counts = [now - before for now, before in zip(self.counts, earlier.counts, strict=True)]
        later.total = self.total - earlier.total
        return later

    @property
    def count(self) -> int:
        return sum(self.counts)

    def below(self, share: float) -> float | None:
        """The bound below which that share of the values lies; None when it is above all bounds."""
        wanted, seen = share * self.count, 0
        for bound, count in zip(self.bounds, self.counts[:-1], strict=True):
            seen += count
            if seen >= wanted:
                return bound
        return None

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0


class Refused(NamedTuple):
    """How often requests were refused for one reason, and when last."""

    number: int = 0
    last: float = 0.0


class Metrics:
    """`queue` and `run` are in seconds, for requests whose `run` returned; `frames` holds requests a frame, `joined`
    those of frames that a worker may join."""

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.queue, self.run, self.frames = Histogram(SECONDS), Histogram(SECONDS), Histogram(FRAMES)
        self.joined = Histogram(FRAMES)
        self.refused: dict[str, Refused] = {}
        self._marks = [self._mark()] * 2

    def answered(self, status: int) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def ran(self, run: float, all_in_all: float) -> None:
        """A run returned: what is not `run` was the wait for it, and the way to the worker and back."""
        self.run.add(run)
        self.queue.add(max(all_in_all - run, 0.0))

    def refuse(self, reason: str) -> None:
        self.refused[reason] = Refused(self.refused.get(reason, Refused()).number + 1, time())

    def tick(self, second: int) -> None:
        if second % WINDOW == 0:
            self._marks = [self._marks[1], self._mark()]

    def recent(self) -> tuple[Histogram, Histogram, Histogram, Histogram, float]:
        """Queue, run, frames and joined frames of the last one to two windows, and of how many seconds that is."""
        queue, run, frames, joined, began = self._marks[0]
        later = self.queue.since(queue), self.run.since(run), self.frames.since(frames), self.joined.since(joined)
        return *later, time() - began

    def _mark(self) -> tuple[Histogram, Histogram, Histogram, Histogram, float]:
        return self.queue.copy(), self.run.copy(), self.frames.copy(), self.joined.copy(), time()
