"""The small config file beside a notebook that names its workspace: found as v1 finds it, in the three known shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .exceptions import UserErrorException

FOLDER_KEY = "MLDeployFolder"  # beside v1's Id and Scope: where the workspace's own folder lies
_KEYS = ("subscription_id", "resource_group", "workspace_name")


@dataclass(frozen=True)
class Labels:
    """What a config file says; `folder` is only in files that we wrote."""

    subscription_id: str
    resource_group: str
    workspace_name: str
    folder: Path | None = None


def find(start: Path, file_name: str | None) -> Path | None:
    """The config file that v1 would take: in `.azureml`, `aml_config` or the folder itself, then in its parents."""
    if start.is_file():
        return start
    for folder in (start, *start.parents):
        for candidate in _candidates(folder, file_name):
            if candidate.is_file():
                return candidate
    return None


def _candidates(folder: Path, file_name: str | None) -> Iterator[Path]:
    for place in (folder / ".azureml", folder / "aml_config", folder):
        for name in (file_name,) if file_name else ("config.json", "project.json"):
            yield place / name


def read(path: Path) -> Labels:
    """The labels in a config file, whatever its shape; anything else → UserErrorException."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UserErrorException(f"The workspace configuration {path} cannot be read: {error}.") from None
    if not isinstance(content, dict):
        raise UserErrorException(f"The workspace configuration {path} is not a JSON object.")
    if "schema" in content and "name" in content:  # a workspace's own config.json: the notebook lies inside it
        return Labels(
            str(content.get("subscription_id", "")),
            str(content.get("resource_group", "")),
            str(content["name"]),
            path.parent,
        )
    if isinstance(content.get("Scope"), str):
        return _from_scope(path, content)
    missing = [key for key in _KEYS if not content.get(key)]
    if missing:
        raise UserErrorException(
            f"The workspace configuration {path} lacks {', '.join(missing)}. It needs {', '.join(_KEYS)}, or Scope. "
            "Write a new one with `Workspace.create(name).write_config()`, or move the file away."
        )
    subscription_id, resource_group, name = (str(content[key]) for key in _KEYS)
    return Labels(subscription_id, resource_group, name)


def _from_scope(path: Path, content: Mapping[str, Any]) -> Labels:
    pieces = content["Scope"].split("/")
    if len(pieces) < 9 or not all(pieces[i] for i in (2, 4, 8)):
        raise UserErrorException(
            f"Scope in {path} is {content['Scope']!r}; expected "
            "/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.MachineLearningServices/workspaces/NAME."
        )
    folder = content.get(FOLDER_KEY)
    return Labels(pieces[2], pieces[4], pieces[8], Path(folder) if isinstance(folder, str) and folder else None)


def scope(subscription_id: str, resource_group: str, name: str) -> str:
    return (
        f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    )
