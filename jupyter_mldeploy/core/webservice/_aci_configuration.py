"""The deployment configuration of `AciWebservice`: one container, no authentication unless asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from ...specs import Auth, Settings, Tls
from . import _fields, _switches
from ._configuration import BOTH, Flag, Number, Text, Texts, WebserviceDeploymentConfiguration
from ._fields import Rule
from ._parts import ContainerResourceRequirements, EncryptionProperties, VnetConfiguration

SWITCHES = ("enable_app_insights", "collect_model_data")


@dataclass
class AciServiceDeploymentConfiguration(WebserviceDeploymentConfiguration):
    """Parameters of a service of type ACI; cpu in cores, memory in GB."""

    _webservice_type = "ACI"

    cpu_cores: Annotated[Number, Rule("containerResourceRequirements.cpu", above=0, effect=False)] = None
    memory_gb: Annotated[Number, Rule("containerResourceRequirements.memoryInGB", above=0, effect=False)] = None
    tags: Annotated[Texts, Rule("tags")] = None
    properties: Annotated[Texts, Rule("properties")] = None
    description: Annotated[Text, Rule("description")] = None
    location: Annotated[Text, Rule("location", effect=False)] = None
    auth_enabled: Annotated[Flag, Rule("authEnabled", False)] = None
    ssl_enabled: Annotated[Flag, Rule("sslEnabled", False)] = None
    enable_app_insights: Annotated[Flag, Rule("appInsightsEnabled", False)] = None
    ssl_cert_pem_file: Annotated[Text, Rule("sslCertificate")] = None
    ssl_key_pem_file: Annotated[Text, Rule("sslKey")] = None
    ssl_cname: Annotated[Text, Rule("cname")] = None
    dns_name_label: Annotated[Text, Rule("dnsNameLabel", effect=False)] = None
    primary_key: Annotated[Text, Rule("keys.primaryKey")] = field(default=None, repr=False)
    secondary_key: Annotated[Text, Rule("keys.secondaryKey")] = field(default=None, repr=False)
    collect_model_data: Annotated[Flag, Rule("dataCollection.storageEnabled", False)] = None
    cmk_vault_base_url: Annotated[Text, Rule("vaultBaseUrl", effect=False)] = None
    cmk_key_name: Annotated[Text, Rule("keyName", effect=False)] = None
    cmk_key_version: Annotated[Text, Rule("keyVersion", effect=False)] = None
    vnet_name: Annotated[Text, Rule("vnetName", effect=False)] = None
    subnet_name: Annotated[Text, Rule("subnetName", effect=False)] = None
    token_auth_enabled: bool = field(default=False, init=False)
    server: Texts = field(default=None, init=False)
    tls: Any = field(default=None, init=False)
    oidc: Texts = field(default=None, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._settle_paths()

    def _settle_paths(self) -> None:
        """Files are meant from the folder that is the current one now."""
        if self.ssl_cert_pem_file:
            self.ssl_cert_pem_file = _switches.full(self.ssl_cert_pem_file)
        if self.ssl_key_pem_file:
            self.ssl_key_pem_file = _switches.full(self.ssl_key_pem_file)

    def _conflicts(self) -> list[str]:
        tls = {n: getattr(self, n) for n in ("ssl_cert_pem_file", "ssl_key_pem_file", "ssl_cname")}
        cmk = {n: getattr(self, n) for n in ("cmk_vault_base_url", "cmk_key_name", "cmk_key_version")}
        vnet = {"vnet_name": self.vnet_name, "subnet_name": self.subnet_name}
        found = [_together(tls, "ssl_enabled needs")] if self.ssl_enabled else []
        found += [BOTH] if self.auth_enabled and self.token_auth_enabled else []
        found += ["tls and ssl_enabled exclude each other: give one of them."] if self.ssl_enabled and self.tls else []
        found += [missing_file(name, value) for name, value in tls.items() if name != "ssl_cname"]
        found += [_together(group, "these go together:") for group in (cmk, vnet) if any(group.values())]
        return [sentence for sentence in found if sentence]

    def _tls(self) -> Tls | None:
        if not self.ssl_enabled:
            return super()._tls()
        return _switches.tls((self.ssl_cert_pem_file, self.ssl_key_pem_file, self.ssl_cname))

    def _settings(self, service: str) -> Settings:
        auth: Auth = "token" if self.token_auth_enabled else "key" if self.auth_enabled else "none"
        limits = {name: value for name in SWITCHES if (value := getattr(self, name)) is not None}
        settings = Settings(service, auth=auth, cpu=self.cpu_cores, memory_gb=self.memory_gb, limits=limits)
        return _switches.applied(settings, self)

    def _resources(self) -> ContainerResourceRequirements:
        return ContainerResourceRequirements(self.cpu_cores, self.memory_gb)

    def _encryption(self) -> EncryptionProperties | None:
        return EncryptionProperties.deserialize(_fields.tree(self)) if self.cmk_vault_base_url else None

    def _vnet(self) -> VnetConfiguration | None:
        return VnetConfiguration.deserialize(_fields.tree(self)) if self.vnet_name else None


def _together(group: dict[str, str | None], intro: str) -> str:
    missing = [name for name, value in group.items() if not value]
    if not missing:
        return ""
    return f"{', '.join(missing)} missing: {intro} {', '.join(group)}."


def missing_file(name: str, path: str | None) -> str:
    """A sentence when a path was given and no file lies there."""
    if not path or Path(path).is_file():
        return ""
    return f"{name}: no file at {path!r}."
