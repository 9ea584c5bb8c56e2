"""Where Podman differs behind Docker's API: a container stays as it was made, so all is said when it is made."""

from __future__ import annotations

from typing import Any

from ...errors import TargetUnavailable
from . import engine
from .wishes import Wishes

# Starts a front, unless the one before it failed: then it waits to be removed, instead of failing again and again.
START = """
import json, os, signal, sys

outcome, *command = sys.argv[1:]
try:
    with open(outcome) as file:
        failed = json.load(file).get("phase") == "failed"
except (OSError, ValueError):
    failed = False
if failed:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.pause()
os.execv(command[0], command)
"""


def check(client: Any, wish: Wishes) -> None:
    """Raise `TargetUnavailable` for what Podman would leave out without a word."""
    if wish.gpus and engine.is_podman(client):
        raise TargetUnavailable(
            f"Podman answers at {engine.where()}, and gives no GPUs by Docker's API. Deploy without gpus, or on Docker."
        )


def command(client: Any, outcome: str, usual: list[str]) -> list[str]:
    """The command of a front's container."""
    return [usual[0], "-c", START, outcome, *usual] if engine.is_podman(client) else usual


def restart(client: Any, wish: Wishes) -> dict[str, Any]:
    """Whether the engine starts a container again, where that cannot be said once it serves."""
    if wish.restart == "no" or not engine.is_podman(client):
        return {}
    return {"restart_policy": {"Name": wish.restart}}
