"""What the secrets file of a front holds: keys, signing secrets and service principals. Messages never repeat them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .checking import ConfigError, read_json


@dataclass(frozen=True)
class Principal:
    """Who may ask this service for tokens: the hash of the secret, and when it ends (seconds since the epoch)."""

    hash: str = field(repr=False)
    ends: float | None

    def ended(self) -> bool:
        return self.ends is not None and self.ends <= time.time()


@dataclass(frozen=True)
class Secrets:
    """The first signing secret signs, all of them are accepted."""

    keys: tuple[str, ...] = field(default=(), repr=False)
    signing: tuple[str, ...] = field(default=(), repr=False)
    principals: Mapping[str, Principal] = field(default_factory=dict, repr=False)


def read(path: str | None) -> Secrets:
    """The content of a secrets file; nothing without one."""
    if path is None:
        return Secrets()
    content = read_json(path, "secrets file")
    if not isinstance(content, dict):
        raise ConfigError(f"The secrets file {path} is not a JSON object with 'keys'.")
    return merged(Secrets(), {**content, "keys": content.get("keys") or None})


def merged(old: Secrets, content: Mapping[str, Any]) -> Secrets:
    """`old` with what `content` has of keys, signing secrets and principals instead."""
    new = old
    if content.get("keys") is not None:
        new = replace(new, keys=_texts("keys", "A key", content["keys"]))
    if content.get("signing") is not None:
        new = replace(new, signing=_texts("signing", "A signing secret", content["signing"]))
    if content.get("principals") is not None:
        new = replace(new, principals=_principals(content["principals"]))
    return new


def _texts(name: str, one: str, values: Any) -> tuple[str, ...]:
    """Texts as given, when they can be sent in a header."""
    if not isinstance(values, list) or not values:
        raise ConfigError(f"{name} must be a list of texts.")
    for value in values:
        if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable() or " " in value:
            raise ConfigError(f"{one} must be a text of visible ASCII characters, without a space.")
    return tuple(values)


def _principals(content: Any) -> Mapping[str, Principal]:
    try:
        return {str(one["id"]): Principal(str(one["hash"]), one.get("ends")) for one in content}
    except (TypeError, KeyError, AttributeError) as error:
        raise ConfigError("principals must be a list of objects with 'id', 'hash' and 'ends'.") from error
