"""An AKS compute target: by default a stand-in on this machine, where AKS services run with AKS semantics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from .._unavailable import unavailable
from ..exceptions import ComputeTargetException
from . import _certificates
from ._aks_configurations import (
    AksAttachConfiguration,
    AksProvisioningConfiguration,
    AksUpdateConfiguration,
    SslConfiguration,
)
from ._records import ComputeRecord
from .compute import ComputeTarget

if TYPE_CHECKING:
    from ..workspace import Workspace

__all__ = [
    "AksAttachConfiguration",
    "AksCompute",
    "AksProvisioningConfiguration",
    "AksUpdateConfiguration",
    "SslConfiguration",
]


class AksCompute(ComputeTarget):
    """A compute target of type AKS."""

    _compute_type = "AKS"

    class ClusterPurpose:
        """What a cluster is for; production wants three nodes or more."""

        FAST_PROD = "FastProd"
        DEV_TEST = "DevTest"

    agent_count: int | None = None
    agent_vm_size: str | None = None
    cluster_fqdn: str | None = None
    cluster_purpose: str | None = None
    load_balancer_subnet: str | None = None
    load_balancer_type: str | None = None
    ssl_configuration: SslConfiguration | None = None
    system_services: list[Any] | None = None

    def _fill(self, record: ComputeRecord) -> None:
        super()._fill(record)
        asked = record.configuration
        self.agent_count, self.agent_vm_size = asked.get("agent_count"), asked.get("vm_size")
        self.cluster_purpose, self.system_services = asked.get("cluster_purpose"), []
        self.load_balancer_type = asked.get("load_balancer_type")
        self.load_balancer_subnet = asked.get("load_balancer_subnet")
        cname, label = asked.get("ssl_cname"), asked.get("leaf_domain_label")
        on = cname or label
        self.ssl_configuration = SslConfiguration("Enabled", cname=cname, leaf_domain_label=label) if on else None

    @staticmethod
    def provisioning_configuration(
        agent_count: int | None = None,
        vm_size: str | None = None,
        ssl_cname: str | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        location: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        service_cidr: str | None = None,
        dns_service_ip: str | None = None,
        docker_bridge_cidr: str | None = None,
        cluster_purpose: str | None = None,
        load_balancer_type: str | None = None,
        load_balancer_subnet: str | None = None,
    ) -> AksProvisioningConfiguration:
        """What a cluster shall be. All of it is recorded; a stand-in has nothing but this machine."""
        return AksProvisioningConfiguration(**locals())

    attach_configuration = staticmethod(AksAttachConfiguration)

    @staticmethod
    def attach(workspace: Workspace, name: str, resource_id: str) -> NoReturn:  # type: ignore[override]
        raise ComputeTargetException(
            "AksCompute.attach is gone: use ComputeTarget.attach(workspace, name, AksCompute.attach_configuration(…))."
        )

    def update(self, update_configuration: AksUpdateConfiguration) -> None:
        """Change TLS and the load balancer; a certificate is served by what is deployed or updated from then on."""
        if not isinstance(update_configuration, AksUpdateConfiguration):
            raise ComputeTargetException(f"{update_configuration!r} is no AksUpdateConfiguration.")
        update_configuration.validate_configuration()
        ssl, balancer = update_configuration.ssl_configuration, ("load_balancer_type", "load_balancer_subnet")
        given = {name: value for name in balancer if (value := getattr(update_configuration, name)) is not None}
        tls = _certificates.changes(self.workspace._home, self.name, ssl) if ssl else {}
        self._reconfigure(**given, **tls)

    def _remove(self) -> None:
        super()._remove()
        _certificates.remove(self.workspace._home, self.name)

    def get_credentials(self) -> NoReturn:
        unavailable(
            "get_credentials", f"Compute target {self.name!r} is this machine: there is no cluster to log in to."
        )

    def serialize(self) -> dict[str, Any]:
        return {
            **super().serialize(),
            "agentCount": self.agent_count,
            "agentVmSize": self.agent_vm_size,
            "clusterFqdn": self.cluster_fqdn,
            "clusterPurpose": self.cluster_purpose,
            "loadBalancerType": self.load_balancer_type,
            "loadBalancerSubnet": self.load_balancer_subnet,
            "sslConfiguration": self.ssl_configuration and self.ssl_configuration.serialize(),
            "systemServices": self.system_services,
        }
