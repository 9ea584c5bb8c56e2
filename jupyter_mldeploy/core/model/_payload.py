"""A model as a dict by v1's keys, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ...specs import ModelInfo
from ..exceptions import WebserviceException

BLANK = ModelInfo(name="", version=0, created_time=0.0)
_NEEDED = ("id", "name", "version")


def is_folder(info: ModelInfo) -> bool:
    """v1's `unpack`: noted when the model was registered."""
    return bool(info.extra.get("folder"))


def serialize(info: ModelInfo) -> dict[str, Any]:
    """v1's keys, all of them, None where nothing is known."""
    return {
        "createdTime": datetime.fromtimestamp(info.created_time, timezone.utc).isoformat(),
        "createdBy": {"userName": info.created_by} if info.created_by else {},
        "description": info.description,
        "id": info.id,
        "mimeType": "application/x-python",
        "name": info.name,
        "framework": info.framework,
        "frameworkVersion": info.framework_version,
        "tags": dict(info.tags),
        "properties": dict(info.properties),
        "unpack": is_folder(info),
        "url": info.source,
        "version": info.version,
        "experimentName": info.experiment_name,
        "runId": info.run_id,
        "runDetails": None,
        "datasets": info.extra.get("datasets", {}),
        "resourceConfiguration": info.extra.get("resourceConfiguration"),
        "sampleInputDatasetId": info.extra.get("sampleInputDatasetId"),
        "sampleOutputDatasetId": info.extra.get("sampleOutputDatasetId"),
    }


def deserialize(payload: Mapping[str, Any]) -> ModelInfo:
    """A model from `serialize()`, or from the shape of Azure's service (`kvTags`, `resourceRequirements`)."""
    missing = [key for key in _NEEDED if not payload.get(key)]
    if missing:
        raise WebserviceException(f"The model's payload lacks {', '.join(missing)}: {dict(payload)}")
    extra = {
        "datasets": payload.get("datasets") or {},
        "resourceConfiguration": payload.get("resourceConfiguration") or payload.get("resourceRequirements"),
        "sampleInputDatasetId": payload.get("sampleInputDatasetId"),
        "sampleOutputDatasetId": payload.get("sampleOutputDatasetId"),
        "folder": bool(payload.get("unpack")),
    }
    return ModelInfo(
        name=str(payload["name"]),
        version=int(payload["version"]),
        created_time=_seconds(payload.get("createdTime")),
        description=payload.get("description"),
        created_by=str((payload.get("createdBy") or {}).get("userName", "")),
        framework=payload.get("framework"),
        framework_version=payload.get("frameworkVersion"),
        run_id=payload.get("runId"),
        experiment_name=payload.get("experimentName"),
        source=str(payload.get("url") or ""),
        tags=payload.get("kvTags") or payload.get("tags") or {},
        properties=payload.get("properties") or {},
        extra={key: value for key, value in extra.items() if value},
    )


def _seconds(text: Any) -> float:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0
