"""Conda environments by py-rattler, which the extra `conda` installs: no conda has to be there."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import EnvironmentUnresolvable
from .conda_tools import DEFAULT_CHANNEL, Package, failure
from .uv import LONGEST

# `defaults` is no channel but conda's name for these.
_DEFAULTS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
_PROCESS = f"{__package__}.rattler_process"


@dataclass(frozen=True)
class Rattler:
    """py-rattler, which works in a process of its own."""

    name: str = "py-rattler"

    def solve(self, specs: Sequence[str], channels: Sequence[str]) -> tuple[Package, ...]:
        sources = [url for channel in channels or [DEFAULT_CHANNEL] for url in _sources(channel)]
        found = _answer("find packages", verb="solve", specs=list(specs), sources=sources)
        return tuple(Package(**told) for told in found)

    def install(self, lines: Sequence[str], prefix: Path) -> None:
        for line in lines:
            check_local(line)
        _answer("install packages", verb="install", lines=list(lines), prefix=str(prefix))


def found() -> Rattler | None:
    return Rattler() if find_spec("rattler") is not None else None


def _answer(what: str, **asked: object) -> Any:
    try:
        done = subprocess.run(
            [sys.executable, "-m", _PROCESS],
            cwd=Path(__file__).parents[2],  # not the notebook's folder, whose modules would shadow others
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired as error:
        raise failure(str(error), Rattler.name, what) from error
    if done.returncode:
        raise failure(done.stderr or f"It ended with {done.returncode}.", Rattler.name, what)
    answer = json.loads(done.stdout)
    if "failed" in answer:
        raise failure(answer["failed"], Rattler.name, what)
    return answer["done"]


def _sources(channel: str) -> Sequence[str]:
    if channel == "defaults":
        return _DEFAULTS
    return [Path(channel).as_uri() if channel.startswith("/") else channel]


def check_local(line: str) -> None:
    """Raise `EnvironmentUnresolvable` for a file that is gone or another one: rattler trusts the files of a local
    channel, a lock does not."""
    url, _, md5 = line.partition("#")
    parts = urlsplit(url)
    if parts.scheme != "file":
        return
    path = Path(unquote(parts.path))
    if not path.is_file():
        raise EnvironmentUnresolvable(f"The conda package {path} is gone. Deploy again to choose another.")
    if hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() != md5:
        raise EnvironmentUnresolvable(f"The conda package {path} has changed since its lock was made. Deploy again.")
