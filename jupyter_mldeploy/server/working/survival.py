"""How a worker ends with its front, and what it leaves in the log when it dies."""

import faulthandler
import os
import resource
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """See to it that this process ends when the front does, also inside native code.

    Linux's kernel does it. Elsewhere a thread looks every second, which native code that holds the interpreter lock
    can put off. The end of file on the socket covers an idle worker everywhere.
    """
    parent = os.getppid()
    if not (sys.platform == "linux" and _ask_kernel()):
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _ask_kernel() -> bool:
    import ctypes

    try:
        return bool(ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def limit_memory(limit: int) -> None:
    """Let allocations beyond `limit` bytes raise MemoryError; 0 is no limit.

    Counted is what the process could write to, not its address space, which libraries reserve by the gigabyte.
    """
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if limit and (hard == resource.RLIM_INFINITY or limit < hard):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def dump_stacks() -> None:
    """Write Python stacks to the native stderr at a crash, and when the front asks by SIGUSR2."""
    faulthandler.enable(2)
    faulthandler.register(signal.SIGUSR2, 2)
