"""Pins of versions that were never built for the Python at hand, and what takes their place.

Only where that Python itself stands in for another, or was nobody's choice: who chose a Python that is here and a
version that does not exist for it is told so by uv.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from packaging.requirements import Requirement

from ..errors import EnvironmentUnresolvable
from . import here, pip_settings, pythons, resolving, uv
from .asked import named
from .pythons import Python

_OTHERS = ("3.7", "3.6", "3.9", "3.13")  # a version without wheels for any of these has none at all, and is built


def may_be_replaced(asked: str, python: Python) -> bool:
    """Is `python` not the one that somebody chose?"""
    return not asked or pythons.nobody_chose(asked) or not pythons.fits(asked, python.version)


def pins(lines: Iterable[str], options: Sequence[str], python: Python) -> Iterator[str]:
    """The lines that hold a package to versions which have wheels for other Pythons and none for `python`."""
    bounded = [line for line in lines if (found := named(line)) is not None and _is_bounded(found)]
    if not bounded or _has_wheels(bounded, options, python.path):
        return
    for line in bounded:
        here_none = not _has_wheels([line], options, python.path)
        if here_none and any(_has_wheels([line], options, other) for other in _OTHERS):
            yield line


def replaced(line: str, python: Python) -> str:
    """`line` with the version that this notebook has, if `python` is its interpreter; else with any."""
    requirement = Requirement(line.split(" --")[0])
    own = here.version_of(requirement.name) if python == pythons.this() else ""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{f'=={own}' if own else ''}{marker}"


def told(lines: Sequence[str], python: Python, why: str = "never built for") -> tuple[str, ...]:
    """The clause of the notice about `lines`; none when there are no lines."""
    taken = ", ".join(replaced(line, python) for line in lines)
    return (f"{why} Python {python.version}: {', '.join(lines)}; taken instead: {taken}",) if lines else ()


def held_back(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines that exclude the version that this notebook has."""
    known = [(line, named(line)) for line in lines]
    return tuple(line for line, found in known if found is not None and _excludes_ours(found))


def _excludes_ours(requirement: Requirement) -> bool:
    own = here.version_of(requirement.name)
    return bool(own) and not requirement.url and not requirement.specifier.contains(own, prereleases=True)


def _is_bounded(requirement: Requirement) -> bool:
    """Does it keep newer versions out?"""
    return not requirement.url and any(clause.operator not in (">=", ">", "!=") for clause in requirement.specifier)


def _has_wheels(lines: Sequence[str], options: Sequence[str], python: str) -> bool:
    """Are there wheels for `lines` themselves? `python` is the path of an interpreter, or a version.

    Raises `IndexUnreachable`.
    """
    option = "--python-version" if python in _OTHERS else "--python"
    try:
        uv.run(
            ["pip", "compile", "-", option, python, "--no-deps", "--only-binary", ":all:", *pip_settings.flags()],
            lines=[*resolving.uv_lines(options), *lines],
            extra=pip_settings.for_uv(options),
            what=f"look for wheels of {', '.join(lines)}",
        )
    except uv.IndexUnreachable:
        raise
    except EnvironmentUnresolvable:
        return False
    return True
