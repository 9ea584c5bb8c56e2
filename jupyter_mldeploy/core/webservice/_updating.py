"""What `update` of ACI and AKS services shares: which changes need the workers swapped, and which do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ... import services
from ...disk import Home
from ...specs import Plan
from .._tags import as_texts
from ..exceptions import WebserviceException, translated
from . import _planning
from ._configuration import NO_IMAGES, WebserviceDeploymentConfiguration
from ._models import references

CONTENT = ("image", "models", "inference_config")


def given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of a method's `locals()`. Raises `WebserviceException` when it is nothing."""
    known = {name: value for name, value in arguments.items() if name not in ("self", "kwargs")}
    changes = {name: value for name, value in known.items() if value is not None}
    if not changes:
        raise WebserviceException(f"Nothing to update was given. It may be any of: {', '.join(known)}.")
    return changes


def content_problems(changes: Mapping[str, Any]) -> list[str]:
    """What is wrong between image, models and inference configuration, one sentence each."""
    found = []
    if "image" in changes:
        found.append(f"image: {NO_IMAGES}")
        if "inference_config" in changes:
            found.append("image and inference_config exclude each other.")
    if "models" in changes and "inference_config" not in changes:
        found.append("models needs inference_config beside it: the script and environment that serve them.")
    return found


def served(workspace: Any, current: Plan, changes: Mapping[str, Any]) -> _planning.Served | None:
    """The new content, or None when it stays; an inference configuration alone keeps the models."""
    if "inference_config" not in changes:
        return None
    models = references(workspace, changes["models"]) if "models" in changes else current.models
    return _planning.Served.of(models, changes["inference_config"])


def apply(
    home: Home,
    current: Plan,
    changes: Mapping[str, Any],
    content: _planning.Served | None,
    configuration: WebserviceDeploymentConfiguration,
) -> None:
    """Carry the changes out: with an operation when the service runs otherwise than before, else at once."""
    new = _annotated(_planning.changed(current, content, configuration), changes)
    plain = {*_planning.ANNOTATIONS, "auth_enabled", "token_auth_enabled"}
    with translated(WebserviceException):
        if not plain.issuperset(changes) or new.settings.oidc:
            services.update(home, new)
            return
        if new.settings.auth != current.settings.auth:
            services.set_auth(home, current.service, new.settings.auth)
        services.annotate(home, current.service, description=new.description, tags=new.tags, properties=new.properties)


def _annotated(plan: Plan, changes: Mapping[str, Any]) -> Plan:
    """Tags are replaced, properties added (v1 SDK)."""
    tags = as_texts("tags", changes["tags"]) if "tags" in changes else plan.tags
    properties = {**plan.properties, **as_texts("properties", changes.get("properties"))}
    return replace(plan, description=changes.get("description", plan.description), tags=tags, properties=properties)
