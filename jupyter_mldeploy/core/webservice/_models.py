"""The models of a deployment, in whatever form they were given, as the references that a plan holds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ModelNotFound
from ...specs import ModelRef
from ..exceptions import WebserviceException, translated

if TYPE_CHECKING:
    from ..workspace import Workspace

PATH_NAME = 30  # characters of a path's base name that become the model's name (v1 SDK, LocalWebservice)


def references(workspace: Workspace, models: Iterable[Any] | None, *, paths: bool = False) -> tuple[ModelRef, ...]:
    """Look up `models`: Model objects, names, ids `name:version` and, with `paths`, local files and folders.

    Raises `WebserviceException`, with the token `ModelNotFound` for what is not registered.
    """
    if isinstance(models, str) or not isinstance(models, Iterable):
        if models is None:
            return ()
        raise WebserviceException(f"models is {models!r}: give a list, as in [model].")
    return tuple(_reference(workspace, model, paths) for model in models)


def _reference(workspace: Workspace, model: Any, paths: bool) -> ModelRef:
    if isinstance(model, (str, os.PathLike)):
        return _named(workspace, os.fspath(model), paths)
    name, version = getattr(model, "name", None), getattr(model, "version", None)
    if not isinstance(name, str) or version is None:
        raise WebserviceException(f"{model!r} is no model. Give Model objects, names, or ids like 'name:1'.")
    return _registered(workspace, name, int(version))


def _named(workspace: Workspace, text: str, paths: bool) -> ModelRef:
    path = Path(text).absolute()
    if paths and path.exists():
        return ModelRef(path.name[:PATH_NAME], 0, str(path))
    name, _, version = text.rpartition(":") if ":" in text else (text, "", "")
    try:
        with translated(WebserviceException):
            if version and not version.isdigit():
                raise ModelNotFound(f"{text!r} is no model id: what follows the colon is a version number.")
            return _registered(workspace, name, int(version) if version else None)
    except WebserviceException as error:
        hint = " It is a local path: register it first, with Model.register." if path.exists() else ""
        raise WebserviceException(f"{error.message}{hint}") from error


def _registered(workspace: Workspace, name: str, version: int | None) -> ModelRef:
    with translated(WebserviceException):
        registry = workspace._registry
        found: ModelRef = registry.ref(registry.model(name, version))
    return found
