"""Does this interpreter already hold what is asked, down to the last dependency? Answered in milliseconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from .asked import named

CONTENT = ("-e", "--editable", "-r", "--requirement", "-c", "--constraint")  # options that change what is installed


def pins(requirements: Sequence[str], options: Sequence[str] = ()) -> tuple[str, ...] | None:
    """The exact pins of the closure of `requirements` in this interpreter, or None when something is missing, of
    another version, or described in a way that cannot be read. A path, a URL or a constraint file cannot be compared:
    None."""
    asked = [named(line) for line in requirements]
    known = [requirement for requirement in asked if requirement is not None]
    if len(known) < len(asked) or any(is_content(line) for line in options):
        return None
    try:
        found = _closure(known)
    except (InvalidRequirement, InvalidVersion):
        return None
    return None if found is None else tuple(f"{name}=={version}" for name, version in sorted(found.items()))


def _closure(todo: list[Requirement]) -> dict[str, str] | None:
    environment = {name: str(value) for name, value in default_environment().items()}
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        requirement = todo.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({**environment, "extra": ""}):
            continue
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        installed = _installed(requirement)
        if installed is None:
            return None
        found[name] = installed.version
        if (name, extras) not in seen:
            seen.add((name, extras))
            todo.extend(_needs(installed, extras, environment))
    return found


def version_of(name: str) -> str:
    """The version of `name` in this interpreter, without a local build's mark, which no index knows; else empty."""
    try:
        return Version(distribution(name).version).public
    except (PackageNotFoundError, FileNotFoundError, KeyError, InvalidVersion, TypeError):
        return ""


def all_pins() -> list[str]:
    """Everything in this interpreter as pins; the first of a name is the one that is imported."""
    names = {canonicalize_name(name) for found in distributions() if (name := _name(found))}
    return [f"{name}=={version}" for name in sorted(names) if (version := version_of(name))]


def _name(found: Distribution) -> str:
    """The name of a distribution; empty for the pieces that an uninstall left behind."""
    try:
        return found.metadata["Name"] or ""
    except (FileNotFoundError, KeyError, TypeError):
        return ""


def is_content(option: str) -> bool:
    """Does this option line itself say what is installed, and not only where it is looked for?"""
    return option.split("=")[0].split()[0] in CONTENT


def _installed(requirement: Requirement) -> Distribution | None:
    try:
        found = distribution(requirement.name)
        version = Version(found.version or "")
    except (PackageNotFoundError, FileNotFoundError, KeyError, InvalidVersion):
        # Not there, or the pieces that an uninstall left behind; FileNotFoundError where the importlib_metadata of
        # PyPI, which MLflow loads, has put its finder before the standard library's.
        return None
    fits = not requirement.url and requirement.specifier.contains(version, prereleases=True)
    return found if fits else None


def _needs(installed: Distribution, extras: frozenset[str], environment: dict[str, str]) -> Iterator[Requirement]:
    """What `installed` with `extras` depends on here; the markers are settled, so they are taken off."""
    for line in _lines(installed):
        if not extras and "extra ==" in line and " or " not in line:
            continue  # most lines of most packages, and parsing them is most of the time
        requirement = Requirement(line)
        marker, requirement.marker = requirement.marker, None
        if marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras)):
            yield requirement


def _lines(installed: Distribution) -> list[str]:
    """Its Requires-Dist, read from the header alone: parsing a whole METADATA as a mail is ten times slower."""
    text = installed.read_text("METADATA")
    if text is None:
        return list(installed.requires or ())  # an .egg-info
    header = text.split("\n\n", 1)[0]
    return [line[15:] for line in header.splitlines() if line.startswith("Requires-Dist: ")]
