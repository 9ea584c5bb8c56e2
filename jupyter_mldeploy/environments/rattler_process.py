"""py-rattler at work in a process of its own: what is asked comes as JSON on stdin, the answer is JSON on stdout.

Its threads can crash a Python that ends while they do, so this process ends without Python's own clearing up.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import rattler
from rattler import exceptions

FILE = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<build>[^-]+)\.(?:conda|tar\.bz2)$")
FAILURES = tuple(value for name, value in vars(exceptions).items() if name.endswith("Error"))


async def solve(specs: list[str], sources: list[str]) -> list[dict[str, Any]]:
    """The packages that `specs` come to here, from the channels `sources`."""
    machine = rattler.VirtualPackage.detect()
    return [_told(record) for record in await rattler.solve(sources=sources, specs=specs, virtual_packages=machine)]


async def install(lines: list[str], prefix: str) -> None:
    """Make `prefix` of the packages of an explicit list."""
    await rattler.install([_record(line) for line in lines], target_prefix=Path(prefix), show_progress=False)


def _told(record: Any) -> dict[str, Any]:
    needs = {str(need).split()[0] for need in record.depends}
    return {
        "name": record.name.normalized,
        "version": str(record.version),
        "url": record.url,
        "md5": record.md5.hex(),
        "python": bool(needs & {"python", "python_abi"}),
    }


def _record(line: str) -> Any:
    """What rattler needs to know of a package to install it; the rest stands in the package."""
    url, _, md5 = line.partition("#")
    channel, subdir, file = url.rsplit("/", 2)
    match = FILE.match(unquote(file))
    if match is None:
        raise ValueError(f"{url} is no conda package: its file is not called NAME-VERSION-BUILD.")
    build = rattler.BuildString.new_unchecked(match["build"])  # old packages keep to fewer rules
    record = rattler.PackageRecord(match["name"], match["version"], build, 0, subdir, md5=bytes.fromhex(md5))
    return rattler.RepoDataRecord(record, file, url, channel)


def main() -> None:
    asked = json.load(sys.stdin)
    work = solve if asked.pop("verb") == "solve" else install
    try:
        answer: dict[str, Any] = {"done": asyncio.run(work(**asked))}
    except (*FAILURES, ValueError) as error:
        answer = {"failed": str(error)}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
