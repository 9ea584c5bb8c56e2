"""What a worker is told of a request beside its body: nothing for a plain POST, else a small JSON object."""

from __future__ import annotations

import json
from typing import Any

from .exchange import Exchange


def meta(exchange: Exchange, with_headers: bool, secret: bool) -> bytes:
    """The meta of a REQUEST frame; `with_headers` when the answer depends on headers or the content type.

    When `secret`, the Authorization header holds this service's own key, which is none of the script's business.
    """
    if exchange.method == b"POST" and not with_headers:
        return b""
    content: dict[str, Any] = {
        "m": exchange.method.decode(),
        "p": exchange.path.decode("latin-1"),
        "q": exchange.query.decode("latin-1"),
        "ct": exchange.fields.get(b"content-type", b"").decode("latin-1"),
    }
    if with_headers:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in exchange.headers]
        content["h"] = [pair for pair in pairs if not (secret and pair[0].lower() == "authorization")]
    return json.dumps(content).encode()
