"""The door of a service: a small container that has its published port, and hands the listening socket to the front
whose turn it is. So a new container takes over while the old one answers what it has, and the port is never shut."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from ... import image
from ...specs import Handle
from . import engine, running, volumes
from .wishes import Wishes

RUNS = image.APP / ".run"
# Standard library only; run as `python -c PROGRAM FOLDER-OF-RUNS FILE-WITH-THE-RUN PORT`. It looks at the file now and
# then, as some engines take a signal for the wish that the container shall not be started again.
PROGRAM = """
import os, select, signal, socket, sys

runs, current, port = sys.argv[1:]
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
public = socket.create_server(("0.0.0.0", int(port)), backlog=2048)


def wanted(turn):
    try:
        with open(current) as file:
            return file.read() or turn
    except OSError:  # it is being written
        return turn


def handed(run):
    link = socket.socket(socket.AF_UNIX)
    try:
        link.connect(os.path.join(runs, run, "door"))
        socket.send_fds(link, [b"."], [public.fileno()])
        return link
    except OSError:  # its front is about to start, or to start again
        link.close()
        return None


turn, link = "", None
while True:
    before, turn = turn, wanted(turn)
    if link and turn != before:
        link.close()  # by which a front knows that its turn is over
        link = None
    if link is None:
        link = handed(turn)
    ended, _, _ = select.select([link] if link else [], [], [], 0.2 if link else 0.05)
    if ended:
        link.close()
        link = None
"""


def current(door: str) -> PurePosixPath:
    """The file that says whose turn it is."""
    return RUNS / door / "current"


def lay(made: volumes.Archive, door: str, run: str) -> None:
    """Put down whose turn it is, in an archive for the app's volume."""
    made.text(current(door).relative_to(image.APP), run, 0o600)


def create(client: Any, handle: Handle, wish: Wishes, labels: Mapping[str, str]) -> None:
    """Make the container that has the port of a service."""
    door, port = str(handle.data["door"]), f"{image.PORT}/tcp"
    published = {"HostIp": handle.data["host"], "HostPort": str(handle.data["port"])}
    hosted = client.api.create_host_config(
        binds=[f"{handle.data['volume']}:{image.APP}"],
        port_bindings={port: [published]},
        **running.confined(client, wish),
    )
    client.api.create_container(
        handle.data["image"],
        name=door,
        labels=dict(labels),
        command=[running.FRONT, "-I", "-S", "-c", PROGRAM, str(RUNS), str(current(door)), str(image.PORT)],
        ports=[(image.PORT, "tcp")],
        healthcheck={"test": ["NONE"]},
        host_config=hosted,
    )


def why_shut(client: Any, container: str) -> str:
    """What is wrong with a door that has not handed its socket on; empty while it runs."""
    found = engine.found(client.containers.get, container)
    if found is None:
        return f"the container that has its port, {container}, is gone; restart the service"
    if not found.attrs["State"]["Running"]:
        return f"the container that has its port does not run: docker start {container}"
    return ""
