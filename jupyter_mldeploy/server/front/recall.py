"""Taking back what waits in a worker behind a slow run, so that another worker can do it.

The worker looks at the flag in the shared page each time after it has written what it is about to run. What it had not
begun `GRACE` after the flag went up, it will not begin: that is taken back at once, although the slow run goes on. Each
recalled request also comes back by a RETURNED answer, sooner or later; until the last of them the flag stays up, and
the worker gets nothing new.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..page import RECALL

if TYPE_CHECKING:
    from .worker import Worker

GRACE = 0.002  # seconds in which a word that was written is surely seen by another core


class Recall:
    """One worker's recall; `open` holds the ids that it has yet to answer or to return."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.open: set[int] = set()

    def begin(self) -> None:
        """Ask for all that has not begun."""
        worker = self.worker
        self.open = set(worker.running).difference(worker.begun())
        if self.open:
            worker.page[RECALL] = 1
            asyncio.get_running_loop().call_later(GRACE, self._take_back)

    def over(self, number: int) -> None:
        """The worker has answered or returned a request."""
        self.open.discard(number)
        if not self.open and self.worker.state != "condemned":
            self.worker.page[RECALL] = 0

    def _take_back(self) -> None:
        worker = self.worker
        if worker.state == "dead":
            return
        numbers, begun = list(worker.running), worker.begun()
        first = numbers.index(begun[-1]) + 1 if begun else 0
        back = [worker.running.pop(number) for number in numbers[first:] if number in self.open]
        worker.front.pool.queue_again(back)
        worker.front.pool.dispatch()
