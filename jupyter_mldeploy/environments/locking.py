"""Resolving an environment once per Python and platform; the result is kept until it is asked for anew."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import sysconfig
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..disk import Home, locked, read_json, write_json
from ..errors import EnvironmentUnresolvable
from ..specs import EnvironmentSpec, Lock
from . import conda_made, here, numpy_one, outdated, pythons, unreadable, uv
from .asked import Asked, check, images, is_in_the_image, named, read
from .conda_tools import ChannelsUnreachable, Tool
from .pythons import Python
from .resolving import Beside, compiled, sealed
from .uv import IndexUnreachable

Say = Callable[[str], None]


def lock(
    spec: EnvironmentSpec,
    home: Home,
    *,
    refresh: bool = False,
    say: Say = print,
    models: Sequence[Path] = (),
) -> Lock:
    """Resolve `spec`: this interpreter when it satisfies it, else conda's packages where conda is here and was asked
    for, else pins made by uv; kept in the workspace.

    What was dropped, translated or substituted is said once, in one notice. `refresh` resolves anew. Pins that could
    not read `models`, the files of a deployment, give way to the versions of this notebook. Raises
    `InvalidInput`, `EnvironmentUnresolvable` (with the resolver's own words) or `DiskFull`.
    """
    found = _managed(spec) if spec.user_managed else _found(read(spec), home, refresh, say, models)
    found = replace(found, notices=(*images(spec), *found.notices))
    for notice in found.notices:
        say(notice)
    return found


def inside(spec: EnvironmentSpec) -> EnvironmentSpec:
    """What is to be locked of `spec` for the image that it names: nothing is left aside then, and an interpreter is
    the image's own."""
    return replace(spec, docker={}, interpreter="" if images(spec) else spec.interpreter)


def _managed(spec: EnvironmentSpec) -> Lock:
    """The interpreter that the user looks after, as it is."""
    check(spec)
    python, notices = pythons.this(), tuple[str, ...]()
    if is_in_the_image(spec):
        notices = (f"its interpreter {spec.interpreter} is the image's, and this notebook's own is used",)
    elif spec.interpreter:
        path = shutil.which(spec.interpreter) or spec.interpreter
        python = pythons.ask(str(Path(path).absolute()))
    return _locked(python, interpreter=python.path, notices=_notice(Asked(spec.name, notices=notices), python))


def _found(asked: Asked, home: Home, refresh: bool, say: Say, models: Sequence[Path]) -> Lock:
    found = _as_asked(asked, home, refresh, say)
    why = unreadable.reason(models, found)
    if not why:
        return found
    this, lines = pythons.this(), unreadable.current(asked.requirements)
    new = [line for line in lines if line not in asked.requirements]
    instead = pythons.instead(asked.python, this) if not pythons.fits(asked.python, found.python) else ""
    told = f"{why}; taken instead, as in this notebook: {', '.join([*new, f'Python {this.version}'])}"
    notices = tuple(part for part in (instead, *asked.notices, told) if part)
    instead_of_it = _as_asked(Asked(asked.name, "", lines, asked.options, notices), home, refresh, say)
    return found if unreadable.reason(models, instead_of_it) else instead_of_it


def _as_asked(asked: Asked, home: Home, refresh: bool, say: Say) -> Lock:
    tool = conda_made.tool() if asked.conda.packages else None
    serves_here = None if tool and asked.conda.programs else _here(asked)
    if serves_here is not None:
        return serves_here
    instead = ""
    if tool is not None:
        try:
            return _kept(replace(asked, notices=asked.conda.notices), home, refresh, say, tool)
        except ChannelsUnreachable:
            instead = f"{tool.name} reached none of its channels"
        except EnvironmentUnresolvable:
            if not pythons.is_dead(asked.python):
                raise
            instead = f"{tool.name} has no such packages for a Python that is alive"
    return _here(asked) or _kept(_with(asked, instead), home, refresh, say)


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


def _kept(asked: Asked, home: Home, refresh: bool, say: Say, tool: Tool | None = None) -> Lock:
    """The lock that was made before for the same words, or a new one; processes that ask at once take turns."""
    own = [here.version_of(one.name) for line in asked.requirements if (one := named(line)) is not None]
    words = [asked.python, [*map(sealed, asked.requirements)], asked.options, platform(), pythons.this().version, own]
    if tool is not None:
        words += [asked.conda.packages, asked.conda.channels]
    path = home.environments / "locks" / f"{_digest(words)}.json"
    with locked(path.with_suffix(".lock"), wait=uv.LONGEST):
        if refresh or not path.exists() or _is_stale(read_json(path, Lock)):
            write_json(path, _by_conda(asked, tool, say) if tool else _by_uv(asked, say))
        found = read_json(path, Lock)
    # Kept without the names and words of who asked first, which are told anew.
    python = Python(found.python, "")
    return replace(found, notices=_notice(asked, python, found.notices))


def _is_stale(kept: Lock) -> bool:
    """Has its Python gone, or, where it names an interpreter, is that another one or not any more what it was?"""
    if kept.conda:
        return False
    if kept.interpreter:
        return kept.interpreter != sys.executable or here.pins(kept.requirements) is None
    return pythons.choose(kept.python).minor != pythons.minor(kept.python)


def _by_conda(asked: Asked, tool: Tool, say: Say) -> Lock:
    say(f"Environment {asked.name!r}: resolving by {tool.name}: {', '.join(asked.conda.packages)}")
    packages = conda_made.solved(asked, tool)
    python = conda_made.python_of(packages, asked)
    pins = conda_made.pip_pins(asked, packages, python)
    made = _locked(python, pins, options=_where(asked))
    conda = tuple(package.line for package in packages)
    return replace(made, digest=_digest([made.digest, conda]), conda=conda)


def _by_uv(asked: Asked, say: Say) -> Lock:
    python = pythons.choose(asked.python)
    say(f"Environment {asked.name!r}: resolving for Python {python.version}: {', '.join(asked.requirements)}")
    if outdated.may_be_replaced(asked.python, python) and any(outdated.pins(asked.requirements, asked.options, python)):
        # Nothing of its time is to be had, so this notebook's own Python is nearest to the models that it makes.
        return _by_uv_instead(asked, pythons.this())
    try:
        pins, held = _pinned(asked, asked.requirements, python)
    except IndexUnreachable:
        raise
    except EnvironmentUnresolvable:
        if not pythons.is_dead(asked.python):
            raise
        return _by_uv_instead(asked, pythons.this())
    return _locked(python, pins, options=_where(asked), notices=held)


def _by_uv_instead(asked: Asked, this: Python) -> Lock:
    never_built = tuple(outdated.pins(asked.requirements, asked.options, this))
    lines = tuple(outdated.replaced(line, this) if line in never_built else line for line in asked.requirements)
    told = outdated.told(never_built, this)
    if (there := here.pins(lines, asked.options)) is not None:
        return _locked(this, there, interpreter=sys.executable, notices=told)
    try:
        pins, held = _pinned(asked, lines, this)
    except IndexUnreachable:
        raise
    except EnvironmentUnresolvable:
        back = outdated.held_back(lines) if pythons.is_dead(asked.python) else ()
        if not back:
            raise
        ours = replace(asked, requirements=tuple(outdated.replaced(x, this) if x in back else x for x in lines))
        made, together = _by_uv_instead(ours, this), outdated.told(back, this, "not to be had together on")
        return replace(made, notices=(*told, *together, *made.notices))
    return _locked(this, pins, options=_where(asked), notices=(*told, *held))


def _pinned(asked: Asked, lines: tuple[str, ...], python: Python) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Pins by uv, and what is to be said of NumPy."""
    what = f"find versions for environment {asked.name!r} on Python {python.version}"
    # Models come from this notebook, so its versions are the best where others would do, too.
    own = Beside(wishes=tuple(here.all_pins()))
    pins = compiled(lines, python, options=asked.options, what=what, beside=own)
    if broken := numpy_one.broken(lines, pins):
        with suppress(EnvironmentUnresolvable):
            pins = compiled([*lines, numpy_one.CONSTRAINT], python, options=asked.options, what=what, beside=own)
            return pins, (f"numpy is kept below 2, as {', '.join(broken)} needs",)
    return pins, ()


def _where(asked: Asked) -> tuple[str, ...]:
    """The options that say where packages are, not which."""
    return tuple(line for line in asked.options if not here.is_content(line))


def _with(asked: Asked, notice: str) -> Asked:
    return replace(asked, notices=(*asked.notices, notice)) if notice else asked


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
