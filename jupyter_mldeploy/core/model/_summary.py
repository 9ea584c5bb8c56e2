"""What is going to be deployed, in a few lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def text(models: Sequence[Any], inference_config: Any, deployment_config: Any, deployment_target: Any) -> str:
    """Models, entry script, environment, target and resources; what was not given is left out."""
    lines = [f"Models: {', '.join(getattr(model, 'id', str(model)) for model in models or ()) or 'none'}"]
    if inference_config is not None:
        lines += _inference(inference_config)
    lines.append(f"Target: {_target(deployment_config, deployment_target)}")
    lines += [f"{name}: {value}" for name, value in _given(deployment_config)]
    return "\n".join(lines)


def _inference(config: Any) -> list[str]:
    environment = getattr(config.environment, "name", None) or config.conda_file or "the interpreter as it is"
    folder = [f"Source folder: {config.source_directory}"] if config.source_directory else []
    return [f"Entry script: {config.entry_script}", *folder, f"Environment: {environment}"]


def _target(config: Any, target: Any) -> str:
    named = getattr(config, "compute_target_name", None) or getattr(target, "name", target)
    kind = type(config).__name__.removesuffix("DeploymentConfiguration").removesuffix("Service")
    return str(named or (kind if config is not None else "Aci"))


def _given(config: Any) -> list[tuple[str, Any]]:
    fields = getattr(config, "__dict__", {})
    secret = ("primary_key", "secondary_key")
    return [
        (name, value)
        for name, value in fields.items()
        if isinstance(value, (str, int, float, dict)) and value and not name.startswith("_") and name not in secret
    ]
