"""The deployment configuration of `LocalWebservice`: a port."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from ...specs import Auth, Settings
from . import _switches
from ._configuration import BOTH, Text, Texts, WebserviceDeploymentConfiguration
from ._fields import Rule


@dataclass
class LocalWebserviceDeploymentConfiguration(WebserviceDeploymentConfiguration):
    """Parameters of a service of type Local. `port` None or 0 means one that is free.

    Only the port is v1's; what else a service can have may be set as an attribute: `auth_enabled` (off),
    `token_auth_enabled` (off), `workers` (1), keys, tags, a description, `server`, `tls`, `oidc`.
    """

    _webservice_type = "Local"

    port: Annotated[int | None, Rule("port")] = None
    auth_enabled: bool = field(default=False, init=False)
    workers: int = field(default=1, init=False)
    primary_key: Text = field(default=None, init=False, repr=False)
    secondary_key: Text = field(default=None, init=False, repr=False)
    description: Text = field(default=None, init=False)
    tags: Texts = field(default=None, init=False)
    properties: Texts = field(default=None, init=False)
    location: Text = field(default=None, init=False)
    token_auth_enabled: bool = field(default=False, init=False)
    server: Texts = field(default=None, init=False)
    tls: Any = field(default=None, init=False)
    oidc: Texts = field(default=None, init=False)

    def _conflicts(self) -> list[str]:
        port: Any = self.port
        found = [BOTH] if self.auth_enabled and self.token_auth_enabled else []
        if not port and not isinstance(port, bool):
            return found
        if isinstance(port, int) and not isinstance(port, bool) and 1 <= port <= 65535:
            return found
        return [*found, f"port is {port!r}: it must be a whole number from 1 to 65535, or None for one that is free."]

    def _settings(self, service: str) -> Settings:
        auth: Auth = "token" if self.token_auth_enabled else "key" if self.auth_enabled else "none"
        return _switches.applied(Settings(service, port=self.port or 0, workers=self.workers, auth=auth), self)
