"""ResourceConfiguration: what a registered model asks for when it is deployed without an own configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .exceptions import WebserviceException


class ResourceConfiguration:
    """`cpu` in cores, `memory_in_gb` in GB, `gpu` in devices; a negative value → WebserviceException."""

    def __init__(self, cpu: float | None = None, memory_in_gb: float | None = None, gpu: int | None = None) -> None:
        for name, value in (("cpu", cpu), ("memory_in_gb", memory_in_gb), ("gpu", gpu)):
            if value is not None and value < 0:
                raise WebserviceException(f"{name}={value} cannot be: resources are 0 or more.")
        self.cpu, self.memory_in_gb, self.gpu = cpu, memory_in_gb, gpu

    def __repr__(self) -> str:
        return f"ResourceConfiguration(cpu={self.cpu}, memory_in_gb={self.memory_in_gb}, gpu={self.gpu})"

    def serialize(self) -> dict[str, Any]:
        return {"cpu": self.cpu, "memoryInGB": self.memory_in_gb, "gpu": self.gpu}

    @staticmethod
    def deserialize(payload_obj: Mapping[str, Any] | None) -> ResourceConfiguration | None:
        if payload_obj is None:
            return None
        return ResourceConfiguration(*(payload_obj.get(key) for key in ("cpu", "memoryInGB", "gpu")))
