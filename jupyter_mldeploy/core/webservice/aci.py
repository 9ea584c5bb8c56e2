"""A service of type ACI: one replica, no authentication unless switched on; states as the cloud's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...specs import Address, Plan, ServiceRecord
from ..exceptions import WebserviceException
from . import _switches, _tokens, _updating
from ._aci_configuration import AciServiceDeploymentConfiguration
from ._configuration import Flag, Number, Text, Texts
from ._parts import ContainerResourceRequirements, EncryptionProperties, VnetConfiguration
from .webservice import Webservice

if TYPE_CHECKING:
    from ..model import InferenceConfig

__all__ = ["AciServiceDeploymentConfiguration", "AciWebservice", "EncryptionProperties", "VnetConfiguration"]


class AciWebservice(Webservice):
    """A deployed service of type ACI."""

    _webservice_type = "ACI"

    cname: str | None = None
    container_resource_requirements: ContainerResourceRequirements | None = None
    enable_app_insights: bool | None = None
    encryption_properties: EncryptionProperties | None = None
    location: str | None = None
    public_fqdn: str | None = None
    public_ip: str | None = None
    ssl_certificate: str | None = None
    ssl_enabled: bool | None = None
    ssl_key: str | None = None
    vnet_configuration: VnetConfiguration | None = None

    @staticmethod
    def deploy_configuration(
        cpu_cores: Number = None,
        memory_gb: Number = None,
        tags: Texts = None,
        properties: Texts = None,
        description: Text = None,
        location: Text = None,
        auth_enabled: Flag = None,
        ssl_enabled: Flag = None,
        enable_app_insights: Flag = None,
        ssl_cert_pem_file: Text = None,
        ssl_key_pem_file: Text = None,
        ssl_cname: Text = None,
        dns_name_label: Text = None,
        primary_key: Text = None,
        secondary_key: Text = None,
        collect_model_data: Flag = None,
        cmk_vault_base_url: Text = None,
        cmk_key_name: Text = None,
        cmk_key_version: Text = None,
        vnet_name: Text = None,
        subnet_name: Text = None,
    ) -> AciServiceDeploymentConfiguration:
        """A deployment configuration; None means the default of the service."""
        return AciServiceDeploymentConfiguration(**locals())

    def _fill(self, record: ServiceRecord, address: Address | None) -> None:
        super()._fill(record, address)
        asked = AciServiceDeploymentConfiguration._restore(record.plan.configuration)
        self.container_resource_requirements = asked._resources()
        self.encryption_properties, self.vnet_configuration = asked._encryption(), asked._vnet()
        self.enable_app_insights, self.location = bool(asked.enable_app_insights), asked.location
        tls = record.plan.settings.tls
        self.cname, self.ssl_enabled = (tls.name if tls else asked.ssl_cname) or None, tls is not None
        self.public_ip = urlsplit(address.local).hostname if address else None
        self.public_fqdn = urlsplit(address.public).hostname if address else None

    def run(self, input_data: Any) -> Any:
        return super().run(input_data)

    def update(  # type: ignore[override]
        self,
        image: Any = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        description: str | None = None,
        auth_enabled: bool | None = None,
        ssl_enabled: bool | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        ssl_cname: str | None = None,
        enable_app_insights: bool | None = None,
        models: Iterable[Any] | None = None,
        inference_config: InferenceConfig | None = None,
        *,
        token_auth_enabled: bool | None = None,
        server: Texts = None,
        tls: Any = None,
        oidc: Texts = None,
    ) -> None:
        """Change what is given, and return at once; wait with `wait_for_deployment`. What fails changes nothing.

        Tags are replaced, properties added; an inference configuration alone keeps the models. CPU, memory, location
        and DNS label are fixed when a service is deployed. `server`, `tls` and `oidc` are as on a configuration; an
        empty one takes back what was set.
        """
        changes = _updating.given(locals())
        current = self._current().plan
        asked = _merged(current, changes)
        found = [*_updating.content_problems(changes), *_tls_problems(changes, asked), *asked._problems()]
        if found:
            raise WebserviceException("\n".join(found))
        asked._settle_paths()
        content = _updating.served(self.workspace, current, changes)
        _updating.apply(self.workspace._home, current, changes, content, asked)
        self.update_deployment_state()

    def serialize(self) -> dict[str, Any]:
        parts = (self.container_resource_requirements, self.encryption_properties, self.vnet_configuration)
        resources, encryption, vnet = (part and part.serialize() for part in parts)
        return {
            **super().serialize(),
            "authEnabled": self.auth_enabled,
            "appInsightsEnabled": self.enable_app_insights,
            "cname": self.cname,
            "containerResourceRequirements": resources,
            "encryptionProperties": encryption,
            "vnetConfiguration": vnet,
            "location": self.location,
            "publicIp": self.public_ip,
            "publicFqdn": self.public_fqdn,
            "sslEnabled": self.ssl_enabled,
            "modelDetails": self._model_ids(),
        }

    def get_token(self) -> tuple[str, datetime]:
        """A token, and when to ask for another one, where the service was told to check tokens."""
        if not self.token_auth_enabled:
            raise NotImplementedError("This service of type ACI has keys, not tokens: use get_keys().")
        return _tokens.pair(self)


def _merged(current: Plan, changes: Mapping[str, Any]) -> AciServiceDeploymentConfiguration:
    """The running values with the changes over them. TLS may have been asked for in either way."""
    running = {**current.configuration, **_switches.running(current.settings)}
    if "tls" in changes:
        running["ssl_enabled"] = False
    elif current.configuration.get("ssl_enabled") or "ssl_enabled" in changes:
        running["tls"] = None
    return AciServiceDeploymentConfiguration._restore({**running, **changes})


def _tls_problems(changes: Mapping[str, Any], asked: AciServiceDeploymentConfiguration) -> list[str]:
    certificate = [name for name in ("ssl_cert_pem_file", "ssl_key_pem_file", "ssl_cname") if name in changes]
    return [f"{', '.join(certificate)}: only with ssl_enabled=True."] if certificate and not asked.ssl_enabled else []
