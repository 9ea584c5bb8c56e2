"""From a worker's answer, or from a refusal, to the HTTP response (wire contract, sections 2, 4 and 6)."""

from __future__ import annotations

import json
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING

from .. import frames
from . import headers
from .exchange import QUIET, SCORING, Exchange, Refusal
from .logs import Source
from .protocols import error
from .request_log import facts

if TYPE_CHECKING:
    from .state import Front

# The wire contract's fixed texts: a client may look for them.
SCRIPT_FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."
SERVER_FAILED = "An unexpected internal error occurred. Check the logs for more info."
BUSY = "More requests wait than this service takes. Try again."
_OK = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    b"x-ms-run-function-failed: False\r\nx-ms-run-fn-exec-ms: %.3f\r\n%b"
)


class Answers:
    """Writes answers to the connections that wait for them, and counts and logs each."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self._access: dict[int, Source] = {}
        self._by_status = {
            frames.OK_META: self._response,
            frames.RAISED: self._raised,
            frames.NOT_SERIALISABLE: self._not_serialisable,
            frames.BAD_INPUT: self._bad_input,
            frames.PART: self._part,
            frames.END: self._end,
        }

    def deliver(self, exchange: Exchange, answer: frames.Answer) -> None:
        """Turn one answer of a worker into its response. What comes for a client that has gone is dropped."""
        if answer.status != frames.OK:
            self._by_status[answer.status](exchange, answer)
        elif not exchange.gone:
            body = answer.body
            head = _OK % (len(body), answer.exec_us / 1000, headers.standard(exchange, self.front.settings))
            exchange.connection.reply(exchange, head, body)
            self._ran(exchange, answer.exec_us)
            self._note(exchange, 200, len(body))

    def refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        """A JSON message that says what is wrong."""
        body = error(exchange, refusal.status, refusal.message)
        lines = headers.RUN_FINE + headers.JSON + refusal.lines
        self.send(exchange, refusal.status, lines, body, bare=refusal.bare)

    def busy(self, exchange: Exchange, reason: str = "queue full", wait: float = 1.0) -> None:
        """503, with the whole seconds after which it may be worth another try."""
        self.front.counts.refused += 1
        self.front.metrics.refuse(reason)
        self.refuse(exchange, Refusal(503, BUSY, lines=b"retry-after: %d\r\n" % max(1, ceil(wait))))

    def fail(self, exchange: Exchange, message: str = SCRIPT_FAILED, status: int = 500) -> None:
        """500, or what `status` says, because of the script: it raised, took too long, or its worker died."""
        if exchange.streaming:
            self._break(exchange)
        elif not exchange.gone:
            self.send(exchange, status, headers.RUN_FAILED + headers.JSON, error(exchange, status, message))

    def send(self, exchange: Exchange, status: int, lines: bytes, body: bytes, bare: bool = False) -> None:
        """Write one whole answer; `bare` without the id, version and CORS headers."""
        if exchange.gone:
            return
        standard = b"" if bare else headers.standard(exchange, self.front.settings)
        length = b"" if status in (204, 304) else b"content-length: %d\r\n" % len(body)
        exchange.connection.reply(exchange, headers.STATUS[status] + length + lines + standard, body)
        self._note(exchange, status, len(body))

    def _response(self, exchange: Exchange, answer: frames.Answer) -> None:
        """A response object of the script, whole or the head of a stream."""
        if exchange.gone:
            return
        self._ran(exchange, answer.exec_us)
        status = answer.http
        if status not in headers.STATUS:
            self._log_error(exchange, f"The script answered with HTTP status {status}, which does not exist.")
            self._server_failed(exchange)
            return
        lines = headers.of_script(json.loads(answer.meta or b"{}").get("headers", []))
        if answer.flags & frames.FLAG_RUN_FAILED and b"x-ms-run-function-failed" not in lines.lower():
            lines += headers.RUN_FAILED
        lines += _exec_line(answer)
        if answer.flags & frames.FLAG_STREAM:
            head = headers.STATUS[status] + lines + headers.standard(exchange, self.front.settings)
            exchange.status = status
            exchange.connection.open_stream(exchange, head)
        else:
            self.send(exchange, status, lines, answer.body)

    def _part(self, exchange: Exchange, answer: frames.Answer) -> None:
        if exchange.streaming and not exchange.gone:
            exchange.connection.stream(exchange, answer.body)

    def _end(self, exchange: Exchange, _: frames.Answer) -> None:
        if exchange.streaming and not exchange.gone:
            exchange.connection.close_stream(exchange)
            self._note(exchange, exchange.status, exchange.sent)

    def _break(self, exchange: Exchange) -> None:
        if not exchange.gone:
            exchange.connection.break_off()
            exchange.gone = True
            self._note(exchange, 500, exchange.sent)

    def _raised(self, exchange: Exchange, answer: frames.Answer) -> None:
        self.front.counts.raised += 1
        self._log_error(exchange, answer.body.decode("utf-8", "replace"))
        self.fail(exchange)

    def _not_serialisable(self, exchange: Exchange, answer: frames.Answer) -> None:
        self._log_error(exchange, answer.body.decode("utf-8", "replace"))
        self._server_failed(exchange)

    def _server_failed(self, exchange: Exchange) -> None:
        self.refuse(exchange, Refusal(500, SERVER_FAILED))

    def _bad_input(self, exchange: Exchange, answer: frames.Answer) -> None:
        self.refuse(exchange, Refusal(answer.http or 400, answer.body.decode("utf-8", "replace")))

    def _log_error(self, exchange: Exchange, text: str) -> None:
        self.front.counts.last_error = text.strip().rpartition("\n")[2]
        source = Source("server", "azmlinfsrv", exchange.worker)
        self.front.log.line(text.rstrip(), "E", exchange.request_id.decode("latin-1"), source)

    def _ran(self, exchange: Exchange, exec_us: int) -> None:
        """Note how long the script took, before a stream's client has his share in it."""
        if exec_us != frames.NO_EXEC:
            exchange.run = exec_us / 1_000_000
            self.front.metrics.ran(exchange.run, monotonic() - exchange.arrived)

    def _note(self, exchange: Exchange, status: int, size: int) -> None:
        """Count the answer, and write the line that azmlinfsrv writes for each but health checks."""
        front = self.front
        if exchange.route in SCORING:
            front.counts.requests += 1
            front.metrics.answered(status)
            front.counts.errors += status >= 500
        if not front.settings.access_log or exchange.route in QUIET:
            return
        address = exchange.path + b"?" + exchange.query if exchange.query else exchange.path
        took = (monotonic() - exchange.arrived) * 1000
        text = f"{exchange.method.decode()} {address.decode('latin-1')} {status} {took:.3f}ms {size}"
        source = self._access.get(exchange.worker) or self._access.setdefault(
            exchange.worker, Source("access", "azmlinfsrv", exchange.worker)
        )
        request = exchange.request_id.decode("latin-1")
        if front.settings.request_log:
            front.log.request(text, facts(exchange, status, size, took), request, source)
        else:
            front.log.line(text, "I", request, source)


def _exec_line(answer: frames.Answer) -> bytes:
    if answer.exec_us == frames.NO_EXEC:
        return b""
    return b"x-ms-run-fn-exec-ms: %.3f\r\n" % (answer.exec_us / 1000)
