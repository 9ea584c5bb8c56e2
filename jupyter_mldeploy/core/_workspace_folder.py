"""A workspace's own folder: where it lies, and the config.json inside it that says what it is."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import disk
from ..disk import Home
from ..errors import WorkspaceError, known
from .exceptions import UserErrorException, WorkspaceException, translated

SCHEMA = 1  # of config.json; raised when an older release could not read what we write
DEFAULT_NAME = "default"
SELF_HOSTED, LOCATION = "self-hosted", "local"  # labels where Azure has a subscription, a group and a region
_NAME = re.compile(r"[A-Za-z0-9][\w-]{2,32}", re.ASCII)


@dataclass(frozen=True)
class WorkspaceConfig:
    """What a workspace says of itself; subscription, group and location are labels that nothing is looked up by."""

    name: str
    subscription_id: str = SELF_HOSTED
    resource_group: str = SELF_HOSTED
    location: str = LOCATION
    tags: Mapping[str, str] = field(default_factory=dict)
    friendly_name: str = ""
    description: str = ""
    created_time: float = 0.0
    tracking_uri: str | None = None
    schema: int = SCHEMA


def root() -> Path:
    """Where workspaces lie: `MLDEPLOY_HOME`, or the folder `mldeploy` in Jupyter's data folder."""
    chosen = os.environ.get("MLDEPLOY_HOME")
    return Path(chosen).expanduser().absolute() if chosen else _jupyter_data() / "mldeploy"


def _jupyter_data() -> Path:
    """Jupyter's data folder by its own rule, without the 20 ms that importing jupyter_core takes."""
    chosen = os.environ.get("JUPYTER_DATA_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        platform_dirs = os.environ.get("JUPYTER_PLATFORM_DIRS", "").lower() not in ("", "no", "n", "false", "off", "0")
        return Path.home() / "Library" / ("Application Support/jupyter" if platform_dirs else "Jupyter")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "jupyter"


def check_name(name: str) -> None:
    """Hold a workspace name to v1's rule; it becomes a folder's name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UserErrorException(
            f"{name!r} cannot name a workspace: 3 to 33 letters, digits, '-' and '_', starting with a letter or digit."
        )


def home_of(name: str) -> Home:
    check_name(name)
    return Home(root() / name)


def names() -> list[str]:
    """The workspaces that exist under `root()`."""
    folder = root()
    return sorted(path.parent.name for path in folder.glob("[!.]*/config.json")) if folder.is_dir() else []


def read(home: Home) -> WorkspaceConfig:
    """The config.json of a workspace. Missing or written by a newer release: `WorkspaceException`."""
    if not home.config.is_file():
        raise WorkspaceException(f"No workspace lies in {home.path}. {known('Workspaces', names())}")
    try:
        found: dict[str, Any] = disk.read_json(home.config, dict)
        if int(found.get("schema", SCHEMA)) > SCHEMA:
            raise WorkspaceError(
                f"The workspace in {home.path} was written by a newer release of jupyter-mldeploy "
                f"(schema {found['schema']}, this release reads {SCHEMA}). Upgrade jupyter-mldeploy, or set "
                "MLDEPLOY_HOME to another folder; nothing was changed."
            )
        return disk.read_json(home.config, WorkspaceConfig)
    except (WorkspaceError, TypeError, ValueError) as error:
        raise WorkspaceException(str(error)) from None


@translated()
def write(home: Home, config: WorkspaceConfig) -> None:
    try:
        disk.write_json(home.config, config)
    except OSError as error:
        raise WorkspaceException(
            f"The workspace folder {home.path} cannot be written: {error.strerror}. "
            "Set MLDEPLOY_HOME to a folder of your own."
        ) from None


def opened(home: Home, config: WorkspaceConfig) -> WorkspaceConfig:
    """What lies in the folder, or `config` written there when the folder holds no workspace yet."""
    if home.config.is_file():
        return read(home)
    write(home, config)
    return config


def all_configs() -> Iterator[tuple[Home, WorkspaceConfig]]:
    for name in names():
        home = Home(root() / name)
        yield home, read(home)


def remove(home: Home) -> None:
    """Delete a workspace's folder, and what an interrupted delete of that name has left."""
    home.path.rename(home.path.with_name(f".{home.path.name}.deleted-{time.time_ns()}"))  # gone, whatever comes now
    for leftover in home.path.parent.glob(f".{home.path.name}.deleted-*"):
        shutil.rmtree(leftover)
