"""Addresses that clients of other servers know: MLflow's and SageMaker's, and the Open Inference Protocol v2 (OIP).

Bodies are the workers' affair: here is what can be said from the address alone, and how each protocol words an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import SERVER_VERSION
from . import headers
from .exchange import (
    INFER,
    INVOKE,
    OIP_LIVE,
    OIP_MODEL,
    OIP_MODEL_READY,
    OIP_READY,
    OIP_SERVER,
    PING,
    VERSION,
    Exchange,
    Refusal,
)
from .tensors import tensors

if TYPE_CHECKING:
    from .state import Front

SCORED = (b"POST", b"OPTIONS")
READ = (b"GET", b"HEAD", b"OPTIONS")
OIP = (INFER, OIP_SERVER, OIP_LIVE, OIP_READY, OIP_MODEL, OIP_MODEL_READY)
METHODS = {INFER: SCORED, INVOKE: SCORED} | dict.fromkeys((PING, VERSION, *OIP[1:]), READ)
TABLE = {
    b"/invocations": INVOKE,
    b"/ping": PING,
    b"/version": VERSION,
    b"/v2": OIP_SERVER,
    b"/v2/health/live": OIP_LIVE,
    b"/v2/health/ready": OIP_READY,
}
OF_MODEL = {b"": OIP_MODEL, b"/ready": OIP_MODEL_READY, b"/infer": INFER}
MODEL = rb"/v2/models/([^/]+)(?:/versions/([^/]+))?(/ready|/infer)?"
# MLflow's names of errors, by status.
CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    404: "ENDPOINT_NOT_FOUND",
    413: "BAD_REQUEST",
    415: "BAD_REQUEST",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class Protocols:
    """What these addresses answer. `send` writes a whole answer, `unavailable` the 503 while nothing serves."""

    def __init__(self, front: Front, send: Callable[..., None], unavailable: Callable[[Exchange], None]) -> None:
        self.front = front
        self._send, self._unavailable = send, unavailable
        aliases = b"|".join(re.escape(alias.rstrip("/").encode()) for alias in front.config.aliases)
        self._model = re.compile(b"(?:%b)?%b" % (aliases, MODEL))
        self.handlers: dict[int, Callable[[Exchange], None]] = {
            PING: self._ping,
            VERSION: self._version,
            OIP_LIVE: lambda exchange: self._json(exchange, {"live": True}),
            OIP_READY: lambda exchange: self._when_ready(exchange, {"live": True, "ready": True}),
            OIP_SERVER: self._server,
            OIP_MODEL: lambda exchange: self._when_ready(exchange, self._described),
            OIP_MODEL_READY: lambda exchange: self._when_ready(exchange, {"name": exchange.model[0], "ready": True}),
        }

    def find(self, exchange: Exchange, path: bytes) -> int:
        """The route of an address that names a model; notes which one. 0: it is none."""
        found = self._model.fullmatch(path)
        if not found:
            return 0
        name, version = (part.decode("utf-8", "replace") for part in (found[1], found[2] or b""))
        exchange.model = name, version or self.front.config.version
        return OF_MODEL[found[3] or b""]

    def check(self, exchange: Exchange) -> Refusal | None:
        """Refuse a model, or a version of it, that this service is not."""
        config, (name, version) = self.front.config, exchange.model
        if name != config.name:
            return Refusal(404, f"No model named {name!r}. This server has: {config.name}.")
        if version != config.version:
            return Refusal(404, f"The model {name!r} has no version {version!r}. It has: {config.version}.")
        return None

    def _ping(self, exchange: Exchange) -> None:
        if self.front.pool.admitted:
            self._send(exchange, 200, headers.JSON, b"")
        else:
            self._unavailable(exchange)

    def _version(self, exchange: Exchange) -> None:
        self._send(exchange, 200, headers.HTML, self._own_version().encode())

    def _server(self, exchange: Exchange) -> None:
        content = {"name": "mldeploy", "version": self._own_version(), "extensions": ["binary_tensor_data"]}
        self._json(exchange, content)

    def _own_version(self) -> str:
        return SERVER_VERSION.partition("/")[2] if self.front.settings.version_header else ""

    def _when_ready(self, exchange: Exchange, content: Any) -> None:
        if not self.front.pool.admitted:
            self._unavailable(exchange)
        else:
            self._json(exchange, content() if callable(content) else content)

    def _described(self) -> dict[str, Any]:
        """The model's metadata; inputs and outputs are known where the script's parameters have types."""
        config, documents = self.front.config, self.front.pool.swagger
        given, returned = tensors(documents.get("3.0") or documents.get("3.1") or documents.get("2"))
        about = {"name": config.name, "versions": [config.version], "platform": "mldeploy_python"}
        return {**about, "inputs": given, "outputs": returned}

    def _json(self, exchange: Exchange, content: Any) -> None:
        self._send(exchange, 200, headers.JSON, json.dumps(content).encode())


def error(exchange: Exchange, status: int, message: str) -> bytes:
    """The body of an error, as the clients of this address read it."""
    if exchange.route in OIP or b"/v2/" in exchange.path:
        return json.dumps({"error": message}).encode()
    if exchange.route == INVOKE:
        return json.dumps({"error_code": CODES.get(status, "INTERNAL_ERROR"), "message": message}).encode()
    return json.dumps({"message": message}).encode()
