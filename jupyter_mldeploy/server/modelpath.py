"""Where a registered model lies in a serving process: the one search behind `Model.get_model_path`.

Standard library only, Python 3.8: entry scripts reach it through the `azureml` shim, notebooks through `core`. Its
errors are its own; each of the two translates them into the exceptions that it publishes.
"""

import os
from typing import List, Optional

MODELS = "azureml-models"


class ModelPathError(Exception):
    """Base of what can go wrong here; `message` is the bare text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class VersionInvalid(ModelPathError):
    """The version is not an int."""


class NotOneEntry(ModelPathError):
    """The version's folder holds nothing, or more than the one file or folder that a model is."""


class ModelNotFound(ModelPathError):
    """Neither under the models folder nor in the current folder; `version` is what was asked for, or None."""

    def __init__(self, message: str, version: Optional[int]) -> None:
        super().__init__(message)
        self.version = version


def get_model_path(name: str, version: Optional[int] = None, root: Optional[str] = None) -> str:
    """Find the file or folder of a model (v1 SDK, spec section 6.4).

    `root` is what holds `azureml-models`: `AML_APP_ROOT` unless given, the current folder without either. Without a
    version the highest number counts. When the model or version has no folder there, `./name` is returned as given if
    it exists, so that a script can be tried beside its model. Raises a ModelPathError.
    """
    if version is not None and not isinstance(version, int):
        raise VersionInvalid(f"The version of model {name!r} must be an int, not {type(version).__name__} {version!r}.")
    models = os.path.join(os.environ.get("AML_APP_ROOT", "") if root is None else root, MODELS)
    chosen = _highest(os.path.join(models, name)) if version is None else str(version)
    folder = os.path.join(models, name, chosen) if chosen else ""
    if name and os.path.isdir(folder):
        return os.path.join(folder, _only_entry(folder))
    if name and os.path.exists(os.path.join(os.curdir, name)):
        return name
    raise ModelNotFound(_not_found(models, name, version), version)


def _highest(model: str) -> str:
    return max((entry for entry in _entries(model) if entry.isdecimal()), key=int, default="")


def _only_entry(folder: str) -> str:
    entries = _entries(folder)
    if len(entries) != 1:
        found = ", ".join(entries) or "nothing"
        raise NotOneEntry(f"{folder} must hold exactly one file or folder, the model itself. It holds: {found}.")
    return entries[0]


def _entries(folder: str) -> List[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _not_found(models: str, name: str, version: Optional[int]) -> str:
    versions = [entry for entry in _entries(os.path.join(models, name)) if entry.isdecimal()] if name else []
    if version is not None and versions:
        there = f"Its versions there: {', '.join(sorted(versions, key=int))}."
    else:
        there = f"Models there: {', '.join(_entries(models)) or 'none'}."
    asked = f"model {name!r}" if version is None else f"version {version} of model {name!r}"
    return f"ModelNotFound: no {asked} in {os.path.abspath(models)}, nor {name!r} in the current folder. {there}"
