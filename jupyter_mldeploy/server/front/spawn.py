"""Starting a worker process. Kept light: it runs before the event loop and the HTTP libraries are imported."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from typing import Any, NamedTuple

from .. import page
from .config import App

WORKER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "worker.py")
# The front comes before the workers. A worker with long runs stands back further where it competes with the front alone
# (beside a training it would starve): with both of two cores busy the front's p99 was 0.8 ms at 15 and 3 to 5 ms at 5,
# since below 12 a busy worker often keeps its core until the next tick (Linux 6.18, 250 Hz). Short runs are never that
# long in the way, and lose by it: 19k instead of 27k requests/s, p99 6 instead of 4 ms.
NICE, NICE_WHEN_SLOW = 5, 15
AUTOGROUP = "/proc/sys/kernel/sched_autogroup_enabled"
DEBUG_PORT = "AZUREML_DEBUG_PORT"
BUFFER = 4 << 20  # wished for; the kernel may allow less


class Spawned(NamedTuple):
    """A process that has just been started, the front's end of the socket to it, and the page shared with it."""

    process: subprocess.Popen[bytes]
    link: socket.socket
    page: memoryview
    area: memoryview


class SpawnError(OSError):
    """The worker could not even be started; the message says what is missing."""


def debugged(app: App) -> bool:
    """Whether the workers of this app connect to a debugger, which may hold a run for as long as it likes."""
    return environment(app).get(DEBUG_PORT, "").strip() not in ("", "0")


def refuse_several(app: App, workers: int) -> None:
    """Raise `SpawnError` where a debugger is to hold more than one worker: the second would wait for another."""
    if workers > 1 and debugged(app):
        raise SpawnError(
            f"{DEBUG_PORT} is set, and a debugger holds one worker at a time: set the number of workers to 1, not "
            f"{workers}, or unset it."
        )


def spawn(app: App) -> Spawned:
    """Start one worker in its own process group; `SpawnError` when the interpreter or the folder is missing."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    shared = page.create()
    try:
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        process = _popen(app, theirs.fileno(), shared)
        words, area = page.views(shared)
    except OSError as error:
        ours.close()
        raise SpawnError(_reason(app, error)) from error
    finally:
        theirs.close()
        os.close(shared)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
    return Spawned(process, ours, words, area)


def stand_back(pid: int) -> None:
    """Let all threads of a worker give way at once, where the kernel weighs them against this session or container.

    For good: to become less nice again needs a privilege.
    """
    if os.getpid() != 1 and not (os.getsid(0) == os.getpid() and _grouped_by_session()):
        return
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.setpriority(os.PRIO_PROCESS, int(thread), NICE_WHEN_SLOW)


def _grouped_by_session() -> bool:
    try:
        with open(AUTOGROUP, "rb") as file:
            return file.read(1) == b"1"
    except OSError:
        return False


def kill(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    """Signal the group of a worker that has not been waited for yet, so that what it started goes with it."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def _popen(app: App, *descriptors: int) -> subprocess.Popen[bytes]:
    arguments = [app.python, "-u", app.worker or WORKER, *map(str, descriptors)]
    own_group: Any = {"process_group": 0} if sys.version_info >= (3, 11) else {"preexec_fn": os.setpgrp}
    return subprocess.Popen(
        arguments,
        cwd=app.root,
        env=environment(app),
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **own_group,
    )


def environment(app: App) -> dict[str, str]:
    """The worker's environment: ours without our own import path, and what the app says."""
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    given |= {"AML_APP_ROOT": app.root, "AZUREML_ENTRY_SCRIPT": app.entry_script}
    if app.source_directory is not None:
        given["AZUREML_SOURCE_DIRECTORY"] = app.source_directory
    return given | dict(app.environment)


def _reason(app: App, error: OSError) -> str:
    if not os.path.isdir(app.root):
        return f"The folder {app.root} that the service should run in does not exist."
    if not os.access(app.python, os.X_OK):
        return f"There is no Python interpreter at {app.python}. Deploy again to have its environment made anew."
    return f"No worker could be started: {error.strerror}."
