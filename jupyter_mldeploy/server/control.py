"""Control messages, the caller's side: one JSON line over a front's Unix socket, one line back.

Standard library only, Python 3.8 and up; `ctl.py` is its shell face.
"""

import json
import os
import socket
from contextlib import contextmanager
from time import monotonic
from typing import Any, Dict, Iterator

VERSION = 1
LONGEST = 103 if os.uname().sysname == "Darwin" else 107  # bytes of a Unix socket's address


def call(path: str, message: Dict[str, Any], timeout: float) -> Dict[str, Any]:
    """Send one message to the front that listens at `path` and return its reply.

    `v` is filled in when it is missing. Raises `TimeoutError` after `timeout` seconds, and `OSError` when nobody
    listens or the front went away before it answered.
    """
    deadline = monotonic() + timeout
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link, address(path) as where:
        try:
            link.settimeout(timeout)
            link.connect(where)
            link.sendall(json.dumps({"v": VERSION, **message}).encode() + b"\n")
            return _reply(link, deadline)
        except socket.timeout as error:
            raise TimeoutError(f"The front at {path} gave no answer within {timeout:g} s.") from error


@contextmanager
def address(path: str) -> Iterator[str]:
    """The address to bind or connect for `path`: paths that are too long go through their folder's descriptor."""
    if len(os.fsencode(path)) <= LONGEST:
        yield path
        return
    folder, name = os.path.split(os.path.abspath(path))
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _through(descriptor, name, path)
    finally:
        os.close(descriptor)


def _through(descriptor: int, name: str, path: str) -> str:
    where = f"/proc/self/fd/{descriptor}"
    if not os.path.exists(where):
        raise OSError(f"{path} is {len(os.fsencode(path))} bytes long; a socket's path may have {LONGEST} here.")
    return f"{where}/{name}"


def _reply(link: socket.socket, deadline: float) -> Dict[str, Any]:
    pieces = b""
    while not pieces.endswith(b"\n"):
        link.settimeout(max(deadline - monotonic(), 0.001))
        piece = link.recv(65536)
        if not piece:
            raise ConnectionError("The front went away before it answered.")
        pieces += piece
    reply: Dict[str, Any] = json.loads(pieces)
    return reply
