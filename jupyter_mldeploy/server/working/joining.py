"""Several requests by one run: their rows joined, the result cut again, each answered as it would have been alone.

Whatever goes wrong in a joined run, nobody's answer tells of it: the run is done again in halves, down to single
requests, which fail or succeed by themselves. What a joined run prints belongs to its first request.
"""

from itertools import repeat
from time import perf_counter_ns
from typing import Any, List, NamedTuple, Optional

from .. import frames
from ..frames import Answer, Request
from ..page import ROWS, RUNS, SPLITS
from .rows import Rows, cut, joined, rows
from .scoring import Scoring

WRAP = 0xFFFFFFFF


class Part(NamedTuple):
    """A request and its rows."""

    request: Request
    rows: Rows


class Joining:
    """Answers the requests of a frame that the front allows to be joined."""

    def __init__(self, scoring: Scoring) -> None:
        self._scoring, self._words = scoring, scoring.words

    def answer(self, requests: List[Request]) -> None:
        """Answer all, in their order; neighbours whose bodies fit share a run."""
        parts: List[Part] = []
        for request in requests:
            found = None if request.meta else rows(request.body)
            if found is not None:
                parts.append(Part(request, found))
                continue
            self._run(parts)
            parts = []
            self._scoring.answer(request)
        self._run(parts)

    def _run(self, parts: List[Part]) -> None:
        if len(parts) < 2:
            for part in parts:
                self._scoring.answer(part.request)
            return
        scoring, first = self._scoring, parts[0].request.id
        if not scoring.begin(first, parts[-1].request.id):
            scoring.give_back([part.request for part in parts])
            return
        self._count(RUNS, 1)
        self._count(ROWS, sum(part.rows.number for part in parts))
        scoring.output.begin(first)
        answers = self._joined(parts)
        scoring.output.end()
        if answers is not None:
            scoring.channel.send(frames.answers(answers))
            return
        self._count(SPLITS, 1)
        half = len(parts) // 2
        self._run(parts[:half])
        self._run(parts[half:])

    def _joined(self, parts: List[Part]) -> Optional[List[Answer]]:
        """One answer a request; None when the run failed or its result is not one item a row."""
        scoring = self._scoring
        try:
            arguments = scoring.read({}, joined(part.rows.text for part in parts))
            started = perf_counter_ns()
            value: Any = scoring.run(**arguments)
            exec_us = min((perf_counter_ns() - started) // 1000, frames.NO_EXEC - 1)
            values = cut(value, [part.rows.number for part in parts])
        except BaseException:  # noqa: BLE001 (the edge around the user's script; who raised, the halves will tell)
            return None
        if values is None:
            return None
        return list(map(scoring.answer_of, (part.request for part in parts), values, repeat(exec_us)))

    def _count(self, word: int, number: int) -> None:
        self._words[word] = (self._words[word] + number) & WRAP
