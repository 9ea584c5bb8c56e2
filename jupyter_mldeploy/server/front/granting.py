"""`POST /token`: a service principal's id and secret against a token, in the form of OAuth 2's client credentials."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from . import headers
from .exchange import Exchange, Refusal

if TYPE_CHECKING:
    from .routes import Routes

LIMIT = 8192  # bytes of a body: it comes from strangers
NO_STORE = b"cache-control: no-store\r\n"
ASK = 'Send JSON such as {"client_id": "…", "client_secret": "…"}.'
WRONG = "No service principal of this id and secret may use this service. The secret may be wrong, or it has ended."
NO_TOKENS = Refusal(404, "This service gives out no tokens: it does not check any. See its auth setting.")


class Granting:
    """Gives out tokens; failed attempts count like wrong keys."""

    def __init__(self, routes: Routes) -> None:
        self.routes = routes
        self.front = routes.front

    def check(self, exchange: Exchange) -> Refusal | None:
        """What can be said before the body is read."""
        if self.front.auth.mode != "token":
            return NO_TOKENS
        if b"transfer-encoding" in exchange.fields or exchange.content_length() > LIMIT:
            return Refusal(413, f"A request for a token has a Content-Length of at most {LIMIT} bytes.")
        return None

    def handle(self, exchange: Exchange) -> None:
        """Answer with a token, 400 for what is no request for one, or 401."""
        asked = _asked(exchange)
        tokens = self.front.auth.tokens
        if asked is None or tokens is None:
            self.routes.refuse(exchange, Refusal(400, f"That is no request for a token. {ASK}", lines=NO_STORE))
        elif token := tokens.grant(*asked):
            left = token.expires - int(time.time())
            content = {"access_token": token.text, "token_type": "Bearer", "expires_in": left}
            content |= {"expires_on": token.expires, "refresh_after": token.refresh_after}
            self.routes.answers.send(exchange, 200, headers.JSON + NO_STORE, json.dumps(content).encode())
        else:
            self.routes.refuse(exchange, self.routes.unauthorised(exchange, WRONG))


def _asked(exchange: Exchange) -> tuple[str, str] | None:
    """Id and secret, from JSON or from a form (RFC 6749, 4.4)."""
    try:
        text = exchange.body.decode()
        if exchange.fields.get(b"content-type", b"").lower().startswith(b"application/x-www-form-urlencoded"):
            content = {name: values[0] for name, values in parse_qs(text).items()}
        else:
            content = json.loads(text)
        name, secret = content["client_id"], content["client_secret"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return (name, secret) if isinstance(name, str) and isinstance(secret, str) else None
