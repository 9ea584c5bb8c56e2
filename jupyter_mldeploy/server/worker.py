"""The worker's start: run as a file, `python worker.py FD [PAGE]`, by the user's interpreter in the user's environment.

The folder of this file becomes the package `mldeploy_server`, so that the parts can import each other without their
names (`frames`, `control`, `swagger` …) standing on `sys.path`, where they would hide modules of the user's. At module
level, because child processes that multiprocessing spawns import this file again.
"""

import os
import sys
import types

FOLDER = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "mldeploy_server"

if PACKAGE not in sys.modules:
    package = types.ModuleType(PACKAGE)
    package.__path__ = [FOLDER]
    sys.modules[PACKAGE] = package


def _clear_path() -> None:
    """Take this folder off `sys.path`, where Python put it, and put the shims first."""
    if sys.path and os.path.realpath(sys.path[0] or os.curdir) == os.path.realpath(FOLDER):
        del sys.path[0]
    sys.path.insert(0, os.path.join(FOLDER, "shims"))


def main() -> None:
    _clear_path()
    from mldeploy_server.working import life  # type: ignore[import-not-found]

    life.live(*map(int, sys.argv[1:]))


if __name__ == "__main__":
    main()
