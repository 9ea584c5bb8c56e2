"""What each address answers (wire contract, section 1), and whom it refuses before the body is read."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote_to_bytes

from . import docs, headers, prometheus, protocols
from .answers import Answers
from .exchange import DOCS, HEALTH, LIVE, METRICS, OPEN, SCORE, SCORING, SWAGGER, TOKEN, Exchange, Refusal
from .granting import Granting

if TYPE_CHECKING:
    from .state import Front

READ = protocols.READ
METHODS = {
    HEALTH: READ,
    LIVE: READ,
    METRICS: READ,
    DOCS: READ,
    SCORE: (b"GET", b"POST", b"OPTIONS", b"HEAD"),
    SWAGGER: READ,
    TOKEN: (b"POST", b"OPTIONS"),
    **protocols.METHODS,
}
VERSIONS = {"2": "2", "2.0": "2", "3": "3.0", "3.0": "3.0", "3.1": "3.1"}
# The wire contract's texts for an unknown address and a wrong method are those of its web framework, werkzeug.
UNKNOWN = Refusal(
    404,
    "The requested URL was not found on the server. "
    "If you entered the URL manually please check your spelling and try again.",
    bare=True,
)
WRONG_METHOD = "The method is not allowed for the requested URL."


TABLE = {
    b"/": HEALTH,
    b"/readyz": HEALTH,
    b"/livez": LIVE,
    b"/score": SCORE,
    b"/swagger.json": SWAGGER,
    b"/metrics": METRICS,
    b"/docs": DOCS,
    b"/token": TOKEN,
    **protocols.TABLE,
}


class Routes:
    """The table of addresses."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.answers = Answers(front)
        self.granting = Granting(self)
        self.protocols = protocols.Protocols(front, self.answers.send, self.unavailable)
        self._deciding: set[asyncio.Task[None]] = set()
        self._table = dict(TABLE)
        self._simple = {
            HEALTH: self._health,
            LIVE: self._live,
            METRICS: self._metrics,
            DOCS: self._docs,
            SWAGGER: self._swagger,
            TOKEN: self.granting.handle,
            **self.protocols.handlers,
        }
        for alias in front.config.aliases:
            prefix = alias.rstrip("/").encode()
            self._table |= {prefix + b"/score": SCORE, prefix + b"/swagger.json": SWAGGER, prefix + b"/token": TOKEN}
            self._table |= {prefix + path: route for path, route in protocols.TABLE.items()}

    def check(self, exchange: Exchange) -> Refusal | None:
        """What can be said from the head alone; sets the exchange's route."""
        route = exchange.route = self._table.get(exchange.path) or self._find(exchange)
        if not route:
            return UNKNOWN
        if exchange.method not in METHODS[route]:
            allow = b"allow: %b\r\n" % b", ".join(METHODS[route])
            return Refusal(405, WRONG_METHOD, bare=True, lines=allow if self.front.settings.allow_header else b"")
        if name := headers.drop_too_long(exchange):
            return Refusal(431, f"The header {name.decode()} is longer than {headers.ID_LIMIT} characters.")
        if route not in OPEN and (refusal := self._authorise(exchange)):
            return refusal
        if route == TOKEN and (refusal := self.granting.check(exchange)):
            return refusal
        if exchange.model[0] and (refusal := self.protocols.check(exchange)):
            return refusal
        if exchange.method == b"HEAD" and route == SCORE and not self.front.pool.raw:
            return Refusal(405, "Method not allowed")
        if exchange.content_length() > self.front.settings.body_limit:
            return self.too_large()
        return None

    def too_large(self) -> Refusal:
        return Refusal(413, f"The body is larger than the limit of {self.front.settings.body_limit} bytes.")

    def handle(self, exchange: Exchange) -> None:
        """Answer a request that is whole, or hand it to the workers."""
        if exchange.refusal is not None:
            self.refuse(exchange, exchange.refusal)
        elif exchange.undecided:
            self._deciding.add(task := asyncio.create_task(self._decide(exchange)))
            task.add_done_callback(self._deciding.discard)
        elif exchange.route in SCORING:
            if self.front.lanes.dealt:
                self.front.lanes.score(exchange)
            else:
                self.score(exchange)
        elif exchange.method == b"OPTIONS":
            self._options(exchange)
        else:
            self._simple[exchange.route](exchange)

    def _find(self, exchange: Exchange) -> int:
        """Addresses in a rarer form: with escapes, or with scheme and host in front."""
        path = exchange.path
        if path.lower().startswith((b"http://", b"https://")):
            path = b"/" + path.split(b"/", 3)[3] if path.count(b"/") > 2 else b"/"
        exchange.path = path
        path = unquote_to_bytes(path)
        return self._table.get(path) or self.protocols.find(exchange, path)

    def _authorise(self, exchange: Exchange) -> Refusal | None:
        front = self.front
        if front.auth.mode == "none" or (front.settings.cors_origins and headers.is_preflight(exchange)):
            return None
        sent = exchange.fields.get(b"authorization", b"")
        reason = front.auth.refuse(sent)
        exchange.undecided = bool(reason) and front.auth.may_learn(sent)
        return self.unauthorised(exchange, reason) if reason and not exchange.undecided else None

    async def _decide(self, exchange: Exchange) -> None:
        """Go on with a request whose token may be signed by a new key of the outside issuer."""
        await self.front.auth.learn()
        exchange.refusal = self._authorise(exchange)
        self.handle(exchange)

    def unauthorised(self, exchange: Exchange, reason: str) -> Refusal:
        """401; the more often its client failed, the later."""
        front, settings = self.front, self.front.settings
        front.counts.unauthorised += 1
        address = (exchange.connection.transport.get_extra_info("peername") or ("",))[0]
        longest = settings.failure_delay_ms / 1000
        delay = front.auth.failures.delay(address, front.tick, settings.failures_free, longest)
        return Refusal(401, reason, lines=b"www-authenticate: Bearer\r\n", delay=delay)

    def refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        """Say no, at once or after the refusal's delay."""
        if refusal.delay:
            asyncio.get_running_loop().call_later(refusal.delay, self.answers.refuse, exchange, refusal)
        else:
            self.answers.refuse(exchange, refusal)

    def score(self, exchange: Exchange) -> None:
        """Queue a request for the workers."""
        front = self.front
        if exchange.method == b"OPTIONS" and (
            not front.pool.raw or (front.settings.cors_origins and headers.is_preflight(exchange))
        ):
            self._options(exchange)
        elif front.crew.phase in ("starting", "failed"):
            self.unavailable(exchange)
        else:
            front.pool.submit(exchange)

    def _health(self, exchange: Exchange) -> None:
        if self.front.pool.admitted:
            self.answers.send(exchange, 200, headers.HTML, b"Healthy")
        else:
            self.unavailable(exchange)

    def _live(self, exchange: Exchange) -> None:
        """The front answers, whatever its workers do."""
        self.answers.send(exchange, 200, headers.HTML, b"Alive")

    def _metrics(self, exchange: Exchange) -> None:
        self.answers.send(exchange, 200, prometheus.CONTENT_TYPE, prometheus.render(self.front))

    def _docs(self, exchange: Exchange) -> None:
        if self.front.pool.admitted:
            self.answers.send(exchange, 200, docs.headers(), docs.page(self.front))
        else:
            self.unavailable(exchange)

    def unavailable(self, exchange: Exchange) -> None:
        """503 with what the workers are doing instead."""
        if exchange.route in SCORING:
            self.front.counts.refused += 1
            self.front.metrics.refuse(self.front.crew.phase)
        self.answers.refuse(exchange, Refusal(503, self.front.crew.describe(), lines=b"retry-after: 1\r\n"))

    def _options(self, exchange: Exchange) -> None:
        lines = headers.HTML
        if exchange.route in SCORING:
            lines += headers.RUN_FINE
        else:
            lines += b"allow: %b\r\n" % b", ".join(METHODS[exchange.route])
        self.answers.send(exchange, 200, lines, b"")

    def _swagger(self, exchange: Exchange) -> None:
        asked = parse_qs(exchange.query.decode("latin-1"), keep_blank_values=True).get("version", ["2"])[0]
        version = VERSIONS.get(asked)
        if not self.front.pool.admitted:
            self.unavailable(exchange)
        elif version is None:
            known = ", ".join(VERSIONS)
            self.answers.refuse(exchange, Refusal(404, f"Swagger version {asked!r} is not valid. Supported: {known}."))
        elif (document := self.front.pool.swagger.get(version)) is None:
            message = f"This service's inputs cannot be described in Swagger version {asked}."
            self.answers.refuse(exchange, Refusal(404, message))
        else:
            text = document if isinstance(document, str) else json.dumps(document)
            self.answers.send(exchange, 200, headers.RUN_FINE + headers.JSON, text.encode())
