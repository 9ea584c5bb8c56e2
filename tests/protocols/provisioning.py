"""Other projects' own clients, each in a virtual environment of its own outside the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from filelock import FileLock
from parts import Part

PROGRAMS = Path(__file__).parent / "programs"
PACKAGES = {
    "triton": ("tritonclient[http]==2.73.0",),
    "kserve": ("kserve==0.21.0",),
    "sagemaker": ("sagemaker==2.257.7",),
}


def ask(part: Part, client: str, *arguments: str) -> dict[str, Any]:
    """What the program of this client saw: a JSON object, by what it did."""
    python = _python(client)
    if python is None:
        part.missing(f"client {client}", f"a package index that has {', '.join(PACKAGES[client])}")
    part.real(f"client {client}", f"{', '.join(PACKAGES[client])} from PyPI")
    command = [str(python), str(PROGRAMS / f"{client}_client.py"), *arguments]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "eu-west-1", "HOME": str(python.parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def _python(client: str) -> Path | None:
    """The client's interpreter; installed at first use, and kept for the next runs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jupyter-mldeploy-tests"
    cache.mkdir(parents=True, exist_ok=True)
    version = re.sub(r".*==", "", PACKAGES[client][0])
    place = cache / f"{client}-{version}-{sys.version_info[0]}.{sys.version_info[1]}"
    whole = place / "whole"
    with FileLock(f"{place}.lock", timeout=600):
        if not whole.exists() and _install(place, PACKAGES[client]):
            whole.touch()
    return place / "bin" / "python" if whole.exists() else None


def _install(place: Path, packages: tuple[str, ...]) -> bool:
    uv = [sys.executable, "-m", "uv"]
    commands = (
        [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)],
        [*uv, "pip", "install", "--quiet", "--python", str(place / "bin" / "python"), *packages],
    )
    return all(subprocess.run(command, check=False, timeout=600).returncode == 0 for command in commands)
