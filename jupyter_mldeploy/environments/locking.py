"""Resolving an environment once per Python and platform; the result is kept until it is asked for anew."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from ..disk import Home, locked, read_json, write_json
from ..errors import EnvironmentUnresolvable
from ..specs import EnvironmentSpec, Lock
from . import here, numpy_one, pip_settings, pythons, uv
from .asked import Asked, check, images, read
from .pythons import Python

Say = Callable[[str], None]


def lock(spec: EnvironmentSpec, home: Home, *, refresh: bool = False, say: Say = print) -> Lock:
    """Resolve `spec`: this interpreter when it satisfies it, else pins made by uv, kept in the workspace.

    What was dropped, translated or substituted is said once, in one notice. `refresh` resolves anew. Raises
    `InvalidInput`, `EnvironmentUnresolvable` (with uv's own words) or `DiskFull`.
    """
    if spec.user_managed:
        found = _managed(spec)
    else:
        asked = read(spec)
        found = _here(asked) or _kept(asked, home, refresh, say)
    for notice in found.notices:
        say(notice)
    return found


def _managed(spec: EnvironmentSpec) -> Lock:
    """The interpreter that the user looks after, as it is."""
    check(spec)
    python = pythons.this()
    if spec.interpreter:
        path = shutil.which(spec.interpreter) or spec.interpreter
        python = pythons.ask(str(Path(path).absolute()))
    return _locked(python, interpreter=python.path, notices=_notice(Asked(spec.name, notices=images(spec)), python))


def _here(asked: Asked) -> Lock | None:
    """A lock on this interpreter, if its packages satisfy `asked` and no other Python was meant that is installed."""
    this = pythons.this()
    pins = here.pins(asked.requirements, asked.options)
    if pins is None or _another_fits_better(asked.python, this):
        return None
    return _locked(this, pins, interpreter=sys.executable, notices=_notice(asked, this))


def _another_fits_better(wanted: str, this: Python) -> bool:
    if pythons.fits(wanted, this.version) or pythons.nobody_chose(wanted):
        return False
    return any(pythons.fits(wanted, other.version) for other in pythons.installed())


def _kept(asked: Asked, home: Home, refresh: bool, say: Say) -> Lock:
    """The lock that was made before for the same words, or a new one; processes that ask at once take turns."""
    words = [asked.python, [*map(_sealed, asked.requirements)], asked.options, platform(), pythons.this().version]
    path = home.environments / "locks" / f"{_digest(words)}.json"
    with locked(path.with_suffix(".lock"), wait=uv.LONGEST):
        if refresh or not path.exists() or _has_lost_its_python(read_json(path, Lock)):
            write_json(path, _resolved(asked, say))
        found = read_json(path, Lock)
    # Kept without the names and words of who asked first, which are told anew.
    python = Python(found.python, "")
    return replace(found, notices=_notice(asked, python, found.notices))


def _has_lost_its_python(kept: Lock) -> bool:
    return pythons.choose(kept.python).minor != pythons.minor(kept.python)


def _resolved(asked: Asked, say: Say) -> Lock:
    python = pythons.choose(asked.python)
    say(f"Environment {asked.name!r}: resolving for Python {python.version}: {', '.join(asked.requirements)}")
    pins, held = _compiled(asked, python), ""
    if broken := numpy_one.broken(asked.requirements, pins):
        with suppress(EnvironmentUnresolvable):
            pins = _compiled(asked, python, numpy_one.CONSTRAINT)
            held = f"numpy is kept below 2, as {', '.join(broken)} needs"
    options = tuple(line for line in asked.options if not here.is_content(line))
    return _locked(python, pins, options=options, notices=(held,) if held else ())


def _compiled(asked: Asked, python: Python, *more: str) -> tuple[str, ...]:
    output = uv.run(
        [
            *("pip", "compile", "-", "--python", python.path),
            *("--no-header", "--no-annotate", "--no-strip-extras", *pip_settings.flags()),
        ],
        lines=[*uv_lines(asked.options), *asked.requirements, *more],
        extra=pip_settings.for_uv(asked.options),
        what=f"find versions for environment {asked.name!r} on Python {python.version}",
    )
    lines = [line.strip() for line in output.splitlines()]
    return tuple(_sealed(line) for line in lines if line and not line.startswith(("#", "--")))


def uv_lines(options: tuple[str, ...]) -> list[str]:
    """The option lines that uv reads from a requirements file."""
    return [line for line in options if not line.startswith(("--pre", "--trusted-host"))]


def _sealed(line: str) -> str:
    """A local file is pinned by its content too, so that another wheel of the same name is another lock."""
    url = re.search(r"file://(\S+)$", line)
    path = Path(unquote(url[1])) if url else Path(line)
    if not (url or line.endswith((".whl", ".tar.gz", ".zip"))) or not path.is_file():
        return line
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return f"{line} --hash=sha256:{digest.hexdigest()}"


def _notice(asked: Asked, python: Python, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Everything that was dropped, translated or substituted, as one sentence."""
    said = [part for part in (pythons.instead(asked.python, python), *asked.notices, *more) if part]
    return (f"Environment {asked.name!r}: {'; '.join(said)}.",) if said else ()


def _locked(
    python: Python,
    pins: tuple[str, ...] = (),
    *,
    options: tuple[str, ...] = (),
    interpreter: str = "",
    notices: tuple[str, ...] = (),
) -> Lock:
    digest = _digest([python.version, platform(), pins, options] if options else [python.version, platform(), pins])
    return Lock(digest, python.version, platform(), pins, interpreter, notices, options)


def platform() -> str:
    """The system and machine that pins are made for, as Python names it: `linux-x86_64`."""
    return sysconfig.get_platform()


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]
