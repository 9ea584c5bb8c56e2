"""Running uv, and turning its words into our errors."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence

import uv as package

from ..errors import DiskFull, EnvironmentUnresolvable

LONGEST = 1800.0  # seconds; building large packages from source takes many minutes
_NETWORK = re.compile(
    r"error sending request|dns error|Connection refused|Network connectivity is disabled|timed out", re.I
)
_NOISE = re.compile(r"^(warning: (A managed Python|Failed to inspect)|Resolved |Using |Audited )")


class IndexUnreachable(EnvironmentUnresolvable):
    """No answer from the package index: nothing can be said about what it has."""


def binary() -> str:
    """Path of the uv executable: the one that came with our dependency, else one on the PATH."""
    try:
        return package.find_uv_bin()
    except FileNotFoundError as error:
        found = shutil.which("uv")
        if found is None:
            raise EnvironmentUnresolvable(
                "uv, which builds environments, is missing. Install it with: pip install --force-reinstall uv"
            ) from error
        return found


def run(
    arguments: Sequence[str], *, lines: Sequence[str] = (), extra: Mapping[str, str] | None = None, what: str = ""
) -> str:
    """Run `uv arguments…` with `lines` as its input and return its output; `what` names the work in the error.

    It runs away from the current folder, so that no project's uv settings leak into an environment, and never
    downloads a Python. Whatever is secret must come in `extra`, never in the arguments.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")},
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
        **(extra or {}),
    }
    try:
        done = subprocess.run(
            [binary(), *arguments],
            env=environment,
            cwd=tempfile.gettempdir(),
            input="".join(f"{line}\n" for line in lines),
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentUnresolvable(f"uv did not finish within {LONGEST:.0f} s: {what}.") from error
    if done.returncode:
        raise _failure(done.stderr, what)
    return done.stdout


def _failure(words: str, what: str) -> EnvironmentUnresolvable | DiskFull:
    said = trimmed(words)
    if "No space left on device" in words or "Disk quota exceeded" in words:
        return DiskFull(f"No room left while uv was to {what}.\n{said}\nFree some space, or move MLDEPLOY_HOME.")
    if _NETWORK.search(words):
        return IndexUnreachable(
            f"uv could not {what}.\n{said}\n"
            "The package index could not be reached: check the connection, the proxy, and index-url in pip's settings."
        )
    return EnvironmentUnresolvable(
        f"uv could not {what}.\n{said}\n"
        "Change the versions asked for, or leave them out to take what fits; pip's settings name the indexes used."
    )


def trimmed(words: str, most: int = 40) -> str:
    """uv's message without noise and credentials, at most `most` lines: its head and its end."""
    clean = re.sub(r"://[^/\s@]+@", "://****@", words)
    lines = [line.rstrip() for line in clean.splitlines() if line.strip() and not _NOISE.match(line)]
    if len(lines) > most:
        lines = [*lines[: most // 2], f"… {len(lines) - most} lines …", *lines[-(most // 2) :]]
    return "\n".join(lines) or "It gave no reason."
