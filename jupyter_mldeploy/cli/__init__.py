"""The shell face: `jupyter mldeploy …`, also `python -m jupyter_mldeploy.cli`. Errors are one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from ..errors import MLDeployError
from . import arguments

INTERRUPTED = 130  # what shells give for a process that SIGINT ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 when it did not, 2 for a wrong call; `check` answers by its code."""
    given = arguments.parse(argv)
    try:
        code: int | None = given.command(given)
        sys.stdout.flush()
    except MLDeployError as error:
        print(f"jupyter mldeploy: {' '.join(error.message.split())}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing more may be written at exit either.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return code or 0
