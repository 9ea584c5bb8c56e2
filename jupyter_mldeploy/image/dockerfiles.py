"""The text of a Dockerfile for a bundle and its environment; pure. BuildKit and the classic builder both take it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from ..specs import Bundle, EnvironmentSpec, Lock

APP, SERVER, SERVICE = PurePosixPath("/var/azureml-app"), PurePosixPath("/opt/mldeploy"), PurePosixPath("/opt/service")
BUILD = PurePosixPath("/opt/build")  # of the build stage, which no image keeps
PYTHON = str(SERVICE / "venv/bin/python")  # of the workers
PORT = 5001
USER = 10001  # nobody of the base image's, and not root
MADE_BY = "# Made by jupyter-mldeploy."  # the first line of each Dockerfile
FRONT = ("httptools", "pyjwt", "cryptography", "uvicorn", "uvloop")
FRONT_PYTHON = "3.12"  # where the service's own Python is too old for the front
OLDEST = (3, 10)  # that the front runs on
ANY_FRONT = "'>=3.10,<3.14'"  # on a base whose Python is too old or not known
BASE = "python:{python}-slim"  # Python's own image
STAGE, BUILDING = "mldeploy-base", "mldeploy-build"  # names that no Dockerfile of a user has
LABEL = "jupyter-mldeploy"
# Bytecode is the same in each build, and nothing changes what it was made of.
_SAME = "ENV PYTHONHASHSEED=0 PYC_INVALIDATION_MODE=UNCHECKED_HASH"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_UV = f"{BUILD}/uv/bin/uv"
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_WHEEL = re.compile(r"file://(\S+)")
_FROM = re.compile(r"^(FROM\s+(?:--\S+\s+)*\S+)(?:[ \t]+AS[ \t]+(\S+))?[ \t]*$", re.I | re.M)
_HEALTH = "import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/', timeout=5)"


@dataclass(frozen=True)
class Content:
    """What goes into an image: a bundle, the environment that it was asked for, its lock, and the front's
    configuration (with the paths inside the image).

    `base` is the base image where the environment names none; `{python}` in it stands for the wanted version.
    `app`: with the bundle itself, and not server and environment alone. `mounts`: secrets of indexes are mounted by
    the builder, which only BuildKit can. `labels` go on the image.
    """

    bundle: Bundle
    environment: EnvironmentSpec
    lock: Lock
    front: Mapping[str, Any]
    base: str = BASE
    app: bool = True
    mounts: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    base_python: str = ""  # of the base image, where that is known
    stage: str = "build"  # by which the images of the stage that builds are found again
    entries: tuple[str, ...] = ()  # of the app's top, folders with a slash behind, what changes least first


def dockerfile(content: Content) -> str:
    """The text. What changes least stands first, so that services share layers; of the stage that builds, nothing but
    the two environments stays."""
    secrets = variables(content.lock)
    return "\n".join(
        [
            f"{MADE_BY} Build: docker build -t NAME .   Run: docker run --init -p 127.0.0.1:{PORT}:{PORT} NAME",
            *(
                [f"# Secrets for the package index: --secret id=NAME,env=NAME for {', '.join(secrets)}"]
                if secrets and content.mounts
                else []
            ),
            *_base(content),
            "",
            *_built(content, secrets),
            "",
            *_final(content),
            "",
        ]
    )


def base_of(content: Content) -> str:
    """The image that the environment is built on; empty where the environment brings a Dockerfile of its own."""
    docker = content.environment.docker
    if docker.get("base_dockerfile"):
        return ""
    own = str(docker.get("base_image") or "")
    registry = str(docker.get("registry") or "").partition("://")[2] or str(docker.get("registry") or "")
    if own and registry and not own.startswith(f"{registry.rstrip('/')}/"):
        return f"{registry.rstrip('/')}/{own}"
    return own or content.base.format(python=_default_python(content))


def front_python(content: Content) -> str:
    """The Python that the front runs on, as uv is asked for it: the base's own, where that is new enough."""
    if content.base_python:
        return minor(content.base_python) if _version(content.base_python) >= OLDEST else ANY_FRONT
    if {"base_image", "base_dockerfile"} & content.environment.docker.keys():
        return ANY_FRONT
    return _default_python(content)


def last_base(dockerfile: str) -> str:
    """The image that the last stage of a Dockerfile is built on, for the words of an error."""
    return next((line.split()[-1] for line, _ in reversed(_FROM.findall(dockerfile))), "")


def variables_inside(lock: Lock) -> dict[str, str]:
    """What workers need beside their Python: in an environment of conda's the programs that lie there, too."""
    folder = SERVICE / "venv"
    return {"PATH": f"{folder}/bin:{_PATH}", "CONDA_PREFIX": str(folder)} if lock.conda else {}


def variables(lock: Lock) -> list[str]:
    """The names of the secrets in the lock's options."""
    return sorted({name for line in lock.options for name in _VARIABLE.findall(line)})


def is_carried(lock: Lock) -> bool:
    """Whether one of the pins is a local file."""
    return any(local(line) for line in lock.requirements)


def local(line: str) -> Path | None:
    """The file that a pin names."""
    found = _WHEEL.search(line)
    path = Path(unquote(found[1]) if found else line.split(" --hash")[0])
    return path if path.is_file() else None


def minor(python: str) -> str:
    """`3.11` of `3.11.7`."""
    return ".".join(python.split(".")[:2])


def _default_python(content: Content) -> str:
    """Of the base image where none is named: the service's own, where the front runs on that."""
    wanted = minor(content.lock.python)
    return wanted if _version(wanted) >= OLDEST else FRONT_PYTHON


