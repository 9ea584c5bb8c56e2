"""Values that v1 groups in small classes of their own: resources, probes, scaling, collection, encryption, tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass
class Grouped:
    """A dataclass whose annotations carry the keys of the JSON form."""

    def serialize(self) -> dict[str, Any]:
        """The values by their JSON keys."""
        return {key: getattr(self, name) for name, key in _keys(type(self)).items()}

    @classmethod
    def deserialize(cls, payload_obj: Mapping[str, Any] | None) -> Self | None:
        """The values of a JSON object; missing ones are None, and None stays None."""
        if payload_obj is None:
            return None
        return cls(**{name: payload_obj.get(key) for name, key in _keys(cls).items()})


def _keys(kind: type[Any]) -> dict[str, str]:
    """Field name → key in the JSON form."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


@dataclass
class ContainerResourceRequirements(Grouped):
    """What a replica asks for; cpu in cores, memory in GB."""

    cpu: Annotated[float | None, "cpu"]
    memory_in_gb: Annotated[float | None, "memoryInGB"]
    gpu: Annotated[int | None, "gpu"] = None
    cpu_limit: Annotated[float | None, "cpuLimit"] = None
    memory_in_gb_limit: Annotated[float | None, "memoryInGBLimit"] = None


@dataclass
class LivenessProbeRequirements(Grouped):
    """How a replica is asked whether it lives; times in seconds, thresholds in probes."""

    period_seconds: Annotated[int | None, "periodSeconds"]
    initial_delay_seconds: Annotated[int | None, "initialDelaySeconds"]
    timeout_seconds: Annotated[int | None, "timeoutSeconds"]
    success_threshold: Annotated[int | None, "successThreshold"]
    failure_threshold: Annotated[int | None, "failureThreshold"]


@dataclass
class AutoScaler(Grouped):
    """How replicas are added and taken away; utilization in percent of the request slots."""

    autoscale_enabled: Annotated[bool | None, "autoscaleEnabled"]
    max_replicas: Annotated[int | None, "maxReplicas"]
    min_replicas: Annotated[int | None, "minReplicas"]
    refresh_period_seconds: Annotated[int | None, "refreshPeriodInSeconds"]
    target_utilization: Annotated[int | None, "targetUtilization"]


@dataclass
class DataCollection(Grouped):
    """What a service keeps of the data that it sees."""

    event_hub_enabled: Annotated[bool | None, "eventHubEnabled"]
    storage_enabled: Annotated[bool | None, "storageEnabled"]


@dataclass
class EncryptionProperties(Grouped):
    """The customer's own key for a container group."""

    cmk_vault_base_url: Annotated[str | None, "vaultBaseUrl"]
    cmk_key_name: Annotated[str | None, "keyName"]
    cmk_key_version: Annotated[str | None, "keyVersion"]


@dataclass
class VnetConfiguration(Grouped):
    """The virtual network of a container group."""

    vnet_name: Annotated[str | None, "vnetName"]
    subnet_name: Annotated[str | None, "subnetName"]


@dataclass
class WebServiceAccessToken:
    """A token for calling a service; the times are naive local ones, in JSON seconds since the epoch."""

    access_token: str = field(repr=False)
    token_type: str
    refresh_after: datetime
    expiry_on: datetime

    def serialize(self) -> dict[str, Any]:
        return {
            "accessToken": self.access_token,
            "tokenType": self.token_type,
            "refreshAfter": self.refresh_after.timestamp(),
            "expiryOn": self.expiry_on.timestamp(),
        }

    @classmethod
    def deserialize(cls, payload_obj: Mapping[str, Any]) -> Self:
        times = (datetime.fromtimestamp(payload_obj[key]) for key in ("refreshAfter", "expiryOn"))
        return cls(payload_obj["accessToken"], payload_obj["tokenType"], *times)


class AksServiceAccessToken(WebServiceAccessToken):
    """A token for calling a service of type AKS."""
