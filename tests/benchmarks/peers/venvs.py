"""A virtual environment for each server, made once by uv and kept in a cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
# One version of what the models need, for all.
SHARED = ("numpy==2.2.6", "scikit-learn==1.7.2", "joblib==1.5.2")
PACKAGES = {
    "azureml": ("azureml-inference-server-http==1.5.1",),
    "fastapi": ("fastapi", "uvicorn[standard]"),
    "litserve": ("litserve", "python-multipart"),
    "bentoml": ("bentoml>=1.4",),
    "mlserver": ("mlserver>=1.7,<1.8", "uvloop<0.22"),  # its workers do not start on a newer one
    "mlflow": ("mlflow>=3",),
}
OURS = "ours"


class NotInstalled(Exception):
    """A peer could not be installed; the message has the installer's last words."""


def cache() -> Path:
    """MLDEPLOY_BENCH_CACHE, else a folder in the user's cache."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("MLDEPLOY_BENCH_CACHE") or user / "jupyter-mldeploy-bench")


def environment(name: str, folder: Path) -> Path:
    """The folder of this server's environment, installed where it is not yet. Ours is brought up to the checkout."""
    packages = (*SHARED, *PACKAGES.get(name, ()))
    digest = hashlib.sha256("\n".join((*packages, sys.version, str(ROOT))).encode()).hexdigest()[:8]
    place = folder / f"{name}-{sys.version_info[0]}.{sys.version_info[1]}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder / f"{place.name}.lock"):
        whole = place / "whole"
        if not whole.exists():
            shutil.rmtree(place, ignore_errors=True)
            _uv(["venv", "--python", sys.executable, str(place)])
            _install(place, packages)
            whole.touch()
        if name == OURS and whole.read_text() != (now := _checkout()):
            _install(place, ["--reinstall-package", "jupyter-mldeploy", str(ROOT)])
            whole.write_text(now)
    return place


def _checkout() -> str:
    """A digest of what is installed from the checkout: a run that is going on is not disturbed without need."""
    digest = hashlib.sha256()
    for path in sorted([ROOT / "pyproject.toml", *(ROOT / "jupyter_mldeploy").rglob("*")]):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def version(place: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([place / "bin/python", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def settings(place: Path) -> dict[str, Any]:
    """What our server of this checkout does unless it is told otherwise."""
    code = "import dataclasses, json; from jupyter_mldeploy.server.front.config import Settings"
    code += "; print(json.dumps(dataclasses.asdict(Settings())))"
    done = subprocess.run([place / "bin/python", "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def package(name: str) -> str:
    """The package after which a peer is called."""
    return "jupyter-mldeploy" if name == OURS else PACKAGES[name][0].split("=")[0].split(">")[0]


def _install(place: Path, what: Sequence[str]) -> None:
    _uv(["pip", "install", "--compile-bytecode", "--python", str(place / "bin/python"), *what])


def _uv(arguments: Sequence[str]) -> None:
    uv = [sys.executable, "-m", "uv"] if importlib.util.find_spec("uv") else [shutil.which("uv") or ""]
    if not uv[0]:
        raise SystemExit("The benchmark installs servers with uv. Get it with: pip install uv")
    done = subprocess.run([*uv, "--quiet", *arguments], capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise NotInstalled(done.stderr.strip()[-2000:])


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
