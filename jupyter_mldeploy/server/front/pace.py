"""How fast the queue moves, learnt while something waits in it: what a deadline is held against on arrival."""

from __future__ import annotations

SHARE = 8  # of what was known before, one part in so many is forgotten with each completion


class Pace:
    """Seconds a completed request, over all workers; 0 as long as nothing has waited."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = 0.0
        self._waited = False  # whether something waited after the last completion, so that nobody was idle

    def done(self, number: int, waiting: int, now: float) -> None:
        """So many requests were completed together, and so many wait."""
        if self._waited:
            each = (now - self._last) / number
            self.seconds += (each - self.seconds) / SHARE if self.seconds else each
        self._last, self._waited = now, waiting > 0

    def wait(self, ahead: int) -> float:
        """The seconds that so many requests will take."""
        return ahead * self.seconds
