"""What an AKS compute target can be asked to be: provisioned, attached, updated."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..exceptions import ComputeTargetException
from .compute import ComputeConfiguration

PURPOSES = ("FastProd", "DevTest")
BALANCERS = ("PublicIp", "InternalLoadBalancer")
NETWORK = (
    "vnet_resourcegroup_name",
    "vnet_name",
    "subnet_name",
    "service_cidr",
    "dns_service_ip",
    "docker_bridge_cidr",
)
SSL = ("ssl_cname", "ssl_cert_pem_file", "ssl_key_pem_file")


@dataclass
class SslConfiguration:
    """TLS of a cluster. `cert` and `key` are what the certificate's files hold."""

    status: str | None = None
    cert: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    cname: str | None = None
    leaf_domain_label: str | None = None
    overwrite_existing_domain: bool = False
    renew: bool = False

    def serialize(self) -> dict[str, Any]:
        """The values by their JSON keys."""
        return {key: getattr(self, name) for name, key in SSL_KEYS.items()}

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any] | None) -> SslConfiguration | None:
        if object_dict is None:
            return None
        return SslConfiguration(**{name: object_dict[key] for name, key in SSL_KEYS.items() if key in object_dict})


SSL_KEYS = {
    "status": "status",
    "cert": "cert",
    "key": "key",
    "cname": "cname",
    "leaf_domain_label": "leafDomainLabel",
    "overwrite_existing_domain": "overwriteExistingDomain",
    "renew": "renew",
}


class WithSsl(ABC):
    """What configurations share that TLS can be added to."""

    ssl_cname: str | None
    ssl_cert_pem_file: str | None
    ssl_key_pem_file: str | None
    leaf_domain_label: str | None = None
    overwrite_existing_domain: bool = False
    cluster_purpose: str | None
    load_balancer_type: str | None
    load_balancer_subnet: str | None

    @abstractmethod
    def validate_configuration(self) -> None: ...

    def enable_ssl(
        self,
        ssl_cname: str | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        leaf_domain_label: str | None = None,
        overwrite_existing_domain: bool = False,
    ) -> None:
        """Ask for TLS: by name, certificate and key together, or by a leaf domain label alone."""
        if not any((ssl_cname, ssl_cert_pem_file, ssl_key_pem_file, leaf_domain_label)):
            raise ComputeTargetException(f"enable_ssl needs {', '.join(SSL)}, or leaf_domain_label.")
        self.ssl_cname, self.ssl_cert_pem_file, self.ssl_key_pem_file = ssl_cname, ssl_cert_pem_file, ssl_key_pem_file
        self.leaf_domain_label, self.overwrite_existing_domain = leaf_domain_label, overwrite_existing_domain
        self.validate_configuration()

    def _check_common(self) -> None:
        """The rules that provisioning and attaching share: TLS, purpose, load balancer."""
        given = [name for name in SSL if getattr(self, name)]
        if given and len(given) < len(SSL):
            raise ComputeTargetException(f"TLS needs {', '.join(SSL)} together; given: {', '.join(given)}.")
        if given and self.leaf_domain_label:
            raise ComputeTargetException(f"leaf_domain_label excludes {', '.join(SSL)}: give one or the other.")
        for name in SSL[1:]:
            path = getattr(self, name)
            if path and not Path(path).is_file():
                raise ComputeTargetException(f"{name}: no file at {path!r}.")
        if self.cluster_purpose and self.cluster_purpose not in PURPOSES:
            raise ComputeTargetException(f"cluster_purpose is {self.cluster_purpose!r}. Known: {', '.join(PURPOSES)}.")
        check_balancer(self.load_balancer_type, self.load_balancer_subnet)


@dataclass
class AksProvisioningConfiguration(WithSsl, ComputeConfiguration):
    """A cluster to provision; v1's service took 3 nodes of Standard_D3_v2."""

    _compute_type = "AKS"

    agent_count: int | None
    vm_size: str | None
    ssl_cname: str | None
    ssl_cert_pem_file: str | None
    ssl_key_pem_file: str | None
    location: str | None
    vnet_resourcegroup_name: str | None
    vnet_name: str | None
    subnet_name: str | None
    service_cidr: str | None
    dns_service_ip: str | None
    docker_bridge_cidr: str | None
    cluster_purpose: str | None
    load_balancer_type: str | None
    load_balancer_subnet: str | None

    def validate_configuration(self) -> None:
        if self.agent_count is not None and not (isinstance(self.agent_count, int) and self.agent_count > 0):
            raise ComputeTargetException(f"agent_count is {self.agent_count!r}: it must be a whole number above 0.")
        self._check_common()
        given = [name for name in NETWORK if getattr(self, name)]
        if given and len(given) < len(NETWORK):
            missing = [name for name in NETWORK if name not in given]
            raise ComputeTargetException(f"{', '.join(missing)} missing: the network settings go together.")


@dataclass
class AksAttachConfiguration(WithSsl, ComputeConfiguration):
    """A cluster to attach: an Azure resource id, a Kubernetes context (`kube://NAME`, or as `cluster_name`), or both
    group and name."""

    _compute_type = "AKS"

    resource_group: str | None = None
    cluster_name: str | None = None
    resource_id: str | None = None
    cluster_purpose: str | None = None
    load_balancer_type: str | None = None
    load_balancer_subnet: str | None = None
    ssl_cname: str | None = field(default=None, init=False)
    ssl_cert_pem_file: str | None = field(default=None, init=False)
    ssl_key_pem_file: str | None = field(default=None, init=False)

    def validate_configuration(self) -> None:
        if self.resource_id:
            self._check_resource_id(self.resource_id)
        elif not self.cluster_name:
            raise ComputeTargetException(
                "Nothing names the cluster: give resource_id, or resource_group and cluster_name, or the name of a "
                "Kubernetes context as cluster_name alone."
            )
        self._check_common()

    def _check_resource_id(self, text: str) -> None:
        if self.resource_group or self.cluster_name:
            raise ComputeTargetException("resource_id excludes resource_group and cluster_name: give one or the other.")
        if text.startswith("kube://") and text != "kube://":
            return
        parts = text.split("/")
        if len(parts) != 9 or parts[6] != "Microsoft.ContainerService":
            raise ComputeTargetException(
                f"resource_id is {text!r}: it must be /subscriptions/…/resourceGroups/…/providers/"
                "Microsoft.ContainerService/managedClusters/NAME, or kube://CONTEXT."
            )


@dataclass
class AksUpdateConfiguration(ComputeConfiguration):
    """Changes to a cluster."""

    _compute_type = "AKS"

    ssl_configuration: SslConfiguration | None = None
    load_balancer_type: str | None = None
    load_balancer_subnet: str | None = None

    def validate_configuration(self) -> None:
        if self.ssl_configuration is not None and not isinstance(self.ssl_configuration, SslConfiguration):
            raise ComputeTargetException(f"ssl_configuration is {self.ssl_configuration!r}: give a SslConfiguration.")
        check_balancer(self.load_balancer_type, self.load_balancer_subnet)


def check_balancer(kind: str | None, subnet: str | None) -> None:
    """Raise unless the load balancer is of a known kind, and a subnet stands only beside the internal one."""
    if kind and kind not in BALANCERS:
        raise ComputeTargetException(f"load_balancer_type is {kind!r}. Known: {', '.join(BALANCERS)}.")
    if subnet and kind != "InternalLoadBalancer":
        raise ComputeTargetException("load_balancer_subnet is for load_balancer_type='InternalLoadBalancer' only.")
