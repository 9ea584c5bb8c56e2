"""What a worker is told of a request beside its body: nothing for a plain POST, else a small JSON object."""

from __future__ import annotations

import json
from typing import Any

from .exchange import INFER, INVOKE, SCORE, Exchange

KINDS = {INFER: "infer", INVOKE: "invocations"}
JSON = b"application/json"
FORMS = (b"application/x-www-form-urlencoded", b"multipart/form-data")


def meta(exchange: Exchange, with_headers: bool, secret: bool) -> bytes:
    """The meta of a REQUEST frame; `with_headers` when the answer depends on headers or the content type.

    When `secret`, the Authorization header holds this service's own key, which is none of the script's business.
    """
    fields = exchange.fields
    kind, encoding = fields.get(b"content-type", b""), fields.get(b"content-encoding", b"")
    plain = exchange.method == b"POST" and exchange.route == SCORE and not with_headers and not encoding
    if plain and (kind == JSON or not kind.lower().startswith(FORMS)):
        return b""
    content: dict[str, Any] = {
        "m": exchange.method.decode(),
        "p": exchange.path.decode("latin-1"),
        "q": exchange.query.decode("latin-1"),
        "ct": kind.decode("latin-1"),
    }
    if exchange.route in KINDS:
        content["k"] = KINDS[exchange.route]
        content["model"] = exchange.model
        content["a"] = fields.get(b"accept", b"").decode("latin-1")
        content["n"] = fields.get(b"inference-header-content-length", b"").decode("latin-1")
    if encoding:
        content["ce"] = encoding.decode("latin-1")
    if with_headers:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in exchange.headers]
        content["h"] = [pair for pair in pairs if not (secret and pair[0].lower() == "authorization")]
    return json.dumps(content).encode()
