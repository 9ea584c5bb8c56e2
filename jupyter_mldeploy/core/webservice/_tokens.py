"""A token for calling a service, with its times, of whatever type the service is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ... import services
from ..exceptions import WebserviceException, translated
from ._parts import AksServiceAccessToken

if TYPE_CHECKING:
    from .webservice import Webservice


def access_token(service: Webservice) -> AksServiceAccessToken:
    """A new token. Raises `WebserviceException` when the service checks none."""
    with translated(WebserviceException):
        token = services.token(service.workspace._home, service.name)
    times = (datetime.fromtimestamp(moment) for moment in (token.refresh_after, token.expires))
    return AksServiceAccessToken(token.text, "Bearer", *times)


def pair(service: Webservice) -> tuple[str, datetime]:
    """The token, and when to ask for another one (a naive local time)."""
    token = access_token(service)
    return token.access_token, token.refresh_after
