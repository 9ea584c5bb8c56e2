"""What `update` of ACI and AKS services shares: which changes need the workers swapped, and which do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ... import services
from ...disk import Home
from ...specs import ModelRef, Plan
from .._tags import as_texts
from ..exceptions import WebserviceException, translated
from . import _no_code, _planning
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
        if not hasattr(changes["image"], "_served"):
            found.append(f"image: {NO_IMAGES}")
        if "inference_config" in changes:
            found.append("image and inference_config exclude each other.")
    if "models" in changes and "inference_config" not in changes and not _may_be_without_code(changes["models"]):
        found.append("models needs inference_config beside it: the script and environment that serve them.")
    return found


def _may_be_without_code(models: Any) -> bool:
    """One registered model with a framework, or a name that may turn out to be one."""
    return isinstance(models, list) and len(models) == 1 and getattr(models[0], "model_framework", "?") is not None


def served(workspace: Any, current: Plan, changes: Mapping[str, Any]) -> _planning.Served | None:
    """The new content, or None when it stays; an inference configuration alone keeps the models, and one model alone is
    served by its framework. What came from an image goes on with images, and with nothing else (v1 SDK)."""
    image_based = bool(current.configuration.get("image_id"))
    if "image" in changes and image_based:
        content: _planning.Served = changes["image"]._served()
        return content
    if "image" in changes or (image_based and ("models" in changes or "inference_config" in changes)):
        now, instead = ("image", "image") if image_based else ("environment", "inference_config")
        raise WebserviceException(f"{current.service!r} was deployed from an {now}: update its {instead}.")
    models = references(workspace, changes["models"]) if "models" in changes else current.models
    if "inference_config" not in changes:
        return _without_code(workspace, current, models) if "models" in changes else None
    return _planning.Served.of(models, changes["inference_config"])


def _without_code(workspace: Any, current: Plan, models: tuple[ModelRef, ...]) -> _planning.Served:
    if not _no_code.is_ours(current.script):
        raise WebserviceException(
            f"{current.service!r} was deployed with an entry script: models needs inference_config beside it."
        )
    return _no_code.served(workspace, models)


def apply(
    home: Home,
    current: Plan,
    changes: Mapping[str, Any],
    content: _planning.Served | None,
    configuration: WebserviceDeploymentConfiguration,
) -> None:
    """Carry the changes out: with an operation when the service runs otherwise than before, else at once."""
    new = annotated(_planning.changed(current, content, configuration), changes)
    plain = {*_planning.ANNOTATIONS, "auth_enabled", "token_auth_enabled"}
    with translated(WebserviceException):
        if not plain.issuperset(changes) or new.settings.oidc:
            services.update(home, new)
            return
        if new.settings.auth != current.settings.auth:
            services.set_auth(home, current.service, new.settings.auth)
        services.annotate(home, current.service, description=new.description, tags=new.tags, properties=new.properties)


def annotated(plan: Plan, changes: Mapping[str, Any]) -> Plan:
    """A plan with other texts. Tags are replaced, properties added (v1 SDK)."""
    tags = as_texts("tags", changes["tags"]) if "tags" in changes else plan.tags
    properties = {**plan.properties, **as_texts("properties", changes.get("properties"))}
    return replace(plan, description=changes.get("description", plan.description), tags=tags, properties=properties)
