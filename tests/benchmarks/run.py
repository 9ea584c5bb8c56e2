"""The main job's numbers, as a table: `python tests/benchmarks/run.py [imports|deploy|register|memory …]`."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import deploying
import importing
import observing
import registering
from measure import Row, table

GROUPS: dict[str, Callable[[], list[Row]]] = {
    "imports": importing.rows,
    "deploy": deploying.rows,
    "register": registering.rows,
    "memory": deploying.memory_rows,
    "front": observing.rows,
}


def main(chosen: list[str]) -> None:
    print(
        platform.platform(), f"{os.cpu_count()} cores", platform.python_version(), time.strftime("%Y-%m-%d"), sep=", "
    )
    print(table([row for name in chosen or GROUPS for row in GROUPS[name]()]))


if __name__ == "__main__":
    main(sys.argv[1:])
