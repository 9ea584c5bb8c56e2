"""Making the place that runs a lock, kept by the lock's digest: a venv that uv builds aside, renamed when it is whole,
or a conda environment, made where it stays."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ..disk import Home, check_room, locked, write_bytes, write_json
from ..errors import EnvironmentUnresolvable
from ..specs import Lock
from . import conda_made, pip_settings, pythons, uv
from .locking import Say, platform
from .resolving import uv_lines

MARK = "lock.json"  # written last: an environment without it is half-made
PLACE = "made-at.txt"  # where a conda environment was made; unlike a venv it cannot be moved


def prepare(lock: Lock, home: Home, say: Say = print) -> str:
    """Path of the Python executable that runs `lock`, building its environment first when it is not there.

    Two processes that ask for the same one take turns, and the second finds it. Raises `EnvironmentUnresolvable`,
    `DiskFull`.
    """
    if lock.interpreter:
        return _interpreter(lock)
    if lock.platform != platform():
        raise EnvironmentUnresolvable(
            f"This environment was locked for {lock.platform}, and this machine is {platform()}. Deploy again here."
        )
    folder = home.environments / lock.digest
    if not _whole(folder):
        with locked(home.environments / f"{lock.digest}.lock", wait=uv.LONGEST):
            if not _whole(folder):
                _build(lock, folder, say)
    return str(_python(folder))


def made(lock: Lock, home: Home) -> str | None:
    """Path of the Python executable that runs `lock`, if there is one already."""
    folder = home.environments / lock.digest
    return lock.interpreter or (str(_python(folder)) if _whole(folder) else None)


def variables(python: str) -> dict[str, str]:
    """What a worker on `python` needs beside it: in a conda environment the programs that lie there, too."""
    folder = Path(python).parents[1]
    if not (folder / PLACE).exists():
        return {}
    return {"PATH": os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", "")]), "CONDA_PREFIX": str(folder)}


def _interpreter(lock: Lock) -> str:
    if not Path(lock.interpreter).exists():
        raise EnvironmentUnresolvable(
            f"The interpreter {lock.interpreter} of this environment is gone. Deploy again to choose another."
        )
    return lock.interpreter


def _build(lock: Lock, folder: Path, say: Say) -> None:
    """Build under the lock: what an earlier, killed build left goes first, the finished folder moves in at the end."""
    check_room(folder, 50_000_000)
    for left in (folder, *folder.parent.glob(f".{lock.digest}.*")):
        shutil.rmtree(left, ignore_errors=True)
    count = len(lock.requirements) + len(lock.conda)
    say(f"Building an environment of {count} packages for Python {lock.python}")
    if lock.conda:
        _make_in_place(lock, folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{lock.digest}.", dir=folder.parent))
    try:
        _install(lock, aside)
        write_json(aside / MARK, lock)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _make_in_place(lock: Lock, folder: Path) -> None:
    try:
        conda_made.build(lock.conda, lock.requirements, lock.options, folder)
        write_bytes(folder / PLACE, str(folder).encode())
        write_json(folder / MARK, lock)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _install(lock: Lock, aside: Path) -> None:
    base = pythons.choose(lock.python)
    if base.minor != pythons.minor(lock.python):
        raise EnvironmentUnresolvable(
            f"This environment was locked for Python {lock.python}, which is not installed any more. Deploy again."
        )
    what = f"build an environment for Python {base.version}"
    # Relocatable: it is renamed right after, and a workspace may be moved as a whole.
    uv.run(["venv", "--allow-existing", "--relocatable", "--python", base.path, str(aside)], what=what)
    uv.run(
        [
            *("pip", "sync", "-", "--python", str(_python(aside))),
            *("--allow-empty-requirements", *pip_settings.flags()),
        ],
        lines=[*uv_lines(lock.options), *lock.requirements],
        extra=pip_settings.for_uv(lock.options),
        what=what,
    )


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _whole(folder: Path) -> bool:
    """Complete, its base interpreter still there (`bin/python` is a link to it), and not moved if it must not be."""
    place = folder / PLACE
    moved = place.exists() and place.read_text() != str(folder)
    return (folder / MARK).exists() and _python(folder).exists() and not moved
