"""The detached process behind an operation: `python -m jupyter_mldeploy.services.operate HOME SERVICE ID`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..disk import Home
from .operations import Operation
from .steps import work


def main(home: str, service: str, operation: str) -> int:
    # The lock lives as long as this process does; nothing that it starts may keep it.
    os.set_inheritable(int(os.environ.pop("MLDEPLOY_OPERATION_LOCK")), False)
    return 0 if work(Operation(Home(Path(home)), service, operation)) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
