"""What the log says of one answered request when `request_log` is on: its ids, times and sizes, as a JSON object."""

from __future__ import annotations

import json
from time import time
from typing import Any

from .exchange import Exchange


def facts(exchange: Exchange, status: int, size: int, took: float) -> str:
    """`took` in milliseconds. `run_ms` and `queue_ms` (the wait, and the way there and back) are null when `run` did
    not return."""
    ran = None if exchange.run is None else exchange.run * 1000
    content: dict[str, Any] = {
        "received": round(time() - took / 1000, 6),
        "request_id": exchange.request_id.decode("latin-1"),
        "client_request_id": _field(exchange, b"x-ms-client-request-id"),
        "trace_id": _field(exchange, b"traceid"),
        "method": exchange.method.decode("latin-1"),
        "path": exchange.path.decode("latin-1"),
        "status": status,
        "worker": exchange.worker,
        "total_ms": round(took, 3),
        "queue_ms": None if ran is None else round(max(took - ran, 0.0), 3),
        "run_ms": None if ran is None else round(ran, 3),
        "bytes_in": len(exchange.body),
        "bytes_out": size,
    }
    if exchange.mark:
        content["version"] = exchange.mark.partition(b": ")[2].strip().decode("latin-1")
    return json.dumps(content)


def _field(exchange: Exchange, name: bytes) -> str | None:
    value = exchange.fields.get(name)
    return None if value is None else value.decode("latin-1")
