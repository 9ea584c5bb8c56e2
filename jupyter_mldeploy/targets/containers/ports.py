"""The port that a service is published at: one that is free, the one that it had, or the next one for a while."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

from ...errors import PortInUse
from ...specs import Settings
from . import engine

LOOPBACK = "127.0.0.1"
ATTEMPTS = 5  # a port that was free may be taken a moment later


def check(host: str, port: int) -> None:
    """Raise `PortInUse` unless this machine can listen there."""
    _listen(host, port).close()


def free(host: str) -> int:
    """A port that is free now, on this machine and most likely on the engine's."""
    with closing(_listen(LOOPBACK if engine.is_remote() else host, 0)) as listener:
        return int(listener.getsockname()[1])


def candidates(settings: Settings, before: int) -> Iterator[int]:
    """The port that was asked for, or the one that the service had before, then ports that are free."""
    if settings.port:
        yield settings.port
        return
    if before:
        yield before
    for _ in range(ATTEMPTS):
        yield free(settings.host)


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"Port {port} of {host} cannot be used: {error.strerror}. "
            "Choose another, or leave it out for one that is free."
        ) from error
    return listener
