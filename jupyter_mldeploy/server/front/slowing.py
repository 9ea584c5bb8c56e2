"""Failed attempts to authenticate: counted by client address, and each further one answered later.

Only the answer to a wrong attempt waits. Other connections do not, and what is right passes at once.
"""

from __future__ import annotations

from collections import OrderedDict

FORGET = 300  # seconds without a failure, after which an address starts afresh
ADDRESSES = 10_000  # that are remembered, the last to fail
STEP = 0.05  # seconds that the first slow answer waits; each further one twice as long


class Failures:
    """How often each address failed, and when it last did."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def delay(self, address: str, tick: int, free: int, longest: float) -> float:
        """Note a failure; returns how many seconds its answer waits: none for the first `free` ones."""
        count, last = self._seen.pop(address, (0, tick))
        count = count + 1 if tick - last <= FORGET else 1
        self._seen[address] = (count, tick)
        if len(self._seen) > ADDRESSES:
            self._seen.popitem(last=False)
        return 0.0 if count <= free else min(STEP * 2 ** min(count - free - 1, 20), longest)
