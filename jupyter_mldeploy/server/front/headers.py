"""Response header lines: ids, version and CORS (wire contract, sections 2 and 8). Names are case-insensitive."""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus

from .. import SERVER_VERSION
from .config import Settings
from .exchange import Exchange

CLOSE = b"connection: close\r\n"
KEEP = b"connection: keep-alive\r\n"
JSON = b"content-type: application/json\r\n"
HTML = b"content-type: text/html; charset=utf-8\r\n"
RUN_FAILED = b"x-ms-run-function-failed: True\r\n"
RUN_FINE = b"x-ms-run-function-failed: False\r\n"
_VERSION = b"x-ms-server-version: %b\r\n" % SERVER_VERSION.encode()

STATUS = {
    code: b"HTTP/1.1 %d %b\r\n"
    % (code, HTTPStatus(code).phrase.encode() if code in HTTPStatus._value2member_map_ else b"")
    for code in range(200, 600)
}

ID_FIELDS = (b"x-request-id", b"x-ms-client-request-id", b"x-ms-request-id")
ID_LIMIT = 100


def drop_too_long(exchange: Exchange) -> bytes:
    """Forget an id that is over its limit, so that no answer repeats it; returns its header's name, or nothing."""
    fields = exchange.fields
    found = b""
    for name in ID_FIELDS:
        if len(fields.get(name, b"")) > ID_LIMIT:
            del fields[name]
            found = found or name
    if found and len(exchange.request_id) > ID_LIMIT:
        exchange.request_id = b""
    exchange.refused_id = bool(found)
    return found


def standard(exchange: Exchange, settings: Settings) -> bytes:
    """The lines that every answer of `/`, `/score` and `/swagger.json` carries."""
    lines = ids(exchange)
    if exchange.mark:
        lines += exchange.mark
    if settings.version_header:
        lines += _VERSION
    if settings.cors_origins:
        lines += cors(exchange, settings)
    return lines


def ids(exchange: Exchange) -> bytes:
    """Request id, legacy id, client id and trace id, each by its rule."""
    fields, own = exchange.fields, exchange.request_id
    legacy, client = fields.get(b"x-ms-request-id"), fields.get(b"x-ms-client-request-id")
    if exchange.refused_id:
        return b"x-request-id: %b\r\n" % own if own else b""
    if legacy is None and client is None and own and b"traceid" not in fields:
        return b"x-request-id: %b\r\nx-ms-request-id: %b\r\n" % (own, own)
    values = (
        (b"x-request-id", own),
        (b"x-ms-request-id", legacy or client or own),
        (b"x-ms-client-request-id", client or legacy),
        (b"TraceId", fields.get(b"traceid")),
    )
    return b"".join(b"%b: %b\r\n" % (name, value) for name, value in values if value)


def cors(exchange: Exchange, settings: Settings) -> bytes:
    """What a browser needs to see; nothing for an Origin that is not on the list, nor without one unless so set."""
    names = settings.cors_origins.split(",")
    origin = exchange.fields.get(b"origin", b"" if settings.cors_needs_origin else names[0].strip().encode())
    allowed = _origins(settings.cors_origins)
    if not origin or not any(one.fullmatch(origin.decode("latin-1")) for one in allowed):
        return b""
    lines = b"access-control-allow-origin: %b\r\n" % origin
    if len(allowed) > 1 or not _PATTERN_SIGNS.isdisjoint(settings.cors_origins):
        lines += b"vary: Origin\r\n"
    if exchange.method == b"OPTIONS" and exchange.fields.get(b"access-control-request-method") in (b"GET", b"POST"):
        lines += b"access-control-allow-methods: GET, POST\r\n"
        asked = exchange.fields.get(b"access-control-request-headers")
        lines += b"access-control-allow-headers: %b\r\n" % asked if asked else b""
    return lines


@lru_cache(maxsize=8)
def _origins(names: str) -> tuple[re.Pattern[str], ...]:
    """The origins of a list, without regard to case: each by its name, `*` for all, or a regular expression."""
    found = []
    for name in map(str.strip, names.split(",")):
        try:
            text = ".*" if name == "*" else re.escape(name) if _PATTERN_SIGNS.isdisjoint(name) else name
            found.append(re.compile(text, re.IGNORECASE))
        except re.error:
            found.append(re.compile(re.escape(name), re.IGNORECASE))
    return tuple(found)


def is_preflight(exchange: Exchange) -> bool:
    fields = exchange.fields
    return exchange.method == b"OPTIONS" and b"origin" in fields and b"access-control-request-method" in fields


def of_script(pairs: list[tuple[str, str]]) -> bytes:
    """The header lines that a script set. Those that frame the message or name the request are the server's own."""
    lines = []
    for name, value in pairs:
        if name.lower() not in _RESERVED and _TOKEN.fullmatch(name) and value.isprintable():
            lines.append(f"{name}: {value}\r\n".encode("latin-1", "replace"))
    return b"".join(lines)


_PATTERN_SIGNS = frozenset("*\\]?$^[()")  # a name with any of these is an expression, as azmlinfsrv has it
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_RESERVED = {
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "traceid",
    "x-ms-client-request-id",
    "x-ms-request-id",
    "x-ms-run-fn-exec-ms",
    "x-ms-server-version",
    "x-request-id",
}
