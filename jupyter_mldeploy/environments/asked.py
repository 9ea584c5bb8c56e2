"""An EnvironmentSpec in the resolver's words, checked line by line; what is left out or translated becomes a notice."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from ..errors import InvalidInput
from ..specs import EnvironmentSpec
from .conda import Translated, strict, translate
from .conda_names import INSTALLERS, is_program
from .pypi_names import current
from .pythons import OLDEST, is_plain

# Option lines that uv understands in a requirements file; value options keep their value on the same line.
_OPTIONS = """
-c --constraint -e --editable -f --find-links -i --index-url --extra-index-url --no-index --no-binary --only-binary
-r --requirement
"""
OPTIONS = frozenset(_OPTIONS.split())
FLAGS = frozenset({"--pre", "--trusted-host"})  # uv takes these from its caller
SHORTEST_TOKEN = 20  # access tokens are longer, names of users and organisations shorter
_CREDENTIALS = re.compile(r"([\w+.\-]+)://([^/\s@]+)@")
_VARIABLES = re.compile(r"\$\{[A-Z0-9_]+\}")
_LOCAL_URL = re.compile(r"file://(?:localhost)?(/[^\s#]+)")
_IMAGES = ("base_image", "base_dockerfile", "build_context")
_CHANNEL_TOKEN = re.compile(r"(://[^/]+/t/)[^/]+")


@dataclass(frozen=True)
class CondaAsked:
    """The same in conda's words, for where conda or its like is there: `packages` without Python and installers, what
    is left for PyPI, and what is to be said then. `programs` names what PyPI cannot give."""

    packages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What a spec asks for: `requirements` for PyPI, the `options` beside them, and `notices` to be said once."""

    name: str
    python: str = ""
    requirements: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    conda: CondaAsked = CondaAsked()


def check(spec: EnvironmentSpec) -> None:
    """Raise `InvalidInput` naming the first line, version or interpreter of `spec` that cannot work. Costs no I/O
    beyond looking for the files that are named."""
    if not spec.user_managed:
        read(spec)
    elif spec.interpreter and shutil.which(spec.interpreter) is None and not is_in_the_image(spec):
        raise InvalidInput(
            f"Environment {spec.name!r} names the interpreter {spec.interpreter!r}, which does not exist here. "
            f"Give the full path of a Python {OLDEST[0]}.{OLDEST[1]} or newer."
        )


def read(spec: EnvironmentSpec) -> Asked:
    """Translate `spec`; raises `InvalidInput` for what cannot be read."""
    _check_python(spec)
    conda = [translate(line) for line in spec.conda if not _is_python(line)]
    lines = [line for text in spec.pip if (line := _bare(text))]
    given = [_checked(line, spec.name) for line in lines if not line.startswith("-")]
    pip = [current(line) for line in given]
    options = [_checked_option(line, spec.name) for line in (*spec.pip_options, *lines) if line.startswith("-")]
    wanted = [*(package.requirement for package in conda if package.requirement), *pip]
    ours = [line for line in wanted if is_azureml(line)]
    usable = [line for line in options if line.split()[0].split("=")[0] in OPTIONS | FLAGS]
    notices = (
        *_left_out(ours),
        *_renamed(given, pip),
        *_unused([line for line in options if line not in usable]),
    )
    return Asked(
        spec.name,
        spec.python,
        tuple(line for line in wanted if line not in ours),
        tuple(usable),
        (*notices, *_translations(conda)),
        CondaAsked(
            tuple(strict(p.spec) for p in conda if p.name not in INSTALLERS and not is_azureml(p.name)),
            tuple(_checked_channel(channel, spec.name) for channel in spec.channels),
            tuple(line for line in pip if line not in ours),
            notices,
            tuple(p.name for p in conda if is_program(p.name)),
        ),
    )


def images(spec: EnvironmentSpec) -> tuple[str, ...]:
    """What to say when `spec` names an image of its own, and Python runs outside of any."""
    named = [key.replace("_", " ") for key in _IMAGES if key in spec.docker]
    aside = f"its {' and '.join(named)} is left aside, Python runs on this machine"
    return (f"Environment {spec.name!r}: {aside}.",) if named else ()


def is_in_the_image(spec: EnvironmentSpec) -> bool:
    """Is the interpreter of `spec` one that is not here, and may be in the image that it names?"""
    return bool(spec.interpreter) and shutil.which(spec.interpreter) is None and bool(images(spec))


def named(line: str) -> Requirement | None:
    """The requirement that `line` states by name, or None when it is a path or a bare URL."""
    try:
        return Requirement(line.split(" --")[0])
    except InvalidRequirement:
        if _is_location(line):
            return None
        raise


