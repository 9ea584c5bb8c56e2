"""Who may score: two keys, compared in constant time, or tokens; replaced while serving and never written to a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hmac import compare_digest
from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import secrets as stored
from .config import Config, ConfigError, Issuer
from .secrets import Secrets
from .slowing import Failures
from .tokens import Tokens

if TYPE_CHECKING:
    from .oidc import Outside

MISSING = "This service needs a {0}. Send it as the header 'Authorization: Bearer <{0}>'."
WRONG = "The key is not one of this service's keys."


class Auth:
    """The mode (`none`, `key` or `token`), which may be changed at any time, and the secrets in force."""

    def __init__(self, config: Config, secrets: Secrets) -> None:
        self.mode = "none"
        self.failures = Failures()
        self.tokens: Tokens | None = None
        self.issuer = config.oidc
        self.rules = object()  # what requests are let pass by: another object whenever that has changed
        self._name = config.name
        self._outside: Outside | None = None
        self._secrets = secrets
        self._keys = tuple(key.encode() for key in secrets.keys)

    def prepare(self, mode: str) -> None:
        """Make sure that `mode` can be switched to; ConfigError says what it lacks."""
        if mode == "key" and not self._keys:
            raise ConfigError("auth is 'key', and the secrets file holds no keys; put two under 'keys'.")
        if mode == "token" and self.tokens is None:
            if self._outside is None:
                self._outside = _outside(self.issuer)
            self.tokens = Tokens(self._name, self._secrets, self._outside)

    def switch(self, mode: str) -> None:
        """Check by another mode, from the next request on."""
        self.prepare(mode)
        self.mode, self.rules = mode, object()

    def trusting(self, issuer: Issuer | None) -> Callable[[], None]:
        """Prepare for the tokens of another outside issuer, or of none; what is returned puts it in force."""
        if issuer == self.issuer:
            return lambda: None
        outside = _outside(issuer)

        def in_force() -> None:
            self.issuer, self._outside, self.rules = issuer, outside, object()
            if self.tokens is not None:
                self.tokens = Tokens(self._name, self._secrets, outside)

        return in_force

    def refuse(self, authorization: bytes) -> str:
        """Why a request with this Authorization header may not pass; empty when it may."""
        if self.mode == "none":
            return ""
        sent = _bearer(authorization)
        if not sent:
            return MISSING.format(self.mode)
        if self.mode == "token" and self.tokens is not None:
            return self.tokens.refuse(sent.decode("latin-1"))
        # Every key is compared, so that the time does not tell which of them was closer.
        matches = [compare_digest(sent, key) for key in self._keys]
        return "" if any(matches) else WRONG

    def may_learn(self, authorization: bytes) -> bool:
        """Whether a refused request may pass once the outside issuer's keys have been looked at again."""
        if self.mode != "token" or self.tokens is None:
            return False
        return self.tokens.may_learn(_bearer(authorization).decode("latin-1"))

    async def learn(self) -> None:
        """Look at the outside issuer's keys again."""
        if self._outside is not None:
            await self._outside.learn()

    def stale(self) -> bool:
        """Whether it is time to look at the outside issuer's keys, though nobody waits for it."""
        return self.mode == "token" and self._outside is not None and self._outside.stale()

    def replace(self, content: Mapping[str, Any]) -> None:
        """Put new keys, signing secrets or principals in force, for the next request on."""
        new = stored.merged(self._secrets, content)
        tokens = Tokens(self._name, new, self._outside) if self.tokens is not None else None
        self._secrets, self.tokens = new, tokens
        self._keys = tuple(key.encode() for key in new.keys)
        self.rules = object()


def read(config: Config) -> Auth:
    """The auth of a new front, with its secrets file; ConfigError says what is missing."""
    auth = Auth(config, stored.read(config.secrets))
    auth.switch(config.auth)
    return auth


def _outside(issuer: Issuer | None) -> Outside | None:
    """Named late: it brings what fetches keys over HTTP, and this runs before the workers are spawned."""
    return import_module(".oidc", __package__).Outside(issuer) if issuer else None


async def load(mode: str) -> None:
    """Import what `mode` needs. It takes up to 0.3 s, which no worker's start and no request should wait for."""
    if mode == "token":
        asyncio: Any = import_module("asyncio")  # late as well: the event loop's own import of it comes after the spawn
        await asyncio.to_thread(import_module, "jwt")


def _bearer(authorization: bytes) -> bytes:
    scheme, _, sent = authorization.partition(b" ")
    return sent.strip() if scheme.lower() == b"bearer" else b""
