"""v1's login classes: accepted, so that notebooks run unchanged, and not needed, which is said once; a service
principal is needed, and works, for calling services that check tokens.

A workspace is a folder on this machine: who may read it is the file system's business.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ..credentials import PrincipalTokens
from .exceptions import AuthenticationException, translated

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session


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
    """A service principal that a workspace issued: it exchanges id and password for tokens of the service it calls.

    Nothing but the service's address is needed, and no workspace: `requests.post(scoring_uri, data, auth=this)`,
    `this.signed_session().post(scoring_uri, data)`, or `this.get_token(scoring_uri)`. The tenant is not looked at.
    """

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
        self._tokens = PrincipalTokens(service_principal_id, service_principal_password)

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """A token for the service whose scoring URI is the one scope. Raises `AuthenticationException`."""
        if len(scopes) != 1:
            raise AuthenticationException(
                "ServicePrincipalAuthentication gets its tokens from the service that it calls: name one, as in "
                "get_token(scoring_uri). A session of signed_session() asks for them by itself."
            )
        with translated(AuthenticationException):
            token = self._tokens.token(scopes[0])
        return AccessToken(token.text, int(token.expires))

    def get_authentication_header(self, *scopes: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.get_token(*scopes).token}"}

    def signed_session(self, session: Session | None = None) -> Session:
        """The session, or a new one, whose requests bring a token of the service they go to. Use it for nothing else:
        each host that it calls is asked for a token."""
        import requests

        chosen = session or requests.Session()
        chosen.auth = self
        return chosen

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """What requests asks of an `auth`: give the request its token, and try a refused one once more."""
        request.headers.update(self.get_authentication_header(str(request.url)))
        request.register_hook("response", self._again)  # type: ignore[no-untyped-call]
        return request

    def _again(self, answer: Response, **options: Any) -> Response:
        sent = answer.request
        if answer.status_code != 401 or answer.history or not isinstance(sent.body, (bytes, str, type(None))):
            return answer
        address = str(sent.url)
        self._tokens.forget(address)
        try:
            header = self.get_authentication_header(address)
        except AuthenticationException:
            return answer  # the service has said why
        again = sent.copy()
        again.headers.update(header)
        again.deregister_hook("response", self._again)  # type: ignore[no-untyped-call]
        answer.close()
        second: Response = answer.connection.send(again, **options)
        second.history.append(answer)
        return second


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