def is_azureml(line: str) -> bool:
    """Is this one of Azure's own packages, whose work this package does and which would shadow it?"""
    name = canonicalize_name(re.split(r"[^\w.\-]", line.strip(), maxsplit=1)[0])
    return name == "azureml" or name.startswith("azureml-")


def _check_python(spec: EnvironmentSpec) -> None:
    if spec.python and not is_plain(spec.python) and not _is_range(spec.python):
        raise InvalidInput(
            f"Environment {spec.name!r} asks for Python {spec.python!r}, which is no version. Write 3.11 or >=3.10."
        )


def _is_range(asked: str) -> bool:
    try:
        return any(clause.version[0].isdigit() for clause in SpecifierSet(asked))
    except InvalidSpecifier:
        return False


def _is_python(line: str) -> bool:
    return re.match(r"(?:[\w.\-/]+::)?python(?![\w.\-])", line.strip()) is not None


def _bare(line: str) -> str:
    return re.sub(r"(^|\s)#.*$", "", line).strip()


def _checked(line: str, name: str) -> str:
    _refuse_credentials(line, name)
    try:
        requirement = named(line)
    except InvalidRequirement as error:
        raise InvalidInput(
            f"Environment {name!r}: {line!r} is no requirement ({str(error).splitlines()[0]}). "
            "Write it like scikit-learn==1.5.2, numpy>=1.26,<3, or the path of a wheel."
        ) from error
    local = _LOCAL_URL.search(line)
    missing = not Path(unquote(local[1])).exists() if local else "://" not in line and not _file(line).exists()
    if (local or requirement is None) and missing:
        raise InvalidInput(
            f"Environment {name!r}: there is no file {line!r}. Give the full path of the wheel or folder."
        )
    return line


def _checked_option(line: str, name: str) -> str:
    _refuse_credentials(line, name)
    return line


def _checked_channel(channel: str, name: str) -> str:
    if _CHANNEL_TOKEN.search(channel):
        hidden = _CHANNEL_TOKEN.sub(r"\g<1>****", channel)
        raise InvalidInput(
            f"Environment {name!r}: a token stands in the channel {hidden!r}, and "
            "environments are stored with each service. Log conda in to it instead, and name it without the token."
        )
    _refuse_credentials(channel, name)
    return channel


def _refuse_credentials(line: str, name: str) -> None:
    """A lock, a bundle and an image keep these lines, so no password may stand in them."""
    if any(_is_secret(*found.groups()) for found in _CREDENTIALS.finditer(line)):
        hidden = _CREDENTIALS.sub(r"\1://****@", line)
        raise InvalidInput(
            f"Environment {name!r}: a password stands in {hidden!r}, and environments are stored with each service. "
            "Write ${USER_VARIABLE}:${PASSWORD_VARIABLE} instead and set these, or use pip.conf or ~/.netrc."
        )


def _is_secret(scheme: str, user: str) -> bool:
    """`git@` and other names are no secret, a name with a password is, and so is a token alone."""
    public = user == "git" or "ssh" in scheme
    return not _VARIABLES.search(user) and (":" in user or (not public and len(user) >= SHORTEST_TOKEN))


def _is_location(line: str) -> bool:
    return "://" in line or "/" in line or line.endswith((".whl", ".tar.gz", ".zip"))


def _file(line: str) -> Path:
    return Path(line.split(";")[0].split("[")[0].strip()).expanduser()


def _left_out(ours: list[str]) -> list[str]:
    return [f"{', '.join(ours)} left out, the scoring server is built in"] if ours else []


def _renamed(given: list[str], current: list[str]) -> list[str]:
    new = [f"{old} as {now}" for old, now in zip(given, current, strict=True) if old != now]
    return [f"under the name of today: {', '.join(new)}"] if new else []


def _unused(options: list[str]) -> list[str]:
    return [f"options that only pip knows were left out: {', '.join(options)}"] if options else []


def _translations(conda: list[Translated]) -> list[str]:
    taken = [package for package in conda if package.requirement and not is_azureml(package.requirement)]
    known = [f"{p.spec} as {p.requirement}" if p.changed else p.spec for p in taken if p.known]
    unknown = [p.requirement for p in taken if not p.known]
    dropped = [p for p in conda if not p.requirement and p.name not in INSTALLERS]
    libraries = [p.spec for p in dropped if not is_program(p.name)]
    programs = [p.spec for p in dropped if is_program(p.name)]
    return [
        *([f"conda packages taken from PyPI: {', '.join(known)}"] if known else []),
        *([f"taken from PyPI by their conda name: {', '.join(unknown)}"] if unknown else []),
        *([f"left out, not Python packages: {', '.join(libraries)}"] if libraries else []),
        *([f"left out, programs that only conda has: {', '.join(programs)}"] if programs else []),
    ]
