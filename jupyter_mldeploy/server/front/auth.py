"""Who may score: two keys, compared in constant time, replaced while serving and never written to a log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hmac import compare_digest
from typing import Any

from .config import ConfigError

MISSING = "This service needs a key. Send it as the header 'Authorization: Bearer <key>'."
WRONG = "The key is not one of this service's keys."


class Auth:
    """The mode (`none` or `key`), which may be changed at any time, and the keys in force."""

    def __init__(self, mode: str, keys: Sequence[str]) -> None:
        self.mode = mode
        self._keys = tuple(key.encode() for key in keys)

    def refuse(self, authorization: bytes) -> str:
        """Why a request with this Authorization header may not pass; empty when it may."""
        if self.mode == "none":
            return ""
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            return MISSING
        token = token.strip()
        # Every key is compared, so that the time does not tell which of them was closer.
        matches = [compare_digest(token, key) for key in self._keys]
        return "" if any(matches) else WRONG

    def replace(self, keys: Any) -> None:
        """Put new keys in force, for the next request on."""
        self._keys = tuple(key.encode() for key in checked(keys))


def read(mode: str, path: str | None) -> Auth:
    """The auth of a new front, with the keys of its secrets file."""
    keys: Sequence[str] = ()
    if path is not None:
        try:
            with open(path, "rb") as file:
                keys = checked(json.load(file).get("keys", []), empty=True)
        except OSError as error:
            raise ConfigError(f"The secrets file {path} cannot be read: {error.strerror}.") from error
        except (ValueError, AttributeError) as error:
            raise ConfigError(f"The secrets file {path} is not a JSON object with 'keys'.") from error
    if mode == "key" and not keys:
        raise ConfigError("auth is 'key', and the secrets file holds no keys; put two under 'keys'.")
    return Auth(mode, keys)


def checked(keys: Any, empty: bool = False) -> Sequence[str]:
    """Keys as given, when they can be sent in a header. The message never holds a key."""
    if not isinstance(keys, list) or not (keys or empty):
        raise ConfigError("keys must be a list of texts.")
    for key in keys:
        if not isinstance(key, str) or not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ConfigError("A key must be a text of visible ASCII characters, without a space.")
    return keys
