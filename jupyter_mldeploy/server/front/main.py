"""Start of a front: listen, spawn the workers, and only then load what serves HTTP."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from types import FrameType

from . import auth, listening, spawn
from .config import Config, ConfigError, read
from .logs import open_log
from .outcome import Outcome
from .state import Front

USAGE = "usage: python -m mldeploy_server CONFIG.json"
FAILED, INVALID = 3, 1  # exit codes: the workers did not come up; arguments, port or files that cannot be used


def main(arguments: Sequence[str]) -> int:
    """Run the front that a configuration file describes; returns the exit code."""
    if len(arguments) != 1:
        print(USAGE, file=sys.stderr)
        return INVALID
    try:
        config = read(arguments[0])
    except ConfigError as error:
        print(error, file=sys.stderr)
        return INVALID
    return run(config)


def run(config: Config) -> int:
    """Serve until drained, stopped by a signal, or failed; returns the exit code."""
    outcome = Outcome(config.outcome)
    outcome.write()
    try:
        front = Front(config, auth.read(config), open_log(config), outcome)
        if config.tls:  # named late: ssl takes a fiftieth of a second, before the workers are spawned
            front.certificate = import_module(".tls", __package__).Certificate(config.tls)
        listeners = listening.http(config)
        control = None if config.control is None else listening.control(config.control)
    except (ConfigError, OSError) as error:
        print(error, file=sys.stderr)
        outcome.write(phase="failed", reason=str(error), exit_code=INVALID)
        return INVALID
    outcome.write(port=listeners[0].getsockname()[1])
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop_early)
        return _serve(front, listeners, control)
    except SystemExit:
        outcome.write(phase="stopped", reason="It was stopped while it started.", exit_code=0)
        return 0
    finally:
        if config.control is not None:
            with suppress(FileNotFoundError):
                os.unlink(config.control)


def _serve(front: Front, listeners: list[socket.socket], control: socket.socket | None) -> int:
    try:
        spawned = _spawn_all(front.config)
    except spawn.SpawnError as error:
        front.log.line(str(error), level="E")
        front.outcome.write(phase="failed", reason=str(error), exit_code=FAILED)
        return FAILED
    # Named late: uvicorn and uvloop take 0.15 s to import, in which the workers already import their own.
    serve = import_module(".serving", __package__).serve
    code: int = serve(front, spawned, listeners, control)
    return code


def _stop_early(number: int, frame: FrameType | None) -> None:
    """Until the server has handlers of its own. The workers see the end of their sockets."""
    raise SystemExit(0)


def _spawn_all(config: Config) -> list[spawn.Spawned]:
    started: list[spawn.Spawned] = []
    try:
        spawn.refuse_several(config.app, config.workers)
        for _ in range(config.workers):
            started.append(spawn.spawn(config.app))
    except spawn.SpawnError:
        for one in started:
            spawn.kill(one.process)
        raise
    return started
