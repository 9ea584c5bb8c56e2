"""Which number of joined requests serves most: learnt from completed requests a second, by class of load.

A class is the power of two nearest to the requests in the house. In each, the best size known is compared with one
other at a time: a window with the one, a window with the other, by turns, until they are further apart than chance
explains. On a busy machine single windows lie, so it takes more of them there; where it stays even, the smaller size is
kept. Trials come the more rarely the more often they were lost clearly, and never cost more than a small share of the
time; what is nearly even costs nearly nothing and is soon looked at again: how fast a model runs alone may change by
twice within a second, as other programs take the caches from it (seen with 16 MiB of weights).
Nothing here looks at a clock: what comes is told with its time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log, sqrt
from statistics import stdev

WINDOW = 0.02  # seconds that a window takes at least
TURNS = 2  # times that all requests in the house have to come round in a window
FEWEST = 16  # completed requests that a window needs …
LUMPS = 6  # … and times that some were completed together
BETTER = log(1.03)  # who is less than this ahead is no better …
WORTH = log(1.1)  # … and joining at all is not worth its longer runs below this
EVEN = log(1.25)  # less than this apart is no clear loss
CLEAR = log(3.0)  # as far apart as one pair can show them to be; then it needs no second
NOISE = 0.15  # how much the logarithms of two windows' rates differ by chance, at least …
SIGMAS = 2.5  # … and how many times as far apart than that explains they must be
REIGN = 4  # pairs that it takes at least to take the place of a size that has won before
HOPELESS = 3.0  # times slower than the best, from where on a challenger's window is broken off
PAIRS = 12  # after so many, what has come out on average decides
REST = 40.0  # times as long as what a trial has cost that a class then goes without one …
SHORTEST, LONGEST = 0.5, 30.0  # … and bounds of that, in seconds
PAUSE = 0.02  # seconds without anything to do that spoil a window
SINGLE = 1
MANY = 16  # requests in the house from where on half of them is worth a comparison, too


@dataclass
class Known:
    """What is known of one class of load: the sizes to choose from, the best one, and when to try another."""

    sizes: tuple[int, ...]
    best: int = SINGLE
    untried: list[int] = field(default_factory=list)  # sizes that have never been compared, the next one last
    turn: int = 0  # of the sizes after that
    due: float = 0.0  # when the next trial may begin
    rest: float = SHORTEST
    gain: float = 0.0  # of the best over single requests, where that was measured last; 0: never


@dataclass
class Trial:
    """A comparison under way."""

    challenger: int
    leads: list[float] = field(default_factory=list)  # logarithms of how many times the best's rate it had, a pair
    rate: float = 0.0  # of the best, in this pair
    cost: float = 0.0  # seconds that the best would have needed less for what the challenger did


class Learner:
    """`size` is how many requests a run may join now. Tell it what waits (`note`) and what is done (`done`)."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = SINGLE
        self.known: dict[int, Known] = {}
        self.trial: Trial | None = None
        self.load = 1  # the class of load of the last window
        self._peak = self._completed = self._lumps = 0
        self._settling = FEWEST  # requests that are still of the time before this window
        self._start = self._last = 0.0

    @property
    def trying(self) -> bool:
        """Whether `size` is a challenger's."""
        return self.trial is not None and self.size == self.trial.challenger

    def note(self, load: int, idle: bool, now: float) -> None:
        """So many requests are in the house; `idle` when no worker had one."""
        if load > self._peak:
            self._peak = load
        if idle and now - self._last > PAUSE:
            self._begin(now)
            self._last = now

    def done(self, number: int, now: float) -> None:
        """So many requests were completed together."""
        self._last = now
        if self._settling > 0:
            self._settling -= number
            self._start = now
            return
        self._completed += number
        self._lumps += 1
        if now - self._start < WINDOW or not (self._enough() or self._hopeless(now)):
            return
        rate, load = self._completed / (now - self._start), nearest_power(self._peak)
        if load != self.load:
            self.trial, self.load = None, load
            self._use(self.best(), now)
        else:
            self._use(self._next(rate, now), now)

    def limit(self, most: int) -> None:
        """Never join more than this again."""
        self.most = max(SINGLE, most)
        self.known, self.trial = {}, None
        self.size = min(self.size, self.most)

    def best(self) -> int:
        """The best size known for the load of the last window."""
        return self._of(self.load).best

    def gain(self) -> float:
        """How many times as many requests joining completes there; 0 before that was measured."""
        return self._of(self.load).gain

    def _enough(self) -> bool:
        return self._completed >= max(FEWEST, TURNS * self._peak) and self._lumps >= LUMPS

    def _hopeless(self, now: float) -> bool:
        """Whether a challenger is so slow that its window need not be finished."""
        worst = self.trial.rate / HOPELESS if self.trial and self.trying else 0.0
        return self._completed >= FEWEST and self._completed < worst * (now - self._start)

    def _of(self, load: int) -> Known:
        if load not in self.known:
            self.known[load] = Known(sizes := sizes_for(load, self.most), untried=list(sizes[:0:-1]))
        return self.known[load]

    def _next(self, rate: float, now: float) -> int:
        """The size for the next window, after one with this rate."""
        known = self._of(self.load)
        trial = self.trial
        if trial is None:
            if len(known.sizes) == 1 or (now < known.due and not known.untried):
                return known.best
            trial = self.trial = Trial(_challenger(known))
        elif self.size == trial.challenger:
            trial.cost += (now - self._start) * max(0.0, 1 - rate / trial.rate)
            return self._judge(known, trial, rate / trial.rate, now)
        trial.rate = rate
        return trial.challenger

    def _judge(self, known: Known, trial: Trial, ratio: float, now: float) -> int:
        trial.leads.append(log(ratio))
        lead = sum(trial.leads) / len(trial.leads)
        if not _decided(trial.leads) or (lead > 0 and known.best != SINGLE and len(trial.leads) < REIGN):
            return known.best  # the next pair
        if SINGLE in (known.best, trial.challenger):
            known.gain = exp(lead if known.best == SINGLE else -lead)
        margin = WORTH if SINGLE in (known.best, trial.challenger) else BETTER
        won = lead >= margin if trial.challenger > known.best else lead > -margin
        known.rest = SHORTEST if won or lead > -EVEN else min(known.rest * 2, LONGEST)
        known.due = now + max(known.rest, REST * trial.cost)
        if won:
            known.best = trial.challenger
        self.trial = None
        return known.best

    def _use(self, size: int, now: float) -> None:
        changed, self.size = size != self.size, size
        self._begin(now, self.load if changed else 0)

    def _begin(self, now: float, settling: int = FEWEST) -> None:
        self._settling, self._start = settling, now
        self._completed = self._peak = self._lumps = 0


