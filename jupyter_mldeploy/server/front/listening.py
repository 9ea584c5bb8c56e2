"""The sockets of a front: where it serves HTTP, and where it takes control messages."""

from __future__ import annotations

import os
import socket

from ..control import address
from .config import Config

BACKLOG = 2048


def http(config: Config) -> list[socket.socket]:
    """The sockets to serve HTTP on, the main one first; OSError says which port cannot be used."""
    first = _bound(config.host, config.port) if config.fd is None else _inherited(config.fd)
    return [first] if config.health_port is None else [first, _bound(config.host, config.health_port)]


def _bound(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(f"Port {port} of {host} cannot be used: {error.strerror or error}.") from error
    return listener


def control(path: str) -> socket.socket:
    """A listening Unix socket for the owner alone; what a dead front left at the path is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        with address(path) as where:
            if os.path.exists(path):
                _remove_dead(path, where)
            listener.bind(where)
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise OSError(f"The control socket {path} cannot be made: {error.strerror or error}.") from error
    finally:
        os.umask(before)
    return listener


def _inherited(descriptor: int) -> socket.socket:
    try:
        listener = socket.socket(fileno=descriptor)
    except OSError as error:
        raise OSError(f"File descriptor {descriptor} is no listening socket: {error.strerror}.") from error
    listener.set_inheritable(False)
    return listener


def _remove_dead(path: str, where: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(where)
        except ConnectionRefusedError:
            os.unlink(path)
            return
    raise OSError("another front listens there")
