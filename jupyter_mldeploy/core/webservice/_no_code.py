"""Deployment without an inference configuration: one registered model, served by its framework."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import nocode
from ...specs import ModelInfo, ModelRef
from ..exceptions import UserErrorException, translated
from ._planning import Served

if TYPE_CHECKING:
    from ..workspace import Workspace

is_ours = nocode.is_ours


def served(workspace: Workspace, models: tuple[ModelRef, ...]) -> Served:
    """What serves the one model. Raises `UserErrorException` for several, and for frameworks without a script."""
    info = _only(workspace, models)
    with translated(UserErrorException):
        serving = nocode.serving(info, Path(models[0].path))
    for notice in serving.notices:
        print(notice)
    return Served(models, serving.script, serving.environment, info.description)


def resources(workspace: Workspace, models: tuple[ModelRef, ...], configuration: Any) -> None:
    """Give the default configuration the cores and memory that the model was registered with."""
    asked = _only(workspace, models).extra.get("resourceConfiguration") or {}
    for name, key in (("cpu_cores", "cpu"), ("memory_gb", "memoryInGB"), ("gpu_cores", "gpu")):
        if asked.get(key) and hasattr(configuration, name):
            setattr(configuration, name, asked[key])
    if asked.get("gpu"):
        print(f"{models[0].id} asks for {asked['gpu']} GPU; without a script it is served on the CPU here.")


def _only(workspace: Workspace, models: tuple[ModelRef, ...]) -> ModelInfo:
    if len(models) != 1:
        given = ", ".join(model.id for model in models) or "none"
        raise UserErrorException(
            f"Without an inference configuration exactly one model is served; given: {given}. For several, or none, "
            "pass InferenceConfig(entry_script='score.py', environment=…), whose script defines init() and "
            "run(raw_data)."
        )
    if not models[0].version:
        raise UserErrorException(
            f"{models[0].path} is a path, and without an inference configuration the model's framework is needed: "
            "register it with Model.register(…, model_framework=Model.Framework.SCIKITLEARN)."
        )
    with translated():
        found: ModelInfo = workspace._registry.model(models[0].name, models[0].version)
    return found
