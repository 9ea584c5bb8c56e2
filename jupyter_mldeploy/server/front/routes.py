"""What each address answers (wire contract, section 1), and whom it refuses before the body is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote_to_bytes

from . import headers
from .answers import Answers
from .exchange import HEALTH, SCORE, SWAGGER, Exchange, Refusal

if TYPE_CHECKING:
    from .state import Front

METHODS = {
    HEALTH: (b"GET", b"HEAD", b"OPTIONS"),
    SCORE: (b"GET", b"POST", b"OPTIONS", b"HEAD"),
    SWAGGER: (b"GET", b"HEAD", b"OPTIONS"),
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


class Routes:
    """The table of addresses."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.answers = Answers(front)
        self._table = {b"/": HEALTH, b"/score": SCORE, b"/swagger.json": SWAGGER}
        for alias in front.config.aliases:
            prefix = alias.rstrip("/").encode()
            self._table |= {prefix + b"/score": SCORE, prefix + b"/swagger.json": SWAGGER}

    def check(self, exchange: Exchange) -> Refusal | None:
        """What can be said from the head alone; sets the exchange's route."""
        route = exchange.route = self._table.get(exchange.path) or self._find(exchange)
        if not route:
            return UNKNOWN
        if exchange.method not in METHODS[route]:
            allow = b", ".join(METHODS[route])
            return Refusal(405, WRONG_METHOD, bare=True, lines=b"allow: %b\r\n" % allow)
        if name := headers.drop_too_long(exchange):
            return Refusal(431, f"The header {name.decode()} is longer than {headers.ID_LIMIT} characters.")
        if route != HEALTH and (refusal := self._authorise(exchange)):
            return refusal
        if exchange.method == b"HEAD" and route == SCORE:
            return Refusal(405, "Method not allowed")
        if exchange.content_length() > self.front.settings.body_limit:
            return self.too_large()
        return None

    def too_large(self) -> Refusal:
        return Refusal(413, f"The body is larger than the limit of {self.front.settings.body_limit} bytes.")

    def handle(self, exchange: Exchange) -> None:
        """Answer a request that is whole, or hand it to the workers."""
        if exchange.refusal is not None:
            self.answers.refuse(exchange, exchange.refusal)
        elif exchange.route == SCORE:
            self._score(exchange)
        elif exchange.method == b"OPTIONS":
            self._options(exchange)
        elif exchange.route == HEALTH:
            self._health(exchange)
        else:
            self._swagger(exchange)

    def _find(self, exchange: Exchange) -> int:
        """Addresses in a rarer form: with escapes, or with scheme and host in front."""
        path = exchange.path
        if path.lower().startswith((b"http://", b"https://")):
            path = b"/" + path.split(b"/", 3)[3] if path.count(b"/") > 2 else b"/"
        exchange.path = path
        return self._table.get(unquote_to_bytes(path), 0)

    def _authorise(self, exchange: Exchange) -> Refusal | None:
        front = self.front
        if front.auth.mode == "none" or (front.settings.cors_origins and headers.is_preflight(exchange)):
            return None
        reason = front.auth.refuse(exchange.fields.get(b"authorization", b""))
        if not reason:
            return None
        front.counts.unauthorised += 1
        return Refusal(401, reason, lines=b"www-authenticate: Bearer\r\n")

    def _score(self, exchange: Exchange) -> None:
        front = self.front
        if exchange.method == b"OPTIONS" and (
            not front.pool.raw or (front.settings.cors_origins and headers.is_preflight(exchange))
        ):
            self._options(exchange)
        elif front.crew.phase in ("starting", "failed"):
            self.unavailable(exchange)
        elif not front.pool.submit(exchange):
            self.answers.busy(exchange)

    def _health(self, exchange: Exchange) -> None:
        if self.front.pool.admitted:
            self.answers.send(exchange, 200, headers.HTML, b"Healthy")
        else:
            self.unavailable(exchange)

    def unavailable(self, exchange: Exchange) -> None:
        """503 with what the workers are doing instead."""
        self.front.counts.refused += exchange.route == SCORE
        self.answers.refuse(exchange, Refusal(503, self.front.crew.describe(), lines=b"retry-after: 1\r\n"))

    def _options(self, exchange: Exchange) -> None:
        lines = headers.HTML
        if exchange.route != SCORE:
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
