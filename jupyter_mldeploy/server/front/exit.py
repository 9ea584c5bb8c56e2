"""The end of a worker's process: seen at once, waited for, and put into words."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Callable

from . import starved
from .spawn import kill


class Exit:
    """Watches a process; `then` is called once, when it has ended and its group is gone."""

    def __init__(self, process: subprocess.Popen[bytes], then: Callable[[], None]) -> None:
        self.process = process
        self._then = then
        self._loop = asyncio.get_running_loop()
        self._pidfd = -1
        self._starved = starved.kills()

    def watch(self) -> None:
        """Begin to watch."""
        try:
            self._pidfd = os.pidfd_open(self.process.pid)
            self._loop.add_reader(self._pidfd, self._seen)
        except (AttributeError, OSError):  # macOS, old kernels, strict containers
            threading.Thread(target=self._wait, daemon=True).start()

    def sentence(self) -> str:
        """How it ended, as the second half of a sentence."""
        code = self.process.returncode
        if code is None:
            return "runs"
        if code >= 0:
            return f"exited with code {code}"
        if code == -signal.SIGKILL and starved.kills() > self._starved:
            return "was killed by the kernel, as memory ran out: give it more, or use less"
        try:
            return f"was killed by signal {-code} ({signal.Signals(-code).name})"
        except ValueError:
            return f"was killed by signal {-code}"

    def _wait(self) -> None:
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        self._loop.call_soon_threadsafe(self._seen)

    def _seen(self) -> None:
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        kill(self.process)  # the rest of its group; its number is free again only after the wait
        self.process.wait()
        self._then()
