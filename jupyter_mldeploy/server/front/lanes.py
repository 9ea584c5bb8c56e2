"""Several versions behind one address: each is a lane with workers, queue and settings of its own, and gets its percent
of the requests.

A lane is a `Front` that shares with the others what is the process's: address, log, auth, counters. Most fronts have
one lane without a name, and nothing is dealt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from copy import copy
from random import shuffle
from typing import TYPE_CHECKING, Any

from .checking import ConfigError, mapping, typed
from .config import parse_lane
from .crew import Crew
from .exchange import Exchange, Refusal
from .outcome import Outcome
from .pool import Pool
from .routes import Routes

if TYPE_CHECKING:
    from .config import App, Settings
    from .state import Front

HEADER = b"x-mldeploy-version"  # in a request: the version that shall answer; in an answer: the one that did
HUNDRED = 100
POLL = 0.02  # seconds between two looks at a lane that is leaving


class Lanes:
    """All lanes by name, who gets how much, and who is the default: it gets what is left over, and answers for all."""

    def __init__(self, front: Front, name: str) -> None:
        self.front = front
        self.by_name: dict[str, Front] = {}
        self.shares: Mapping[str, int] = {name: HUNDRED}
        self.default = name
        self.dealt = False  # whether requests are dealt to named versions
        self._deck: list[Front] = []
        self.open(name)
        self._lead(name)

    def open(self, name: str) -> Front:
        """A new lane, which has no workers yet and gets no requests before `share` says so."""
        lane = copy(self.front)
        lane.lane, lane.outcome = name, Outcome(None)
        lane.mark = b"%b: %b\r\n" % (HEADER, name.encode()) if name else b""
        lane.pool, lane.crew, lane.routes = Pool(lane), Crew(lane), Routes(lane)
        self.by_name[name] = lane
        return lane

    def refresh(self) -> None:
        """Once a second: what the process's front has renewed."""
        front = self.front
        for lane in self.by_name.values():
            lane.tick, lane.stamp, lane.certificate = front.tick, front.stamp, front.certificate

    def crews(self) -> list[Crew]:
        return [lane.crew for lane in self.by_name.values()]

    def score(self, exchange: Exchange) -> None:
        """Hand a request to the version that it asks for, or to the one whose turn it is."""
        name = exchange.fields.get(HEADER)
        lane = self._next() if name is None else self.by_name.get(name.decode("latin-1"))
        if lane is None or (name is not None and name.decode("latin-1") not in self.shares):
            text = f"There is no version {(name or b'').decode('latin-1')!r}. There are: {', '.join(self.shares)}."
            self.front.routes.answers.refuse(exchange, Refusal(404, text))
            return
        exchange.lane, exchange.mark = lane, lane.mark
        lane.scored += 1
        lane.routes.score(exchange)

    async def share(self, message: Mapping[str, Any]) -> None:
        """Deal by these percents from now on; versions that are not named finish what they have, and are gone."""
        shares = parse_shares(message.get("shares"))
        default = parse_lane(message.get("default"))
        for name in (*shares, default):
            if name not in self.by_name or name not in shares:
                raise ConfigError(f"No version {name!r}. There are: {', '.join(self.by_name)}.")
        self.shares, self._deck = shares, []
        self._lead(default)
        self.front.crew.become(self.front.crew.phase)  # for the outcome file: it told of another version till now
        await asyncio.gather(*(self._close(name) for name in set(self.by_name) - set(shares)))

    async def reload(self, name: str, coming: tuple[App, Settings], workers: int, timeout: float) -> None:
        """Serve a version with new workers; one that is not there yet gets no requests before `share` says so."""
        new = name not in self.by_name
        lane = self.open(name) if new else self.by_name[name]
        (app, settings), lane.coming = coming, coming
        if settings.autoscale_max and not new:
            workers = max(workers, min(lane.crew.wanted, settings.autoscale_max))
        try:
            await lane.crew.reload(app, workers, timeout)
        except BaseException:
            if new:
                del self.by_name[name]
            raise
        lane.pool.change(settings)
        if new:
            lane.crew.watch.look()

    def status(self) -> dict[str, Any]:
        """Each version by its name; `share` is what it gets in the end, in percent."""
        over = HUNDRED - sum(self.shares.values())
        return {
            name: {
                "share": self.shares.get(name, 0) + (over if name == self.default else 0),
                "phase": lane.crew.phase,
                "ready": len(lane.pool.admitted),
                "wanted": lane.crew.wanted,
                "requests": lane.scored,
                "root": lane.crew.app.root,
                "reason": "" if lane.pool.admitted else lane.crew.describe(),
            }
            for name, lane in self.by_name.items()
        }

    def _lead(self, name: str) -> None:
        """Let this version answer for all what is asked of the service as a whole."""
        self.by_name[self.default].outcome = Outcome(None)  # the end of any other version is not the front's
        lane = self.by_name[name]
        lane.outcome, self.default, self.dealt = self.front.outcome, name, bool(name)
        self.front.pool, self.front.crew = lane.pool, lane.crew

    def _next(self) -> Front:
        """The next card. A deck holds a hundred: exact shares, and no pattern that a client's could fall in with."""
        if not self._deck:
            dealt = [lane for name, lane in self.by_name.items() for _ in range(self.shares.get(name, 0))]
            self._deck = dealt + [self.by_name[self.default]] * (HUNDRED - len(dealt))
            shuffle(self._deck)
        return self._deck.pop()

    async def _close(self, name: str) -> None:
        lane = self.by_name[name]
        while lane.pool.queue and lane.crew.phase != "failed":
            await asyncio.sleep(POLL)
        lane.crew.dismiss()
        while lane.crew.workers:
            await asyncio.sleep(POLL)
        if self.by_name.get(name) is lane:
            del self.by_name[name]


def parse_shares(content: Any) -> dict[str, int]:
    """Checked percents by version: whole numbers, together at most a hundred."""
    shares = {name: typed(f"shares.{name}", share, int) for name, share in mapping(content, "shares").items()}
    if any(share < 0 for share in shares.values()) or sum(shares.values()) > HUNDRED:
        raise ConfigError(f"shares is {shares}; percents are at least 0 and together at most {HUNDRED}.")
    return shares