def _base(content: Content) -> list[str]:
    docker = content.environment.docker
    extra = [str(docker["extra_steps"]).strip()] if docker.get("extra_steps") else []
    if not docker.get("base_dockerfile"):
        return [f"FROM {base_of(content)} AS {STAGE}", *extra]
    text = str(docker["base_dockerfile"]).strip()
    last = list(_FROM.finditer(text))[-1:]
    if last and last[0][2] is None:  # named, so that it can be built on twice
        text = f"{text[: last[0].start()]}{last[0][1]} AS {STAGE}{text[last[0].end() :]}"
    elif last:
        text += f"\nFROM {last[0][2]} AS {STAGE}"
    return [text, *extra]


def _built(content: Content, secrets: list[str]) -> list[str]:
    """The stage that makes the two environments."""
    mounts = "".join(f"--mount=type=secret,id={name},env={name} " for name in secrets) if content.mounts else ""
    front, wanted = front_python(content), content.environment.docker.get("own_python") or minor(content.lock.python)
    run = f"RUN . {BUILD}/settings"
    # Pins beside conda's packages are complete, and conda's Python may call itself managed from outside.
    beside = "--no-deps --break-system-packages " if content.lock.conda else ""
    install = f"{_UV} pip install --no-cache --compile-bytecode"
    return [
        f"FROM {STAGE} AS {BUILDING}",
        "USER root",
        f"LABEL {LABEL}.stage={content.stage}",
        _SAME,
        f"COPY build {BUILD}",
        f"{run} && python3 -m venv {BUILD}/uv && {BUILD}/uv/bin/pip install --no-cache-dir --quiet -r {BUILD}/uv.txt",
        f"COPY server-requirements.txt {SERVER}/",
        f"{run} && UV_PYTHON_INSTALL_DIR={SERVER}/python {_UV} venv --python {front} {SERVER}/venv \\",
        f" && {install} --python {SERVER}/venv/bin/python -r {SERVER}/server-requirements.txt",
        f"COPY requirements.txt {SERVICE}/",
        *([f"COPY wheels {BUILD}/wheels"] if is_carried(content.lock) else []),
        *_made(content, mounts, front),
        f" && {install} {beside}--python {PYTHON} -r {SERVICE}/requirements.txt",
        f"COPY mldeploy_server {SERVER}/mldeploy_server",
        *(f"RUN {python} {SERVER}/mldeploy_server" for python in _compilers(front, wanted)),
    ]


def _compilers(front: str, wanted: str) -> list[str]:
    """Who compiles the server, as a container's root is read-only; a worker's Python may be too old for the front."""
    compiled = "-m compileall -q --invalidation-mode unchecked-hash"
    return [f"{SERVER}/venv/bin/python {compiled}", *([] if front == wanted else [f"{PYTHON} {compiled} -x /front/"])]


def _made(content: Content, mounts: str, front: str) -> list[str]:
    """The service's own environment: the image's own Python where that was asked for, of conda's packages where the
    lock names some, else an empty one."""
    lock, run, venv = content.lock, f"RUN {mounts}. {BUILD}/settings", f"{SERVICE}/venv"
    if own := content.environment.docker.get("own_python"):
        python = '"$(command -v python || command -v python3)"' if own == "python" else shlex.quote(own)
        return [f"{run} && {_UV} venv --system-site-packages --python {python} {venv} \\"]
    if not lock.conda:
        return [f"{run} && UV_PYTHON_INSTALL_DIR={SERVICE}/python {_UV} venv --python {minor(lock.python)} {venv} \\"]
    place = f"{BUILD}/conda"
    return [
        f"COPY conda {place}",
        f"{run} && {_UV} venv --python {front} {place}/venv \\",
        f" && {_UV} pip install --no-cache --python {place}/venv/bin/python -r {place}/rattler.txt \\",
        f" && RATTLER_CACHE_DIR={place}/cache {place}/venv/bin/python {place}/install.py < {place}/packages.json \\",
        f"  | tee {place}/said && grep -q '^{{\"done\"' {place}/said \\",
    ]


def _final(content: Content) -> list[str]:
    labels = " ".join(f'{LABEL}.{name}="{value}"' for name, value in sorted(content.labels.items()))
    health = f'"{SERVER}/venv/bin/python", "-c", "{_HEALTH.format(port=PORT)}"'
    return [
        f"FROM {STAGE}",
        f"COPY --from={BUILDING} {SERVER} {SERVER}",
        f"COPY --from={BUILDING} {SERVICE} {SERVICE}",
        f"ENV PYTHONPATH={SERVER} HOME=/tmp PYTHONDONTWRITEBYTECODE=1",
        f"EXPOSE {PORT}",
        "ENTRYPOINT []",  # the base may have one
        f"HEALTHCHECK --start-period=60s CMD [{health}]",
        *(_app(content.entries) if content.app else []),
        f"USER {USER}:{USER}",
        f'CMD ["{SERVER}/venv/bin/python", "-m", "mldeploy_server", "{SERVICE}/front.json"]',
        *([f"LABEL {labels}"] if labels else []),  # last, as it names the bundle
    ]


def _app(entries: tuple[str, ...]) -> list[str]:
    """Each entry a layer of its own, models first: an edit of the script leaves the others as they are."""
    copied = [
        ["front.json", f"{SERVICE}/"],
        *([f"azureml-app/{name}", f"{APP}/{name if name.endswith('/') else ''}"] for name in entries),
    ]
    said = [json.dumps(paths) if re.search(r"\s", paths[0]) else " ".join(paths) for paths in copied]
    return [*(f"COPY --chown={USER}:{USER} {paths}" for paths in said), f"WORKDIR {APP}"]


def _version(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor(python).split("."))
