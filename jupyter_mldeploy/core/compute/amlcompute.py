"""A training cluster: a stand-in, so that notebooks which create one before they deploy run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from .._unavailable import unavailable
from ..exceptions import ComputeTargetException
from ._records import ComputeRecord
from .compute import ComputeConfiguration, ComputeTarget

if TYPE_CHECKING:
    from ..workspace import Workspace

PRIORITIES = ("dedicated", "lowpriority")
ONE_MACHINE = "The compute target is this machine."


@dataclass
class AmlComputeProvisioningConfiguration(ComputeConfiguration):
    """A training cluster to provision; times in seconds."""

    _compute_type = "AmlCompute"

    vm_size: str | None = ""
    vm_priority: str = "dedicated"
    min_nodes: int = 0
    max_nodes: int | None = None
    idle_seconds_before_scaledown: int = 1800
    admin_username: str | None = None
    admin_user_password: str | None = field(default=None, repr=False)
    admin_user_ssh_key: str | None = None
    vnet_resourcegroup_name: str | None = None
    vnet_name: str | None = None
    subnet_name: str | None = None
    tags: Mapping[str, str] | None = None
    description: str | None = None
    remote_login_port_public_access: str = "NotSpecified"
    identity_type: str | None = None
    identity_id: list[str] | None = None
    location: str | None = None
    enable_node_public_ip: bool = True

    def validate_configuration(self) -> None:
        if self.vm_priority not in PRIORITIES:
            raise ComputeTargetException(f"vm_priority is {self.vm_priority!r}. Known: {', '.join(PRIORITIES)}.")
        if self.max_nodes is not None and self.max_nodes < self.min_nodes:
            raise ComputeTargetException(f"max_nodes is {self.max_nodes}, below min_nodes {self.min_nodes}.")


@dataclass(frozen=True)
class ScaleSettings:
    """Between which numbers of nodes a cluster may scale; times in seconds."""

    minimum_node_count: int | None
    maximum_node_count: int | None
    idle_seconds_before_scaledown: float | None

    def serialize(self) -> dict[str, Any]:
        """The values by their JSON keys."""
        return {
            "minNodeCount": self.minimum_node_count,
            "maxNodeCount": self.maximum_node_count,
            "nodeIdleTimeBeforeScaleDown": self.idle_seconds_before_scaledown,
        }


@dataclass(frozen=True)
class AmlComputeStatus:
    """How large the cluster is, and shall be."""

    current_node_count: int
    target_node_count: int
    provisioning_state: str | None
    allocation_state: str = "Steady"
    errors: Any = None
    scale_settings: ScaleSettings | None = None
    vm_size: str | None = None
    vm_priority: str | None = None

    def serialize(self) -> dict[str, Any]:
        """The values by their JSON keys."""
        return {
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "provisioningState": self.provisioning_state,
            "allocationState": self.allocation_state,
            "errors": self.errors,
            "scaleSettings": self.scale_settings and self.scale_settings.serialize(),
            "vmSize": self.vm_size,
            "vmPriority": self.vm_priority,
        }


class AmlCompute(ComputeTarget):
    """A compute target of type AmlCompute."""

    _compute_type = "AmlCompute"

    vm_size: str | None = None
    vm_priority: str | None = None
    min_nodes: int | None = None
    max_nodes: int | None = None
    idle_seconds_before_scaledown: int | None = None
    scale_settings: ScaleSettings | None = None
    status: AmlComputeStatus | None = None

    provisioning_configuration = staticmethod(AmlComputeProvisioningConfiguration)

    def _fill(self, record: ComputeRecord) -> None:
        super()._fill(record)
        asked = record.configuration
        self.vm_size, self.vm_priority = asked.get("vm_size"), asked.get("vm_priority")
        self.min_nodes, self.max_nodes = asked.get("min_nodes"), asked.get("max_nodes")
        self.idle_seconds_before_scaledown = asked.get("idle_seconds_before_scaledown")
        nodes = self.min_nodes or 0
        self.scale_settings = ScaleSettings(self.min_nodes, self.max_nodes, self.idle_seconds_before_scaledown)
        self.status = AmlComputeStatus(
            nodes,
            nodes,
            self.provisioning_state,
            scale_settings=self.scale_settings,
            vm_size=self.vm_size,
            vm_priority=self.vm_priority,
        )

    def wait_for_completion(  # type: ignore[override]  # v1's own order
        self,
        show_output: bool = False,
        min_node_count: int | None = None,
        timeout_in_minutes: float = 25,
        is_delete_operation: bool = False,
    ) -> None:
        super().wait_for_completion(show_output, is_delete_operation)

    def get_status(self) -> AmlComputeStatus | None:
        """The size, as an object; v1 gives it for this type only."""
        self.refresh_state()
        return self.status

    def get(self) -> AmlCompute:
        """This target, fetched anew."""
        self.refresh_state()
        return self

    def update(
        self,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: float | None = None,
    ) -> None:
        """Record another size."""
        idle = {"idle_seconds_before_scaledown": idle_seconds_before_scaledown}
        changes: dict[str, float | None] = {"min_nodes": min_nodes, "max_nodes": max_nodes, **idle}
        self._reconfigure(**{name: value for name, value in changes.items() if value is not None})

    def list_nodes(self) -> list[dict[str, Any]]:
        """None: the stand-in has no nodes of its own."""
        return []

    def get_active_runs(
        self, type: Any = None, tags: Any = None, properties: Any = None, status: Any = None
    ) -> list[Any]:
        """None: runs are not submitted to a stand-in."""
        return []

    def serialize(self) -> dict[str, Any]:
        size = self.scale_settings and self.scale_settings.serialize()
        return {**super().serialize(), "vmSize": self.vm_size, "vmPriority": self.vm_priority, "scaleSettings": size}

    def add_identity(self, identity_type: str, identity_id: list[str] | None = None) -> NoReturn:
        unavailable("add_identity", ONE_MACHINE)

    def remove_identity(self, identity_id: list[str] | None = None) -> NoReturn:
        unavailable("remove_identity", ONE_MACHINE)

    @staticmethod
    def supported_vmsizes(workspace: Workspace, location: str | None = None) -> NoReturn:
        unavailable("supported_vmsizes", f"{ONE_MACHINE} Any size is accepted and recorded.")

    @staticmethod
    def list_usages(workspace: Workspace, show_all: bool = False, location: str | None = None) -> NoReturn:
        unavailable("list_usages", ONE_MACHINE)

    @staticmethod
    def list_quotas(workspace: Workspace, location: str | None = None) -> NoReturn:
        unavailable("list_quotas", ONE_MACHINE)

    @staticmethod
    def update_quotas(workspace: Workspace, vm_family: Any, limit: Any = None, location: str | None = None) -> NoReturn:
        unavailable("update_quotas", ONE_MACHINE)
