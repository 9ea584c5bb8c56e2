"""Deployment configurations as v1's JSON: a file or an object whose `computeType` says which class it describes."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from ..exceptions import FileMissingException, WebserviceException
from . import _fields
from ._aci_configuration import AciServiceDeploymentConfiguration
from ._aks_configuration import AksServiceDeploymentConfiguration
from ._aks_endpoint_configuration import AksEndpointDeploymentConfiguration
from ._configuration import WebserviceDeploymentConfiguration
from ._local_configuration import LocalWebserviceDeploymentConfiguration

CLASSES: Mapping[str, type[WebserviceDeploymentConfiguration]] = {
    "aci": AciServiceDeploymentConfiguration,
    "aks": AksServiceDeploymentConfiguration,
    "local": LocalWebserviceDeploymentConfiguration,
    "aksendpoint": AksEndpointDeploymentConfiguration,
}


def load_deployment_configuration(source: Mapping[str, Any] | str | PathLike[str]) -> WebserviceDeploymentConfiguration:
    """Make a deployment configuration from v1's JSON: an object, or the path of a file that holds one.

    Keys that the type does not know are left out, with one warning. Raises `WebserviceException`.
    """
    content = source if isinstance(source, Mapping) else _read(Path(source))
    kind = _class(content.get("computeType"))
    keys = {rule.key: name for name, rule in _fields.declared(kind).items()}
    unknown = [key for key in _leaves(content) if key not in keys and key != "computeType"]
    if unknown:
        known = ", ".join(sorted(keys))
        warnings.warn(f"Left out, unknown for {kind.__name__}: {', '.join(unknown)}. Known: {known}.", stacklevel=2)
    values: dict[str, Any] = {name: _fields.look_up(content, key) for key, name in keys.items()}
    return kind(**values)


def _class(compute_type: Any) -> type[WebserviceDeploymentConfiguration]:
    asked = str(compute_type or "").lower()
    if asked not in CLASSES:
        found = f"computeType is {compute_type!r}" if compute_type else "computeType is missing"
        raise WebserviceException(f"{found}. Use one of: {', '.join(CLASSES)}.")
    return CLASSES[asked]


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FileMissingException(f"No deployment configuration at {path.absolute()}.") from error
    except ValueError as error:
        raise WebserviceException(f"{path} is no JSON: {error}.") from error
    if not isinstance(content, Mapping):
        raise WebserviceException(f"{path} holds no JSON object but {type(content).__name__}.")
    return content


def _leaves(content: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted keys of all values; tags and properties are values as they are."""
    for key, value in content.items():
        if isinstance(value, Mapping) and key not in ("tags", "properties"):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"
