"""A bundle as a folder that `docker build .` makes an image of: Dockerfile text, the app, and the scoring server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from . import bundle as bundles
from .server import control
from .specs import Bundle, EnvironmentSpec, Lock

APP, SERVER, SERVICE = PurePosixPath("/var/azureml-app"), PurePosixPath("/opt/mldeploy"), PurePosixPath("/opt/service")
PYTHON = str(SERVICE / "venv/bin/python")  # of the workers
PORT = 5001
MADE_BY = "# Made by jupyter-mldeploy."  # the first line of each Dockerfile
FRONT = ("httptools", "pyjwt", "cryptography", "uvicorn", "uvloop")
FRONT_PYTHON = "3.12"  # where the service's own Python is too old for the front
OWN = ("jupyter-mldeploy", "azureml")  # never installed into an image: the server lies beside it
UV = "astral/uv:0.8"
MAMBA = "mambaorg/micromamba:2"
MAIN = '''"""Starts the scoring server on this app, as the image's own command does."""

import sys

sys.path.insert(0, "{server}")
from mldeploy_server.front.main import main

sys.exit(main(["{service}/front.json"]))
'''
_FREEZE = """
from importlib.metadata import distributions
for d in distributions():
    if not (d.read_text("direct_url.json") or d.metadata["Name"] is None):
        print(d.metadata["Name"] + "==" + d.version)
"""
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_WHEEL = re.compile(r"file://(\S+)")


@dataclass(frozen=True)
class Content:
    """What goes into an image: a bundle, the environment that it was asked for, its lock, and the front's
    configuration (with the paths inside the image)."""

    bundle: Bundle
    environment: EnvironmentSpec
    lock: Lock
    front: Mapping[str, Any]


def write(content: Content, folder: Path) -> None:
    """Fill the empty `folder` with all that the build needs."""
    app = folder / "azureml-app"
    _fill_app(content.bundle, app)
    if not (app / "main.py").exists():
        (app / "main.py").write_text(MAIN.format(server=SERVER, service=SERVICE))
    source = Path(control.__file__).parent
    shutil.copytree(source, folder / "mldeploy_server", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "server-requirements.txt").write_text("".join(f"{name}=={version(name)}\n" for name in FRONT))
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in _requirements(content, folder)))
    if content.lock.conda:
        listed = ("@EXPLICIT", *(_carried_conda(line, folder) for line in content.lock.conda))
        (folder / "conda.txt").write_text("".join(f"{line}\n" for line in listed))
    (folder / "front.json").write_text(json.dumps(content.front, indent=2, sort_keys=True) + "\n")
    (folder / "Dockerfile").write_text(dockerfile(content))
    (folder / ".dockerignore").write_text("Dockerfile\n.dockerignore\n")


def is_context(folder: Path) -> bool:
    """Whether `write` filled this folder."""
    file = folder / "Dockerfile"
    return file.is_file() and file.read_text(errors="replace").startswith(MADE_BY)


def dockerfile(content: Content) -> str:
    """The text of the Dockerfile; pure. What changes least stands first, so that services share layers."""
    docker, minor = content.environment.docker, _minor(content.lock.python)
    front = minor if tuple(map(int, minor.split("."))) >= (3, 10) else FRONT_PYTHON
    secrets = sorted({name for line in content.lock.options for name in _VARIABLE.findall(line)})
    mounts = "".join(f"--mount=type=secret,id={name},env={name} " for name in secrets)
    # Pins beside conda's packages are complete, and conda's Python may call itself managed from outside.
    beside = "--no-deps --break-system-packages " if content.lock.conda else ""
    extra = [str(docker["extra_steps"]).strip()] if docker.get("extra_steps") else []
    return "\n".join(
        [
            f"{MADE_BY} Build: docker build -t NAME .   Run: docker run -p 127.0.0.1:5001:5001 NAME",
            *(
                [f"# Secrets for the package index: --secret id=NAME,env=NAME for {', '.join(secrets)}"]
                if secrets
                else []
            ),
            *_base(docker, front),
            *extra,
            "",
            f"COPY server-requirements.txt {SERVER}/",
            f"RUN uv venv --python {front} {SERVER}/venv \\",
            f" && uv pip install --no-cache --python {SERVER}/venv/bin/python -r {SERVER}/server-requirements.txt",
            f"COPY mldeploy_server {SERVER}/mldeploy_server",
            "",
            f"COPY requirements.txt {SERVICE}/",
            *([f"COPY wheels/ {SERVICE}/"] if _wheels(content.lock) else []),
            *_made(content.lock, mounts, minor),
            f" && uv pip install --no-cache {beside}--python {PYTHON} -r {SERVICE}/requirements.txt",
            "",
            f"COPY azureml-app {APP}",
            f"COPY front.json {SERVICE}/",
            f"ENV PYTHONPATH={SERVER}",
            f"WORKDIR {APP}",
            f"EXPOSE {PORT}",
            f'CMD ["{SERVER}/venv/bin/python", "-m", "mldeploy_server", "{SERVICE}/front.json"]',
            "",
        ]
    )


def _made(lock: Lock, mounts: str, python: str) -> list[str]:
    """The service's own environment: of conda's packages where the lock names some, else an empty one."""
    if lock.conda:
        return [
            f"COPY --from={MAMBA} /bin/micromamba /usr/local/bin/micromamba",
            f"COPY conda.txt {SERVICE}/",
            *([f"COPY conda-packages/ {SERVICE}/conda-packages/"] if any(map(_local_conda, lock.conda)) else []),
            f"RUN {mounts}micromamba create --yes --prefix {SERVICE}/venv --file {SERVICE}/conda.txt \\",
        ]
    return [f"RUN {mounts}uv venv --python {python} {SERVICE}/venv \\"]


def _base(docker: Mapping[str, Any], python: str) -> list[str]:
    """Python's own image, or what the environment names; uv makes both environments in each."""
    if docker.get("base_dockerfile"):
        return [str(docker["base_dockerfile"]).strip(), f"COPY --from={UV} /uv /usr/local/bin/uv"]
    if docker.get("base_image"):
        return [f"FROM {docker['base_image']}", f"COPY --from={UV} /uv /usr/local/bin/uv"]
    return [f"FROM python:{python}-slim", "RUN pip install --no-cache-dir uv"]


def _requirements(content: Content, folder: Path) -> list[str]:
    """The lock's options and pins; for an interpreter that was taken as it is, what it holds."""
    asked = content.environment
    if content.lock.interpreter and (asked.user_managed or not (asked.pip or asked.conda)):
        return _frozen(content.lock.interpreter)
    return [*content.lock.options, *(_carried(line, folder) for line in content.lock.requirements)]


def _frozen(interpreter: str) -> list[str]:
    found = subprocess.run([interpreter, "-c", _FREEZE], capture_output=True, text=True, check=True).stdout.split()
    return sorted({line for line in found if not line.lower().replace("_", "-").startswith(OWN)}, key=str.lower)


def _wheels(lock: Lock) -> bool:
    return any(_local(line) for line in lock.requirements)


def _local(line: str) -> Path | None:
    """The file that a pin names."""
    found = _WHEEL.search(line)
    path = Path(unquote(found[1]) if found else line.split(" --hash")[0])
    return path if path.is_file() else None


def _carried(line: str, folder: Path) -> str:
    """A pin of a local file goes along, and is named by its place in the image."""
    if (path := _local(line)) is None:
        return line
    (folder / "wheels").mkdir(exist_ok=True)
    shutil.copyfile(path, folder / "wheels" / path.name)
    name, digest = line.partition("file://")[0].strip(), line.partition(" --hash")[2]
    here = f"{name} file://{SERVICE}/{path.name}" if name.endswith("@") else f"{SERVICE}/{path.name}"
    return f"{here} --hash{digest}" if digest else here


def _local_conda(line: str) -> Path | None:
    """The file that a line of conda's explicit list names."""
    return _local(line.partition("#")[0])


def _carried_conda(line: str, folder: Path) -> str:
    """A conda package from a channel in a folder goes along, too."""
    if (path := _local_conda(line)) is None:
        return line
    place = PurePosixPath("conda-packages", path.parent.name)
    (folder / place).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, folder / place / path.name)
    return f"file://{SERVICE / place / path.name}#{line.partition('#')[2]}"


def _fill_app(bundle: Bundle, app: Path) -> None:
    """The app root as scripts expect it; models are linked where the file system can."""
    source = Path(bundle.path)
    shutil.copytree(source / "source", app)
    if (source / bundles.MODELS).is_dir():
        shutil.copytree(source / bundles.MODELS, app / bundles.MODELS, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])
