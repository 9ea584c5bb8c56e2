"""v1's login classes: accepted, so that notebooks run unchanged, and not needed, which is said once.

A workspace is a folder on this machine: who may read it is the file system's business.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from .exceptions import AuthenticationException

if TYPE_CHECKING:
    from requests import Session


class AccessToken(NamedTuple):
    """A bearer token and when it ends, in seconds since the epoch; 0 where that is not known."""

    token: str
    expires_on: int


class Audience(Enum):
    """For whom `TokenAuthentication` is asked for a token."""

    ARM = "ARM"
    AZUREML = "AZUREML"


@cache
def say_once(text: str) -> None:
    print(text)


def accept(auth: object | None) -> None:
    """Take a login object and say, once, that it is not used."""
    if auth is not None:
        say_once("No login is needed: the workspace is a folder on this machine, and `auth` is ignored.")


class AbstractAuthentication:
    """What all logins share. Those that need Azure to get a token have none to give."""

    def __init__(self, cloud: str | None = None) -> None:
        self.cloud = cloud

    def get_authentication_header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.get_token().token}"}

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        raise AuthenticationException(
            f"{type(self).__name__} cannot get a token: nothing here contacts Azure, and no workspace needs one. "
            "A service's own keys come from `service.get_keys()`."
        )

    def signed_session(self, session: Session | None = None) -> Session:
        """The session, or a new one, with the authorisation header set."""
        import requests

        chosen = session or requests.Session()
        chosen.headers.update(self.get_authentication_header())
        return chosen


class InteractiveLoginAuthentication(AbstractAuthentication):
    def __init__(self, force: bool = False, tenant_id: str | None = None, cloud: str | None = None) -> None:
        super().__init__(cloud)
        self.force, self.tenant_id = force, tenant_id


class ServicePrincipalAuthentication(AbstractAuthentication):
    """The password is not kept."""

    def __init__(
        self,
        tenant_id: str,
        service_principal_id: str,
        service_principal_password: str,
        cloud: str | None = "AzureCloud",
        _enable_caching: bool = True,
    ) -> None:
        super().__init__(cloud)
        self.tenant_id, self.service_principal_id = tenant_id, service_principal_id


class AzureCliAuthentication(AbstractAuthentication):
    pass


class MsiAuthentication(AbstractAuthentication):
    def __init__(self, cloud: str | None = None, **kwargs: Any) -> None:
        super().__init__(cloud)


class ArmTokenAuthentication(AbstractAuthentication):
    """Hands out the token that it was given."""

    def __init__(self, arm_access_token: str, cloud: str | None = "None") -> None:
        super().__init__(cloud)
        self._token = arm_access_token

    def update_arm_access_token(self, new_arm_access_token: str) -> None:
        self._token = new_arm_access_token

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        return AccessToken(self._token, 0)


class TokenAuthentication(AbstractAuthentication):
    """Asks the function it was given for a token."""

    def __init__(self, get_token_for_audience: Callable[[Audience], str], cloud: str | None = None) -> None:
        super().__init__(cloud)
        self._ask = get_token_for_audience

    def get_token(self, audience: Any = Audience.ARM) -> AccessToken:  # type: ignore[override]
        return AccessToken(self._ask(audience), 0)


class AzureMLTokenAuthentication(AbstractAuthentication):
    """A run's own token in v1; here it holds what it was given."""

    def __init__(
        self,
        azureml_access_token: str,
        expiry_time: Any = None,
        host: str | None = None,
        subscription_id: str | None = None,
        resource_group_name: str | None = None,
        workspace_name: str | None = None,
        experiment_name: str | None = None,
        run_id: str | None = None,
        user_email: str | None = None,
        experiment_id: str | None = None,
        cloud: str | None = "AzureCloud",
    ) -> None:
        super().__init__(cloud)
        self.set_token(azureml_access_token, expiry_time)

    @classmethod
    def create(
        cls,
        azureml_access_token: str,
        expiry_time: Any,
        host: str | None,
        subscription_id: str | None,
        resource_group_name: str | None,
        workspace_name: str | None,
        experiment_name: str | None,
        run_id: str | None,
        user_email: str | None = None,
        experiment_id: str | None = None,
    ) -> AzureMLTokenAuthentication:
        return cls(azureml_access_token, expiry_time)

    @property
    def token(self) -> str:
        return self._token

    @property
    def expiry_time(self) -> Any:
        return self._expiry_time

    def set_token(self, token: str, expiry_time: Any) -> None:
        self._token, self._expiry_time = token, expiry_time

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        return AccessToken(self._token, 0)
