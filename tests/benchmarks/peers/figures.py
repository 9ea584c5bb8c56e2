"""From samples to figures: medians of rounds, and ratios paired by round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Measure = Callable[["Sample"], float]


@dataclass(frozen=True)
class Sample:
    """One measurement of one server. Times in ms; `cpu` in µs a request, of the server's processes."""

    workload: str
    server: str
    connections: int  # 0: no server, a loop
    round: int
    requests: int
    rate: float
    p50: float
    p99: float
    p999: float
    cpu: float
    errors: int = 0
    others: float = 0.0  # cores that neither the server nor wrk used


@dataclass(frozen=True)
class Standing:
    """What was seen of a server beside its load: seconds to the first 200, MiB (PSS), or why it did not take part."""

    workload: str
    server: str
    start: float | None = None
    memory: float | None = None
    idle: float | None = None  # share of a core that it uses while it waits for its turn
    failure: str = ""


class Figures:
    """All that was seen. Asked for what was not measured, it answers None."""

    def __init__(self, samples: Sequence[Sample] = (), standings: Sequence[Standing] = ()) -> None:
        self.samples, self.standings = list(samples), list(standings)

    def rounds(self, workload: str, server: str, connections: int, of: Measure) -> dict[int, float]:
        """The figure of each round."""
        return {
            each.round: of(each)
            for each in self.samples
            if (each.workload, each.server, each.connections) == (workload, server, connections)
        }

    def median(self, workload: str, server: str, connections: int, of: Measure) -> float | None:
        return _median(list(self.rounds(workload, server, connections, of).values()))

    def paired(
        self, one: dict[int, float], other: dict[int, float], join: Callable[[float, float], float]
    ) -> float | None:
        """The median of what joins two figures of the same round; a round that lacks either is left out."""
        return _median([join(one[number], other[number]) for number in one.keys() & other.keys()])

    def ratio(self, one: dict[int, float], other: dict[int, float]) -> float | None:
        positive = {number: value for number, value in other.items() if value > 0}
        return self.paired(one, positive, lambda a, b: a / b)

    def others(self) -> float | None:
        """How many cores somebody else used, most of the time."""
        return _median([each.others for each in self.samples if each.connections])

    def standing(self, workload: str, server: str) -> Standing | None:
        found = [each for each in self.standings if (each.workload, each.server) == (workload, server)]
        return found[-1] if found else None


def rate(sample: Sample) -> float:
    return sample.rate


def p50(sample: Sample) -> float:
    return sample.p50


def p99(sample: Sample) -> float:
    return sample.p99


def p999(sample: Sample) -> float:
    return sample.p999


def cpu(sample: Sample) -> float:
    return sample.cpu


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None
