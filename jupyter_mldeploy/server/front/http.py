"""HTTP/1.1 on httptools: one object a connection, given to uvicorn by its `http=` option.

It parses, keeps the order of pipelined requests, and holds the limits of heads and bodies; what a request means is
`routes`' affair. Requests of one connection are worked on one after the other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from . import headers
from .exchange import Exchange, Refusal

if TYPE_CHECKING:
    from .state import Front

VERSIONS = ("1.1", "1.0")
URL_LIMIT = 8190
HEADERS_LIMIT = 100
PIPELINE_LIMIT = 16  # requests that may wait behind the one at work before the connection is read no further
SWALLOW = 65_536  # bytes of a refused body that are read, so that the connection can go on
LARGE = 65_536  # bodies from here on are not copied to join them with their head
LINGER = 2.0  # seconds that a refused client has to read why, before the connection is closed under what it sends
GRACE = 0.3  # seconds that an idle connection has for one more request when the front stops


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, front: Front, connections: set[Any]) -> None:
        self.front = front
        self.connections = connections
        self.parser = HttpRequestParser(self)
        self.transport: Any = None
        self.current: Exchange | None = None  # at work
        self.incoming: Exchange | None = None  # its head is read, its body not yet
        self.whole: Exchange | None = None  # came to its end in the chunk that is read now
        self.pipeline: deque[Exchange] = deque()
        self.headers: list[tuple[bytes, bytes]] = []
        self.url = b""
        self.parts: list[bytes] = []
        self.size = 0
        self.in_head = False
        self.head_bytes = 0  # of a head that is not whole, without the chunk that is read now
        self.chunk = self.begins = 0  # bytes of that chunk, and how many messages begin in it
        self.began = self.active = front.tick
        self.deaf = False  # whatever else arrives is thrown away
        self.unread = False  # the client may still be sending what is thrown away
        self.ending = False  # the front stops
        self.choked = False  # the client does not take its answer …
        self.unsent = 0  # … of which so many bytes were left when we last looked

    # Called by the event loop.

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.connections.discard(self)
        self.deaf = True
        for exchange in (self.current, *self.pipeline):
            if exchange is not None:
                exchange.gone = True
                if exchange.streaming:
                    (exchange.lane or self.front).pool.cancel(exchange)
        if self.choked:
            self.resume_writing()
        self.current = self.incoming = None
        self.pipeline.clear()
        self.parts.clear()
        self.parser = None

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        self.active = self.front.tick
        between = not self.in_head and self.incoming is None
        if between and (exchange := self.front.heads.read(self, data)) is not None:
            self._queue(exchange)
            return
        self.chunk = len(data)
        # Whether all of this chunk belongs to one head, should that not be whole at the chunk's end.
        begins, self.begins = int(between), 0
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._without_upgrade(data[upgrade.args[0] :])
        except HttpParserCallbackError as error:
            raise (error.__context__ or error) from None  # a fault of ours: it is logged, and ends this connection
        except HttpParserError as error:
            self._malformed(str(error))
        if self.in_head:
            self._limit_head(begins)
        elif between and self.begins == 1 and (exchange := self.whole) is not None:
            self.front.heads.keep(exchange, data)
        self.whole = None

    def pause_writing(self) -> None:
        self.choked = True
        self.active = self.front.tick
        self._flow()
        if self.current is not None and self.current.streaming:
            (self.current.lane or self.front).pool.hold(self.current)

    def resume_writing(self) -> None:
        self.choked = False
        if self.current is not None and self.current.streaming:
            (self.current.lane or self.front).pool.release(self.current)
        self._flow()
        self._next()

    # Called by the parser.

    def on_message_begin(self) -> None:
        self.in_head = not self.deaf
        self.begins += 1
        self.head_bytes = 0
        self.headers = []
        self.url = b""
        self.began = self.front.tick

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.in_head = False
        if self.deaf:
            return
        exchange = Exchange(self, self.parser.get_method(), self.url, self.headers)
        if (b"upgrade" in exchange.fields or exchange.method == b"CONNECT") and self.parser.should_upgrade():
            return  # read once more, by `_without_upgrade`
        self.incoming = exchange
        version = self.parser.get_http_version()
        exchange.old = version != "1.1"
        exchange.keep_alive = self.front.settings.keep_alive and self.parser.should_keep_alive()
        if version not in VERSIONS:
            self._cut_off(505, f"This server speaks HTTP/1.1, not {version}.")
            return
        exchange.refusal = self._oversized(exchange) or self.front.routes.check(exchange)
        if exchange.refusal is not None:
            self._refuse_early(exchange)
        elif b"expect" in exchange.fields and not exchange.old:
            self._expected(exchange)

    def on_body(self, piece: bytes) -> None:
        exchange = self.incoming
        if exchange is None:
            return
        self.size += len(piece)
        if exchange.refusal is None:
            self.parts.append(piece)
            if self.size > self.front.settings.body_limit:
                exchange.refusal = self.front.routes.too_large()
        if exchange.refusal is not None and self.size > SWALLOW:
            self._stop_reading(exchange)

    def on_message_complete(self) -> None:
        exchange = self.incoming
        if exchange is None:
            return
        if self.parts:
            exchange.body = self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
            self.parts = []
        self.incoming, self.whole = None, exchange
        self.size = 0
        self.deaf = not exchange.keep_alive
        self._queue(exchange)

    # Called when an answer is ready.

    def reply(self, exchange: Exchange, head: bytes, body: bytes = b"") -> None:
        """Send a whole answer: `head` is the status line and header lines, without the empty line that ends them."""
        if exchange.method == b"HEAD":
            body = b""
        if len(body) < LARGE:
            self.write(b"%b%b\r\n%b" % (head, self._framing(exchange), body))
        else:
            self.write(b"%b%b\r\n" % (head, self._framing(exchange)))
            self.write(body)
        self.finished(exchange)

    def open_stream(self, exchange: Exchange, head: bytes) -> None:
        """Send the head of an answer whose body follows in pieces, by `stream`, until `finished`."""
        exchange.streaming = True
        exchange.chunked = not exchange.old and exchange.method != b"HEAD"  # of which nothing follows, not even an end
        if exchange.old:
            exchange.keep_alive = False
        chunked = b"transfer-encoding: chunked\r\n" if exchange.chunked else b""
        self.write(b"%b%b%b\r\n" % (head, chunked, self._framing(exchange)))

    def stream(self, exchange: Exchange, piece: bytes) -> None:
        if piece and exchange.method != b"HEAD":
            exchange.sent += len(piece)
            self.write(b"%x\r\n%b\r\n" % (len(piece), piece) if exchange.chunked else piece)

    def close_stream(self, exchange: Exchange) -> None:
        if exchange.chunked:
            self.write(b"0\r\n\r\n")
        self.finished(exchange)

    def break_off(self) -> None:
        """End a half-sent answer so that the client sees that it is not whole."""
        if self.transport is not None:
            self.transport.abort()

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():  # a write to a closed transport raises, and would hurt the neighbours
            self.transport.write(data)

    def finished(self, exchange: Exchange) -> None:
        """The answer is on its way: go on with the next request, or close."""
        exchange.gone = True
        self.active = self.front.tick
        self.current = None
        if not exchange.keep_alive:
            self._close()
        elif self.pipeline:
            asyncio.get_running_loop().call_soon(self._next)
        elif self.ending:
            self._close_when_idle()

    # Called by the server.

    def shutdown(self) -> None:
        """The front stops: answer what is under way and once more with `connection: close`, then close."""
        self.ending = True
        if self.current is None:
            self._close_when_idle()

    def sweep(self, tick: int) -> None:
        """Once a second: close what stands still."""
        settings = self.front.settings
        still = tick - self.active
        if self.choked:
            unsent = self.transport.get_write_buffer_size()
            if unsent != self.unsent:
                self.unsent, self.active = unsent, tick
            elif still > settings.write_seconds:
                self.break_off()
        elif self.current is not None or self.deaf:
            return
        elif self.incoming is not None or self.in_head:
            if still > settings.read_seconds or (self.in_head and tick - self.began > settings.read_seconds):
                self._cut_off(408, "The request did not arrive in time.")
        elif still > settings.keep_alive_seconds:
            self.transport.close()

    # Our own.

    def _queue(self, exchange: Exchange) -> None:
        if self.current is None and not self.pipeline and not self.choked:
            self._start(exchange)
        else:
            self.pipeline.append(exchange)
            self._flow()

    def _next(self) -> None:
        if self.current is None and self.pipeline and not self.choked and not self.transport.is_closing():
            self._start(self.pipeline.popleft())
            self._flow()

    def _flow(self) -> None:
        """Read on only while the client takes its answers and few of its requests wait."""
        if self.transport.is_closing():
            return
        if self.choked or len(self.pipeline) >= PIPELINE_LIMIT:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _start(self, exchange: Exchange) -> None:
        self.current = exchange
        exchange.arrived = monotonic()
        self.front.routes.handle(exchange)

    def _framing(self, exchange: Exchange) -> bytes:
        """The date, and what becomes of the connection."""
        if self.ending and not self.pipeline:
            exchange.keep_alive = False
        if not exchange.keep_alive:
            return self.front.stamp + headers.CLOSE
        return self.front.stamp + headers.KEEP if exchange.old else self.front.stamp

    def _oversized(self, exchange: Exchange) -> Refusal | None:
        if len(self.url) > URL_LIMIT:
            return Refusal(414, f"The request's address is longer than {URL_LIMIT} bytes.", bare=True)
        limit = self.front.settings.header_limit
        large = self.head_bytes + self.chunk > limit and sum(len(n) + len(v) + 4 for n, v in self.headers) > limit
        if large or len(self.headers) > HEADERS_LIMIT:
            return Refusal(431, "The request's head is too large.", bare=True)
        return None

    def _limit_head(self, begins: int) -> None:
        """Cut off a head that grows without end; what came before it in its first chunk does not count."""
        self.head_bytes += self.chunk if self.begins == begins else 0
        if self.head_bytes > self.front.settings.header_limit:
            self._cut_off(431, "The request's head is too large.")

    def _expected(self, exchange: Exchange) -> None:
        """`Expect: 100-continue`: ask for the body, unless it comes anyway or an earlier answer is still due."""
        if exchange.fields[b"expect"].lower() != b"100-continue":
            exchange.refusal = Refusal(417, "The only expectation that is known is 100-continue.", bare=True)
            self._refuse_early(exchange)
        elif self.current is None and not self.pipeline:
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse_early(self, exchange: Exchange) -> None:
        """Say no before the body when that is large, of unknown length, or waits to be asked for."""
        fields = exchange.fields
        if b"expect" in fields or b"transfer-encoding" in fields or exchange.content_length() > SWALLOW:
            self._stop_reading(exchange)

    def _stop_reading(self, exchange: Exchange) -> None:
        self.incoming = None
        self.parts = []
        self.deaf = self.unread = True
        exchange.keep_alive = False
        self._queue(exchange)

    def _malformed(self, reason: str) -> None:
        if not self.deaf:
            self._cut_off(400, f"The request is not valid HTTP: {reason}.")

    def _cut_off(self, status: int, message: str) -> None:
        """Answer a request that never became whole, after those before it, and close."""
        self.in_head = False
        exchange = self.incoming or Exchange(self, b"", self.url, [])
        exchange.refusal = Refusal(status, message, bare=True)
        self._stop_reading(exchange)

    def _without_upgrade(self, rest: bytes) -> None:
        """Ignore an Upgrade, as a server may. The parser takes what follows such a head for another protocol, bodies
        included, so a new one gets the head again without that line."""
        if self.deaf:
            return
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._malformed("this is no proxy")
            return
        self.parser = HttpRequestParser(self)
        lines = [b"%b: %b\r\n" % pair for pair in self.headers if pair[0].lower() != b"upgrade"]
        self.data_received(b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method, self.url, b"".join(lines), rest))

    def _close(self) -> None:
        """Close; in two steps when the client still sends, as it would lose the answer to a reset otherwise."""
        self.deaf = True
        if self.unread and not self.transport.is_closing() and self.transport.can_write_eof():
            self.transport.write_eof()
            asyncio.get_running_loop().call_later(LINGER, self.transport.close)
        else:
            self.transport.close()

    def _close_when_idle(self) -> None:
        asyncio.get_running_loop().call_later(GRACE, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if self.current is None and self.incoming is None and not self.in_head and not self.pipeline:
            self.transport.close()
