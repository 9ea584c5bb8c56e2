"""Environments that conda or one of its like makes: their solution as a lock, and the lock as an environment."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..errors import EnvironmentUnresolvable
from . import by_executable, by_rattler, pip_settings, pythons, resolving, uv
from .asked import Asked
from .conda import translate
from .conda_tools import ChannelsUnreachable, Package, Tool
from .pythons import OLDEST, Python


def tool() -> Tool | None:
    """What makes conda environments here: mamba, micromamba, conda or py-rattler, or None."""
    return by_executable.found() or by_rattler.found()


def solved(asked: Asked, tool: Tool) -> tuple[Package, ...]:
    """The packages that conda gives for what is `asked`, Python among them.

    A Python that nobody chose is this notebook's, whose models come from it; where the packages do not exist for that,
    it is the one written down. When there is neither, the reason for the first is raised.
    """
    failures: list[EnvironmentUnresolvable] = []
    for python in _pythons(asked.python):
        try:
            return tool.solve([python, *asked.conda.packages], asked.conda.channels)
        except ChannelsUnreachable:
            raise
        except EnvironmentUnresolvable as error:
            failures.append(error)
    raise failures[0]


def python_of(packages: Sequence[Package], asked: Asked) -> Python:
    """The Python of a solution; it has no path yet."""
    found = next((package.version for package in packages if package.name == "python"), "")
    if not found or pythons.minor(found) < OLDEST:
        raise EnvironmentUnresolvable(
            f"Environment {asked.name!r} comes to Python {found or 'none'} in conda; services need "
            f"{OLDEST[0]}.{OLDEST[1]} or newer."
        )
    return Python(found, "")


def pip_pins(asked: Asked, packages: Sequence[Package], python: Python) -> tuple[str, ...]:
    """Pins for what pip adds: what conda gives already is held to its version, and left out."""
    if not asked.conda.requirements:
        return ()
    given = dict(_distributions(packages))
    pins = resolving.compiled(
        asked.conda.requirements,
        python,
        options=asked.options,
        beside=resolving.Beside(limits=tuple(f"{name}=={version}" for name, version in given.items())),
        what=f"find versions for environment {asked.name!r} beside conda's packages",
    )
    return tuple(pin for pin in pins if _name(pin) not in given)


def build(conda: Sequence[str], pins: Sequence[str], options: Sequence[str], prefix: Path) -> None:
    """Make the environment at `prefix`, where it stays: conda writes that path into its files."""
    by = tool()
    if by is None:
        raise EnvironmentUnresolvable(
            "This environment was locked with conda's packages, and no conda is here any more. Install one, or "
            "jupyter-mldeploy[conda], or deploy again to take the packages from PyPI."
        )
    shutil.rmtree(prefix, ignore_errors=True)
    by.install(conda, prefix)
    if pins:
        uv.run(
            [
                *("pip", "install", "--no-deps", "--break-system-packages", "-r", "-"),
                *("--python", str(prefix / "bin/python"), *pip_settings.flags()),
            ],
            lines=[*resolving.uv_lines(options), *pins],
            extra=pip_settings.for_uv(options),
            what="add pip's packages to a conda environment",
        )


def _pythons(asked: str) -> list[str]:
    """Conda's words for the Python that is asked for, the best first."""
    this = "python={}.{}".format(*pythons.this().minor)
    oldest = "python>={}.{}".format(*OLDEST)
    if not asked:
        return [this, oldest]
    if pythons.is_dead(asked):
        return [this, oldest]
    written = "python={}.{}".format(*pythons.minor(asked)) if pythons.is_plain(asked) else f"python{asked}"
    return [this, written] if pythons.nobody_chose(asked) else [written]


def _distributions(packages: Sequence[Package]) -> Iterator[tuple[str, str]]:
    """Names and versions on PyPI of the Python packages among `packages`."""
    for package in packages:
        requirement = translate(package.name).requirement if package.python else ""
        try:
            Version(package.version)
        except InvalidVersion:
            continue
        if requirement:
            yield canonicalize_name(requirement), package.version


def _name(pin: str) -> str:
    try:
        return canonicalize_name(Requirement(pin.split(" --")[0]).name)
    except InvalidRequirement:
        return ""
