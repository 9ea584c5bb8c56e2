"""Tokens that open this service: its own, by its signing secret, and those of an outside issuer, by that one's keys."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .. import principals as stored
from .. import tokens
from .config import ConfigError
from .secrets import Principal, Secrets

if TYPE_CHECKING:
    from .oidc import Outside

LEEWAY = 30  # seconds that clocks may differ
CLAIMS = {"require": ["iss", "aud", "sub", "iat", "exp"], "strict_aud": True}
REMEMBERED = 4096  # good tokens, so that each is checked by its signature once
REFUSED = "The token is not valid for this service"
REVOKED = "The token's service principal has been revoked or has expired. Ask the service's owner for another one."


class Tokens:
    """Checks tokens, and gives them out to service principals."""

    def __init__(self, service: str, secrets: Secrets, outside: Outside | None) -> None:
        if not secrets.signing and outside is None:
            raise ConfigError("auth is 'token', and the secrets file holds no signing secret; put one under 'signing'.")
        self.service, self.secrets, self.outside = service, secrets, outside
        if find_spec("jwt") is None:
            raise ConfigError("Token authentication needs PyJWT; install it with: pip install 'pyjwt[crypto]'")
        self._good: dict[str, Mapping[str, Any]] = {}

    @cached_property
    def _jwt(self) -> Any:
        return import_module("jwt")

    def refuse(self, token: str) -> str:
        """Why this token does not open the service; empty when it does."""
        claims = self._good.get(token)
        if claims is not None and claims["exp"] > time.time() - LEEWAY:
            return self._revoked(claims)
        try:
            if self._is_outside(token):
                claims = self.outside.claims(token) if self.outside else {}
            else:
                claims = self._own(token)
        except (self._jwt.PyJWTError, ValueError, TypeError) as error:
            self._good.pop(token, None)
            return f"{REFUSED}: {error}."
        if reason := self._revoked(claims):
            return reason
        if claims["iss"] != tokens.ISSUER:  # its key may be withdrawn at any time
            return ""
        if len(self._good) >= REMEMBERED:
            self._good.clear()
        self._good[token] = claims
        return ""

    def may_learn(self, token: str) -> bool:
        """Whether the outside issuer may have a new key that this token was signed by."""
        try:
            return self.outside is not None and self._is_outside(token) and self.outside.may_learn(token)
        except (self._jwt.PyJWTError, ValueError, TypeError):
            return False

    def grant(self, name: str, secret: str) -> tokens.Token | None:
        """A token for the service principal `name`, when the secret is its own and it may use this service."""
        principal = self.secrets.principals.get(name)
        if not stored.matches(secret, principal.hash if principal else _NOBODY) or principal is None:
            return None
        if not self.secrets.signing:
            return None
        return None if principal.ended() else tokens.mint(self.service, name, self.secrets.signing[0], principal.ends)

    def _own(self, token: str) -> Mapping[str, Any]:
        failure: Exception = ValueError("it is not signed by this service")
        for secret in self.secrets.signing:
            try:
                claims: Mapping[str, Any] = self._jwt.decode(
                    token,
                    secret,
                    algorithms=[tokens.ALGORITHM],
                    audience=self.service,
                    issuer=tokens.ISSUER,
                    leeway=LEEWAY,
                    options=CLAIMS,
                )
                return claims
            except self._jwt.InvalidSignatureError as error:
                failure = error
        raise failure

    def _is_outside(self, token: str) -> bool:
        """Only which key to look for follows from the token's own word; its algorithm is the key's."""
        return self.outside is not None and self._jwt.get_unverified_header(token).get("alg") != tokens.ALGORITHM

    def _revoked(self, claims: Mapping[str, Any]) -> str:
        if claims["iss"] != tokens.ISSUER or claims["sub"] == tokens.OWNER:
            return ""
        principal = self.secrets.principals.get(claims["sub"])
        return REVOKED if principal is None or principal.ended() else ""


_NOBODY = Principal(stored.hashed("nobody"), None).hash  # compared with all the same, so that time tells no names
