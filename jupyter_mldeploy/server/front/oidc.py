"""Tokens of an outside issuer (OpenID Connect): RS256 and ES256, by keys that the issuer publishes and exchanges."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from time import monotonic
from typing import Any
from urllib.request import Request, urlopen

from .config import Issuer

ALGORITHMS = {("RSA", None): "RS256", ("EC", "P-256"): "ES256"}  # by the kind of key, never by the token's word
CLAIMS = {"require": ["iss", "aud", "sub", "exp"]}
FETCH_LIMIT = 10.0  # seconds
SIZE_LIMIT = 1 << 20
PAUSE = 10.0  # seconds between two looks for a key that is not known, however many tokens name one
REFRESH = 600.0  # seconds after which keys are fetched anew, so that one that was withdrawn stops to count


class Outside:
    """The issuer's keys as last seen, by their ids."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.trouble = ""
        self._keys: dict[str, Any] = {}
        self._looked = -PAUSE
        self._learning: asyncio.Task[None] | None = None

    @cached_property
    def _jwt(self) -> Any:
        return import_module("jwt")

    def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a good token; raises PyJWT's error, or ValueError for a key that is not known."""
        key = self._keys.get(self._kid(token))
        if key is None:
            raise ValueError("its issuer has no key of that id" + (f"; {self.trouble}" if self.trouble else ""))
        found: Mapping[str, Any] = self._jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=self.issuer.audience,
            issuer=self.issuer.issuer,
            leeway=self.issuer.leeway_seconds,
            options=CLAIMS,
        )
        return found

    def may_learn(self, token: str) -> bool:
        """Whether looking at the issuer's keys again may bring the one that this token needs."""
        return self._kid(token) not in self._keys and (self._learning is not None or self._due(PAUSE))

    def stale(self) -> bool:
        """Whether the keys are so old that they are worth another look."""
        return self._learning is None and self._due(PAUSE if not self._keys else REFRESH)

    def _due(self, seconds: float) -> bool:
        return monotonic() - self._looked >= seconds

    async def learn(self) -> None:
        """Fetch the keys, once for all who wait for it."""
        if self._learning is None:
            self._learning = asyncio.create_task(self._fetch())
        await asyncio.shield(self._learning)

    async def _fetch(self) -> None:
        try:
            content = await asyncio.get_running_loop().run_in_executor(None, _get, self.issuer.jwks_url)
            self._keys = self._usable(json.loads(content)["keys"])
            self.trouble = ""
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            self.trouble = f"its keys cannot be fetched from {self.issuer.jwks_url}: {error}"
        finally:
            self._looked = monotonic()
            self._learning = None

    def _usable(self, published: list[dict[str, Any]]) -> dict[str, Any]:
        keys = {}
        for each in published:
            algorithm = ALGORITHMS.get((str(each.get("kty")), each.get("crv")))
            if algorithm is None or each.get("use", "sig") != "sig" or each.get("alg", algorithm) != algorithm:
                continue
            try:
                keys[str(each.get("kid", ""))] = self._jwt.PyJWK(each, algorithm)
            except self._jwt.PyJWTError:
                continue
        return keys

    def _kid(self, token: str) -> str:
        return str(self._jwt.get_unverified_header(token).get("kid", ""))


def _get(url: str) -> bytes:
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310 - the scheme was checked
    with urlopen(request, timeout=FETCH_LIMIT) as answer:  # noqa: S310
        content: bytes = answer.read(SIZE_LIMIT)
        return content
