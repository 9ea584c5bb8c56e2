"""The front at work: uvicorn's server with our connections, our signals and our end."""

from __future__ import annotations

import asyncio
import gc
import resource
import socket
import traceback
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn

from .auth import load
from .controlling import Controlling
from .crew import StartFailed
from .door import Door
from .heads import Heads
from .http import Connection
from .lanes import Lanes
from .listening import BACKLOG
from .routes import Routes
from .spawn import Spawned
from .state import Front

if TYPE_CHECKING:
    from .tls import Certificate

FAILED = 3  # exit code of a front whose workers did not come up
SECOND = 1.0
FAREWELL = 0.5  # seconds that a client has to close a TLS connection in its turn, when the front stops
MOST_FILES = 16_384


class Serving(uvicorn.Server):
    """One front from its first connection to its last."""

    def __init__(self, front: Front, spawned: list[Spawned], control: socket.socket | None) -> None:
        super().__init__(_options(front))
        self.front = front
        self.code = 0
        self._spawned = spawned
        self._starting: asyncio.Task[None] | None = None
        self._learning: asyncio.Task[None] | None = None  # held, as the loop holds no task
        self._listeners: list[socket.socket] = []
        self._control = Controlling(front, control, self.stop, self.secure) if control is not None else None
        self._door = Door(front.config.door, self.take, self.leave) if front.config.door else None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        front, loop = self.front, asyncio.get_running_loop()
        loop.set_exception_handler(self._unexpected)
        front.log.loop = loop
        front.connections = self.server_state.connections
        front.routes, front.heads = Routes(front), Heads(front)
        front.lanes = Lanes(front, front.config.lane)
        front.note_unknown(front.config.unknown)
        self._starting = loop.create_task(self._start())
        if self._control is not None:
            await self._control.open()
        self._second()
        await load(front.auth.mode)
        if front.certificate is not None:
            self.config.ssl = front.certificate.context
        self._listeners = list(sockets or ())
        await super().startup(sockets)
        if self._door is not None:
            self._door.open()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what is under way, then let the workers go."""
        self.config.timeout_graceful_shutdown = self.front.settings.drain_seconds
        for crew in self.front.lanes.crews():
            if crew.phase != "failed":
                crew.become("draining")
        letting_go = asyncio.get_running_loop().create_task(self._let_go())
        if self._door is not None:
            self._door.close()
        await super().shutdown(sockets)
        letting_go.cancel()
        if self._starting is not None:
            self._starting.cancel()
        await asyncio.gather(*(crew.stop() for crew in self.front.lanes.crews()))
        if self._control is not None:
            self._control.close()

    def stop(self) -> None:
        """Finish what runs, then end."""
        self.should_exit = True

    async def secure(self, certificate: Certificate | None) -> None:
        """Speak TLS by another certificate, or by none, from the next connection on.

        Connections are neither refused nor lost: the kernel's queue is the same, only who takes from it changes.
        """
        front = self.front
        if certificate is front.certificate:
            return
        before, front.certificate = front.certificate, certificate
        context = certificate.context if certificate is not None else None
        self.servers, old = [], self.servers
        for number, server in enumerate(old):
            again = self._listeners[number].dup()
            server.close()
            new = await asyncio.get_running_loop().create_server(
                self._connection, sock=again, ssl=context, backlog=BACKLOG
            )
            self._listeners[number] = again
            self.servers.append(new)
        if before is None or certificate is None:
            for connection in list(front.connections):
                connection.shutdown()

    async def take(self, listener: socket.socket) -> None:
        """Serve on one more socket, whose queue others may hold too."""
        context = self.front.certificate.context if self.front.certificate is not None else None
        made = await asyncio.get_running_loop().create_server(
            self._connection, sock=listener, ssl=context, backlog=BACKLOG
        )
        self._listeners.append(listener)
        self.servers.append(made)
        self.front.handed = True

    def leave(self) -> None:
        """Take no more connections from the socket that was handed in; those that are there go on."""
        if self.front.handed:
            self._listeners.pop()
            self.servers.pop().close()
            self.front.handed = False

    async def _let_go(self) -> None:
        """Not wait for clients that have all they asked for: the end of TLS is a question, and an idle client answers
        it when it next looks."""
        while True:
            await asyncio.sleep(FAREWELL)
            for connection in list(self.front.connections):
                transport = connection.transport
                if transport.is_closing() and not transport.get_write_buffer_size():
                    transport.abort()

    def _connection(self) -> Connection:
        return Connection(self.front, self.server_state.connections)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal asks for an end when all is answered, the second for one at once."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def _start(self) -> None:
        front = self.front
        try:
            await front.crew.start(self._spawned)
        except StartFailed as failure:
            front.log.line(f"The service cannot start: {failure.error}", "E")
            front.log.flush()
            self.code, self.should_exit, self.force_exit = FAILED, True, True
            return
        front.log.line(f"Serving {front.crew.app.entry_script} with {front.crew.wanted} workers on port {front.port}.")
        gc.collect()
        gc.freeze()  # what lives until the end need not be looked at again

    def _second(self) -> None:
        self.front.refresh()
        self.front.lanes.refresh()
        self._refresh_auth()
        for connection in list(self.front.connections):
            connection.sweep(self.front.tick)
        asyncio.get_running_loop().call_later(SECOND, self._second)

    def _refresh_auth(self) -> None:
        """Take up a certificate that was exchanged, and keys that an outside issuer exchanged."""
        front = self.front
        if front.certificate is not None and (news := front.certificate.refresh()):
            front.log.line(news, "W")
        if front.auth.stale():
            self._learning = asyncio.get_running_loop().create_task(front.auth.learn())

    def _unexpected(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A fault of ours ends one connection, never the front."""
        error = context.get("exception")
        text = context.get("message") or ""
        if isinstance(error, ConnectionError):  # a client or worker that went away while it was written to
            return
        if error is not None:
            text += "\n" + "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.front.log.fault(text.rstrip())


def serve(front: Front, spawned: list[Spawned], listeners: list[socket.socket], control: socket.socket | None) -> int:
    """Serve on listening sockets until the end; returns the exit code."""
    front.port = listeners[0].getsockname()[1]
    _allow_connections()
    server = Serving(front, spawned, control)
    server.run(listeners)
    front.log.loop = None
    front.log.flush()
    if server.code:
        front.outcome.write(exit_code=server.code)
    else:
        front.outcome.write(phase="stopped", reason="It was stopped.", exit_code=0)
    return server.code


def _allow_connections() -> None:
    """Lift the soft limit of open files: every idle client holds one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _options(front: Front) -> uvicorn.Config:
    connection: Any = lambda server_state, **_: Connection(front, server_state.connections)  # noqa: E731
    return uvicorn.Config(
        _no_application,
        http=connection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=front.settings.drain_seconds,
    )


async def _no_application(scope: Any, receive: Any, send: Any) -> None:
    """uvicorn wants an application; our connections never call it."""
