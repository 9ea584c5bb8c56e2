"""Heads that were read before: a client sends the same bytes with each request, or a few variants of them.

What such a head says, and that it may pass, follows from its bytes, from the settings and from the keys; so while these
are the same it is looked up instead of parsed and checked. That took 4.5 of the 12.7 µs of Python which a small request
cost the front.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .exchange import SCORE, Exchange, Head

if TYPE_CHECKING:
    from .config import Settings
    from .http import Connection
    from .state import Front

END = b"\r\n\r\n"
MOST = 512  # heads; then it begins anew
LONGEST = 2048  # bytes of a head that is kept
FRAMING = (b"transfer-encoding", b"expect", b"upgrade", b"connection")


class Known(NamedTuple):
    """A head, how long the body is that it announces, and what it was judged by."""

    head: Head
    length: int
    settings: Settings
    rules: object


class Heads:
    """What is found by all the bytes of a head, Authorization included, is found by a keyed hash: how long that takes
    tells nobody how much of a key was right."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self._known: dict[bytes, Known] = {}

    def read(self, connection: Connection, data: bytes) -> Exchange | None:
        """The request that `data` is, when it is one from its first byte to its last, with a head that is known."""
        end = data.find(END) + len(END)
        known = self._known.get(data[:end])
        if known is None or len(data) - end != known.length:
            return None
        if known.settings is not self.front.settings or known.rules is not self.front.auth.rules:
            return None
        return Exchange.of(known.head, connection, data[end:])

    def keep(self, exchange: Exchange, data: bytes) -> None:
        """Know the head of this request, which was parsed from `data` and let pass."""
        front, fields, length = self.front, exchange.fields, len(exchange.body)
        end = data.find(END) + len(END)
        plain = (
            exchange.refusal is None
            and exchange.route == SCORE
            and exchange.method == b"POST"
            and exchange.keep_alive
            and not exchange.old
        )
        if not plain or end > LONGEST or len(data) - end != length or front.auth.mode == "token":
            return
        if exchange.content_length() != length or any(name in fields for name in FRAMING):
            return
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[data[:end]] = Known(exchange.head(), length, front.settings, front.auth.rules)
