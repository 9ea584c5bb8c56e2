"""`AZUREML_DEBUG_PORT`: before the script is imported, connect out to the debugger that waits there."""

import os
import sys
import threading
from typing import Any, Callable

VARIABLE = "AZUREML_DEBUG_PORT"
HOST = "127.0.0.1"
PATIENCE = 10  # seconds from the connection until the debugger lets the worker go on; it takes one at most
CONNECTING = (
    f"{VARIABLE} is set: connecting to the debugger at {HOST}:%d, and waiting for it to begin. "
    "No scoring timeout ends a run. Do not set it in production."
)


class DebuggerMissing(Exception):
    """No debugger can hold this worker; the text says why, and what to do."""


def wanted() -> bool:
    """Whether the variable asks for a debugger; 0 and the empty text do not."""
    return os.environ.get(VARIABLE, "").strip() not in ("", "0")


def connect(say: Callable[[str], None], give_up: Callable[[str], Any]) -> None:
    """Return when the debugger has set its breakpoints and lets the worker go on. Raises DebuggerMissing.

    `give_up` is called from another thread, and ends the process: debugpy waits without end for a debugger that takes
    the connection and leaves, as that of the worker before may do.
    """
    port = _port(os.environ[VARIABLE])
    try:
        import debugpy  # noqa: T100 (the user asks for it)
    except ImportError as error:
        raise DebuggerMissing(
            f"{VARIABLE} is {port}, and the interpreter of this service, {sys.executable}, has no debugpy ({error}). "
            f"Install it with `{sys.executable} -m pip install debugpy`, or add debugpy to the service's environment."
        ) from None
    say(CONNECTING % port)
    text = f"The debugger at {HOST}:{port} took the connection, and did not begin within {PATIENCE} s."
    impatience = threading.Timer(PATIENCE, give_up, [text])
    impatience.daemon = True
    impatience.start()
    try:
        debugpy.connect((HOST, port))
        debugpy.wait_for_client()  # noqa: T100
    except OSError as error:
        raise DebuggerMissing(
            f"{VARIABLE} is {port}, and no debugger listens at {HOST}:{port} ({error}). Start it first, in VS Code by "
            f'a configuration of type debugpy with "request": "attach" and "listen": {{"port": {port}}}; or unset it.'
        ) from None
    finally:
        impatience.cancel()


def _port(text: str) -> int:
    if not (text.strip().isdecimal() and 0 < int(text) < 65536):
        raise DebuggerMissing(f"{VARIABLE} is {text!r}; it must be the port of a debugger that listens, 1 to 65535.")
    return int(text)
