"""A second listening socket that is handed in while the front serves, and taken away again.

In containers the published port belongs to a small process that outlives fronts. It hands its socket to the front whose
turn it is, so the kernel's queue of connections stays one and the same while fronts come and go.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

from . import listening

Take = Callable[[socket.socket], Awaitable[None]]


class Door:
    """Waits at a Unix socket for the keeper of the port: `take` gets the socket that it hands in, and `leave` is called
    when it hangs up."""

    def __init__(self, path: str, take: Take, leave: Callable[[], None]) -> None:
        self._listener = listening.control(path)
        self._take, self._leave = take, leave
        self._tasks: set[asyncio.Task[None]] = set()  # held, as the loop holds no task

    def open(self) -> None:
        self._listener.setblocking(False)
        asyncio.get_running_loop().add_reader(self._listener.fileno(), self._called)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._listener.fileno())
        self._listener.close()

    def _called(self) -> None:
        link, _ = self._listener.accept()
        link.setblocking(False)
        asyncio.get_running_loop().add_reader(link.fileno(), self._heard, link)

    def _heard(self, link: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, descriptors, *_ = socket.recv_fds(link, 1, 1)
        except OSError:
            descriptors = []
        if descriptors:
            task = loop.create_task(self._taken(link, socket.socket(fileno=descriptors[0])))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        loop.remove_reader(link.fileno())
        link.close()
        self._leave()

    async def _taken(self, link: socket.socket, handed: socket.socket) -> None:
        await self._take(handed)
        if link.fileno() < 0:  # the keeper has hung up meanwhile
            self._leave()
