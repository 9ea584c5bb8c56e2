"""The released `azureml-inference-server-http`, in a virtual environment of its own outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock
from parts import Part

VERSION = "1.5.1"
PACKAGES = (f"azureml-inference-server-http=={VERSION}", "numpy", "pandas")


def note(part: Part, command: Path | None) -> None:
    """Say for the test at hand whether the released server is there."""
    if command is None:
        part.missing("azmlinfsrv", f"a package index that has {PACKAGES[0]}")
    part.real("azmlinfsrv", f"{PACKAGES[0]} from PyPI")


def azmlinfsrv() -> Path | None:
    """The released server's command; installed at first use, and kept for the next runs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jupyter-mldeploy-tests"
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / f"azmlinfsrv-{VERSION}-{sys.version_info[0]}.{sys.version_info[1]}"
    whole = place / "whole"
    with FileLock(f"{place}.lock", timeout=600):
        if not whole.exists() and _install(place):
            whole.touch()
    return place / "bin" / "azmlinfsrv" if whole.exists() else None


def _install(place: Path) -> bool:
    uv = [sys.executable, "-m", "uv"]
    commands = (
        [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)],
        [*uv, "pip", "install", "--quiet", "--python", str(place / "bin" / "python"), *PACKAGES],
    )
    return all(subprocess.run(command, check=False, timeout=600).returncode == 0 for command in commands)
