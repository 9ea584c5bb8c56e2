"""Conda environments by conda, mamba or micromamba, where one of them is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .conda_tools import DEFAULT_CHANNEL, Package, failure
from .uv import LONGEST

NAMES = ("mamba", "micromamba", "conda")
_VARIABLES = ("MAMBA_EXE", "CONDA_EXE")  # set by their shell hooks, also where nothing of them is on the PATH


@dataclass(frozen=True)
class Executable:
    """One of them, by its path."""

    path: str

    @property
    def name(self) -> str:
        return Path(self.path).name

    def solve(self, specs: Sequence[str], channels: Sequence[str]) -> tuple[Package, ...]:
        # With an empty package cache every package counts as one to be fetched, and is told with URL and checksum.
        with tempfile.TemporaryDirectory(prefix="mldeploy-solve-") as folder:
            options = ["--dry-run", "--json", "--yes", "--prefix", f"{folder}/prefix", *self._channels(channels)]
            answer = self._run(["create", *options, *specs], "find packages", CONDA_PKGS_DIRS=f"{folder}/packages")
        actions = json.loads(answer).get("actions") or {}
        told = {
            entry["name"]: entry for entry in (*actions.get("FETCH", ()), *actions.get("LINK", ())) if "url" in entry
        }
        return tuple(_package(told[name]) for name in sorted(told))

    def install(self, lines: Sequence[str], prefix: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="mldeploy-install-") as folder:
            listed = Path(folder, "explicit.txt")
            listed.write_text("\n".join(["@EXPLICIT", *lines, ""]), encoding="utf-8")
            self._run(
                ["create", "--yes", "--quiet", "--prefix", str(prefix), "--file", str(listed)], "install packages"
            )

    def _channels(self, channels: Sequence[str]) -> list[str]:
        """conda and mamba come with channels of their own, micromamba with none."""
        named = channels or ([DEFAULT_CHANNEL] if self.name == "micromamba" else [])
        return [part for channel in named for part in ("--channel", channel)]

    def _run(self, arguments: list[str], what: str, **variables: str) -> str:
        try:
            done = subprocess.run(
                [self.path, *arguments],
                env={**os.environ, **variables},
                cwd=tempfile.gettempdir(),
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=LONGEST,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise failure(str(error), self.name, what) from error
        if done.returncode:
            said = _words(done.stdout) + done.stderr
            raise failure(said.strip() or f"It ended with {done.returncode}.", self.name, what)
        return done.stdout


def found() -> Executable | None:
    """The first that is on the PATH, or that a shell hook names."""
    paths = (*(shutil.which(name) for name in NAMES), *(shutil.which(os.environ.get(name, "")) for name in _VARIABLES))
    return next((Executable(path) for path in paths if path), None)


def _package(told: dict[str, Any]) -> Package:
    needs = [str(need).split()[0] for need in told.get("depends", ())]
    return Package(told["name"], told["version"], told["url"], told["md5"], "python" in needs or "python_abi" in needs)


def _words(output: str) -> str:
    """The message inside the JSON that conda answers a failure with; other output as it is."""
    try:
        answer = json.loads(output)
    except ValueError:
        return output
    return f"{answer.get('message') or answer.get('error') or ''}\n" if isinstance(answer, dict) else output
