"""A Kubernetes compute target: recorded by name; services deployed to it need an AKS configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..exceptions import ComputeTargetException
from ._records import ComputeRecord
from .compute import ComputeConfiguration, ComputeTarget


@dataclass
class KubernetesComputeAttachConfiguration(ComputeConfiguration):
    """A cluster to attach: its resource id, or `kube://CONTEXT`."""

    _compute_type = "Kubernetes"

    resource_id: str | None = None
    namespace: str | None = None
    identity_type: str | None = None
    identity_ids: list[str] | None = None

    def validate_configuration(self) -> None:
        if not self.resource_id:
            raise ComputeTargetException("resource_id is missing: the cluster's resource id, or kube://CONTEXT.")


class KubernetesCompute(ComputeTarget):
    """A compute target of type Kubernetes."""

    _compute_type = "Kubernetes"

    namespace: str | None = None

    attach_configuration = staticmethod(KubernetesComputeAttachConfiguration)

    def _fill(self, record: ComputeRecord) -> None:
        super()._fill(record)
        self.namespace = record.configuration.get("namespace")

    def get(self) -> KubernetesCompute:
        """This target, fetched anew."""
        self.refresh_state()
        return self

    def serialize(self) -> dict[str, Any]:
        return {**super().serialize(), "namespace": self.namespace}
