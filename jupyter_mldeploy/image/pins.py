"""What is installed into an image: the lock's pins, and the local files that they name, carried along."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..environments import by_rattler
from ..specs import Lock
from .dockerfiles import BUILD, FRONT, SERVICE, Content, local

OWN = ("jupyter-mldeploy", "azureml")  # never installed into an image: the server lies beside it
RATTLER = "py-rattler>=0.28,<0.29"  # as in this package's extra `conda`
_FREEZE = """
from importlib.metadata import distributions
for d in distributions():
    if not (d.read_text("direct_url.json") or d.metadata["Name"] is None):
        print(d.metadata["Name"] + "==" + d.version)
"""


def write(content: Content, folder: Path) -> None:
    """Write `requirements.txt`, what the build needs to install it, and the files that these name."""
    (folder / "build").mkdir(exist_ok=True)
    (folder / "build" / "uv.txt").write_text(f"uv=={version('uv')}\n")
    (folder / "server-requirements.txt").write_text("".join(f"{line}\n" for line in front()))
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in _requirements(content, folder)))
    if content.lock.conda:
        _write_conda(content.lock, folder / "conda")


def front() -> list[str]:
    """The packages of the server with all that they need, as they are here: the same in each build."""
    found: dict[str, str] = {}
    wanted = [Requirement(name) for name in FRONT]
    while wanted:
        name = canonicalize_name(wanted.pop().name)
        if name not in found:
            found[name] = f"{name}=={version(name)}"
            needs = map(Requirement, requires(name) or ())
            wanted += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return sorted(found.values())


def _requirements(content: Content, folder: Path) -> list[str]:
    """The lock's options and pins; for an interpreter that was taken as it is, what it holds; for the image's own
    nothing."""
    asked = content.environment
    if asked.docker.get("own_python"):
        return []
    if content.lock.interpreter and (asked.user_managed or not (asked.pip or asked.conda)):
        return _frozen(content.lock.interpreter)
    return [*content.lock.options, *(_carried(line, folder) for line in content.lock.requirements)]


def _frozen(interpreter: str) -> list[str]:
    found = subprocess.run([interpreter, "-c", _FREEZE], capture_output=True, text=True, check=True).stdout.split()
    return sorted({line for line in found if not line.lower().replace("_", "-").startswith(OWN)}, key=str.lower)


def _carried(line: str, folder: Path) -> str:
    """A pin of a local file goes along, and is named by its place in the image."""
    if (path := local(line)) is None:
        return line
    (folder / "wheels").mkdir(exist_ok=True)
    shutil.copyfile(path, folder / "wheels" / path.name)
    name, digest = line.partition("file://")[0].strip(), line.partition(" --hash")[2]
    place = f"{BUILD}/wheels/{path.name}"
    here = f"{name} file://{place}" if name.endswith("@") else place
    return f"{here} --hash{digest}" if digest else here


def _write_conda(lock: Lock, folder: Path) -> None:
    """The list of conda's packages, and the program of ours that installs them by py-rattler, which PyPI has."""
    folder.mkdir()
    shutil.copyfile(Path(by_rattler.__file__).with_name("rattler_process.py"), folder / "install.py")
    try:
        pin = f"py-rattler=={version('py-rattler')}"
    except PackageNotFoundError:  # another tool solves here
        pin = RATTLER
    (folder / "rattler.txt").write_text(f"{pin}\n")
    asked = {"verb": "install", "prefix": str(SERVICE / "venv")}
    lines = [_carried_conda(line, folder) for line in lock.conda]
    (folder / "packages.json").write_text(json.dumps({**asked, "lines": lines}, indent=1) + "\n")


def _carried_conda(line: str, folder: Path) -> str:
    """A conda package from a channel in a folder goes along, too."""
    if (path := local(line.partition("#")[0])) is None:
        return line
    by_rattler.check_local(line)
    place = PurePosixPath("packages", path.parent.name, path.name)
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, folder / place)
    return f"file://{BUILD / 'conda' / place}#{line.partition('#')[2]}"
