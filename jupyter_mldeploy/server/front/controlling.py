"""The control socket, the front's side: versioned JSON lines, one reply a line. Only the owner reaches it."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import time
from typing import TYPE_CHECKING, Any

from ..control import VERSION
from .auth import load
from .config import ConfigError, parse_auth, parse_workers
from .crew import START_LIMIT, StartFailed
from .reloading import Secure, reload
from .why import facts

if TYPE_CHECKING:
    from .state import Front

LINE_LIMIT = 4 << 20
Message = Mapping[str, Any]
Reply = dict[str, Any]


class Controlling:
    """Answers control messages; `stop` is what `drain` sets in motion, `secure` changes the certificate."""

    def __init__(self, front: Front, listener: socket.socket, stop: Callable[[], None], secure: Secure) -> None:
        self.front = front
        self._listener = listener
        self._stop, self._secure = stop, secure
        self._server: asyncio.AbstractServer | None = None
        self._operations: dict[str, Callable[[Message], Awaitable[Reply]]] = {
            "status": self._status,
            "wait": self._wait,
            "reload": self._reload,
            "scale": self._scale,
            "keys": self._keys,
            "auth": self._auth,
            "drain": self._drain,
            "stats": self._stats,
            "share": self._share,
            "why": self._why,
        }

    async def open(self) -> None:
        # From Python 3.13 on the loop would look the socket's path up, to unlink it in the end; a long path is bound
        # through a folder that is closed by then, and `main` unlinks it anyway.
        more: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
        self._server = await asyncio.start_unix_server(self._serve, sock=self._listener, limit=LINE_LIMIT, **more)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def reply(self, line: bytes) -> Reply:
        """The reply to one line; whatever is wrong with it is said there. Who asks can then read the whole log."""
        self.front.log.flush()
        try:
            message = _object(line)
            if message.get("v") != VERSION:
                raise ConfigError(f"A control message is a JSON object with v = {VERSION}.")
            operation = self._operations.get(str(message.get("op")))
            if operation is None:
                raise ConfigError(f"No operation {message.get('op')!r}. There are: {', '.join(self._operations)}.")
            return await operation(message)
        except ValueError as error:
            return {"ok": False, "error": str(error)}
        except StartFailed as failure:
            return {"ok": False, **failure.account()}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The reply to a caller that has gone is lost; what it asked for is done all the same.
        with suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                writer.write(json.dumps(await self.reply(line)).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _status(self, _: Message) -> Reply:
        front, crew = self.front, self.front.crew
        trouble, versions = crew.failure, front.lanes.status()
        return {
            "ok": True,
            "phase": crew.phase,
            "ending": crew.phase == "draining" or (crew.phase == "failed" and not crew.served),
            "reason": trouble.error if trouble else "" if front.pool.admitted else crew.describe(),
            "traceback": trouble.traceback if trouble else "",
            "workers": [worker.status() for one in front.lanes.crews() for worker in one.workers],
            "ready": sum(one["ready"] for one in versions.values()),
            "wanted": sum(one["wanted"] for one in versions.values()),
            "root": crew.app.root,
            "versions": versions,
            "port": front.port,
            "handed": front.handed,
            "requests": front.counts.requests,
            "errors": front.counts.errors,
            "last_error": front.counts.last_error,
            "batching": {"state": front.pool.batching.state, "reason": front.pool.batching.why_not},
            "uptime": round(time() - front.began, 3),
        }

    async def _wait(self, message: Message) -> Reply:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.front.crew.settled.wait(), _seconds(message, "seconds", 60.0))
        return await self._status(message)

    async def _reload(self, message: Message) -> Reply:
        await reload(self.front, message, _seconds(message, "timeout", START_LIMIT), self._secure)
        return {"ok": True}

    async def _scale(self, message: Message) -> Reply:
        lanes = self.front.lanes
        name = message.get("version", lanes.default)
        if name not in lanes.by_name:
            raise ConfigError(f"No version {name!r}. There are: {', '.join(lanes.by_name)}.")
        await lanes.by_name[name].crew.scale(parse_workers(message.get("workers")))
        return {"ok": True}

    async def _share(self, message: Message) -> Reply:
        await self.front.lanes.share(message)
        return {"ok": True}

    async def _keys(self, message: Message) -> Reply:
        if not any(message.get(name) is not None for name in ("keys", "signing", "principals")):
            raise ConfigError("keys must be a list of texts; signing and principals may stand beside it or alone.")
        self.front.auth.replace(message)
        return {"ok": True}

    async def _auth(self, message: Message) -> Reply:
        mode = parse_auth(message.get("auth"))
        self.front.auth.prepare(mode)
        await load(mode)
        self.front.auth.switch(mode)
        return {"ok": True}

    async def _drain(self, _: Message) -> Reply:
        self._stop()
        return {"ok": True}

    async def _stats(self, _: Message) -> Reply:
        front = self.front
        pools = [lane.pool for lane in front.lanes.by_name.values()]
        workers = [worker for crew in front.lanes.crews() for worker in crew.workers]
        return {
            "ok": True,
            **vars(front.counts),
            "queued": sum(len(pool.queue) for pool in pools),
            "queued_bytes": sum(pool.queued_bytes for pool in pools),
            "running": sum(len(worker.running) for worker in workers),
            "estimate_us": front.pool.estimate,
            "connections": len(front.connections),
        }

    async def _why(self, _: Message) -> Reply:
        lanes = self.front.lanes
        versions = {name: facts(lane) for name, lane in lanes.by_name.items()} if lanes.dealt else {}
        return {"ok": True, **facts(self.front), "versions": versions}


def _object(line: bytes) -> Message:
    try:
        message = json.loads(line.decode())
    except ValueError as error:
        raise ConfigError(f"A control message is one line of JSON: {error}.") from error
    return message if isinstance(message, dict) else {}


def _seconds(message: Message, name: str, default: float) -> float:
    value = message.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ConfigError(f"{name} is {value!r}; it must be a number of seconds.")
    return float(value)
