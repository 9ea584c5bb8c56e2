"""Which Python runs an environment: this one, another that is installed, or the nearest when the asked one is dead
or missing. Nothing is ever downloaded."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.specifiers import SpecifierSet

from ..errors import EnvironmentUnresolvable, InvalidInput
from . import uv

OLDEST = (3, 8)  # what the worker half runs on
SDK_DEFAULTS = frozenset({"3.8.13", "3.10.18"})  # what v1 writes into a file when nobody chose a Python
_PLAIN = re.compile(r"\d+(\.\d+){0,2}(\.\*)?$")


@dataclass(frozen=True)
class Python:
    version: str
    path: str

    @cached_property
    def minor(self) -> tuple[int, int]:
        return minor(self.version)


def this() -> Python:
    """The interpreter that runs this line: the notebook's own."""
    return Python(".".join(map(str, sys.version_info[:3])), sys.executable)


def is_plain(asked: str) -> bool:
    """Is `asked` a version such as `3.8.13`, not a range?"""
    return _PLAIN.match(asked) is not None


def minor(asked: str) -> tuple[int, int]:
    """Major and minor number in a version or range: `3.8.13` → (3, 8), `>=3.9,<4` → (3, 9), `3` → (3, this one)."""
    major, small, *_ = [*re.findall(r"\d+", asked.split(",")[0]), "", ""]
    return int(major or 3), int(small) if small else sys.version_info.minor


def fits(asked: str, version: str) -> bool:
    """Does Python `version` do for `asked`? Patch releases of one minor stand for each other."""
    if not asked:
        return True
    if is_plain(asked):
        return minor(asked) == minor(version)
    return SpecifierSet(asked).contains(version, prereleases=True)


def nobody_chose(asked: str) -> bool:
    """Is `asked` what v1 fills in by itself, or a Python that is long dead? Then this interpreter may do."""
    return asked in SDK_DEFAULTS or is_dead(asked)


def is_dead(asked: str) -> bool:
    """Is `asked` older than anything that can serve: 3.6.2, 3.7 or >=3.5.2,<3.6.8?"""
    if not asked or is_plain(asked):
        return bool(asked) and minor(asked) < OLDEST
    living = (f"3.{small}.{patch}" for small in range(OLDEST[1], 40) for patch in (0, 30))
    return not any(SpecifierSet(asked).contains(version) for version in living)


def instead(asked: str, python: Python) -> str:
    """Why `python` stands in for the asked one, as a clause of the notice; empty when it fits."""
    if fits(asked, python.version):
        return ""
    if is_dead(asked):
        why = "is out of support"
    elif asked in SDK_DEFAULTS:
        why = "is only the SDK's default"
    else:
        why = "is not installed"
    return f"Python {asked} {why}, Python {python.version} is used"


def choose(asked: str) -> Python:
    """The interpreter for `asked`: the very version, else one that fits, this one first, else the nearest minor."""
    if not asked or asked == this().version:
        return this()
    found = [this(), *installed()]
    fitting = sorted((python for python in found if fits(asked, python.version)), key=lambda p: p.version != asked)
    if fitting:
        return fitting[0]
    wanted = minor(asked)[1]
    return min(found, key=lambda python: (abs(python.minor[1] - wanted), -python.minor[1]))


def installed() -> list[Python]:
    """Every CPython here that the worker can run on, newest first, virtual environments left out."""
    answer = uv.run(
        ["python", "list", "--only-installed", "--output-format", "json"], extra={"PATH": _search_path()}, what="list"
    )
    found = {
        entry["version"]: Python(entry["version"], entry["path"])
        for entry in json.loads(answer)
        if entry["implementation"] == "cpython" and entry.get("variant", "default") == "default"
    }
    usable = [python for python in found.values() if python.minor >= OLDEST]
    return sorted(usable, key=lambda python: python.minor, reverse=True)


def ask(path: str) -> Python:
    """Run the interpreter at `path` for its version; `InvalidInput` when it is no Python, or one too old."""
    question = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    try:
        answer = subprocess.run([path, "-c", question], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise InvalidInput(f"{path} does not run as a Python interpreter: {error}") from error
    python = Python(answer.stdout.strip(), path)
    if not is_plain(python.version):
        raise InvalidInput(f"{path} does not run as a Python interpreter: it answered {python.version[:80]!r}.")
    if python.minor < OLDEST:
        raise EnvironmentUnresolvable(
            f"{path} is Python {python.version}; services need {OLDEST[0]}.{OLDEST[1]} or newer."
        )
    return python


def _search_path() -> str:
    """PATH without pyenv's shims, which answer for versions that are not selected, and with its versions instead."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    parts = [part for part in os.environ.get("PATH", "").split(os.pathsep) if Path(part).name != "shims"]
    return os.pathsep.join([*parts, *(str(folder) for folder in sorted(root.glob("versions/*/bin")))])