def nearest_power(load: int) -> int:
    """The power of two that is nearest in ratio: 6 to 10 belong to 8."""
    return int(1 << max((load * 3 // 2).bit_length() - 1, 0))


def sizes_for(load: int, most: int) -> tuple[int, ...]:
    """Sizes worth comparing at this load: single requests, all that waits, a quarter and a sixteenth of it; and of many
    half, so that there is a next run to hand over while one goes on."""
    parts = [part for part in (load // 2 if load >= MANY else 0, load // 4, load // 16) if SINGLE < part < most]
    return tuple(dict.fromkeys((SINGLE, most, *parts))) if load > 1 else (SINGLE,)


def _challenger(known: Known) -> int:
    while known.untried:
        if (size := known.untried.pop()) != known.best:
            return size
    others = [size for size in known.sizes if size != known.best]
    known.turn += 1
    return others[known.turn % len(others)]


def _decided(leads: list[float]) -> bool:
    """Whether these pairs are enough to say who is ahead."""
    bounded = [max(-CLEAR, min(CLEAR, lead)) for lead in leads]
    mean, pairs = sum(bounded) / len(bounded), len(bounded)
    if pairs == 1:
        return abs(mean) >= CLEAR
    chance = max(NOISE, stdev(bounded)) / sqrt(pairs)
    return pairs >= PAIRS or abs(mean) >= max(BETTER, SIGMAS * chance)
