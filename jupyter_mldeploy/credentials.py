"""A service principal in a client: its id and secret exchanged for tokens, by itself, at the service it calls."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from . import client
from .errors import InvalidInput, NotAuthorised


class Granted(NamedTuple):
    """A token and its times, in seconds since the epoch."""

    text: str
    refresh_after: float
    expires: float


@dataclass
class PrincipalTokens:
    """The tokens of one service principal, one for each service; a new one is fetched when the old one is half used."""

    id: str
    secret: str = field(repr=False)
    _held: dict[str, Granted] = field(default_factory=dict, repr=False)

    def token(self, url: str) -> Granted:
        """A good token for the service that `url` belongs to. Raises `NotAuthorised` in the service's own words."""
        where = token_url(url)
        held = self._held.get(where)
        if held is None or held.refresh_after <= time.time():
            held = self._held[where] = self._fetch(where)
        return held

    def forget(self, url: str) -> None:
        """Drop a token that the service refused."""
        self._held.pop(token_url(url), None)

    def _fetch(self, where: str) -> Granted:
        asked = json.dumps({"client_id": self.id, "client_secret": self.secret})
        answer = client.post(where, asked, timeout=60)
        if answer.status != 200:
            raise NotAuthorised(f"{where} gave no token to {self.id} ({answer.status}): {_message(answer.content)}")
        content: Mapping[str, Any] = json.loads(answer.content)
        return Granted(content["access_token"], content["refresh_after"], content["expires_on"])


def token_url(url: str) -> str:
    """Where the service of `url` gives out tokens: beside its `score`."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InvalidInput(
            f"{url!r} is no address of a service. Give its scoring URI, such as http://127.0.0.1:5001/score."
        )
    folder = parts.path.rpartition("/")[0]
    return urlunsplit((parts.scheme, parts.netloc, f"{folder}/token", "", ""))


def _message(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, LookupError, TypeError):
        return content[:200].decode(errors="replace")
