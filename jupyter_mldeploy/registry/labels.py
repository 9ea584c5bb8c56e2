"""How our words become MLflow tags and back: plain tags stay plain, properties and what we add carry a prefix.

MLflow's tag keys allow letters, digits, `_-. :/` only; a key that it would refuse is kept quoted, so any key works.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from ..errors import InvalidInput

PREFIX = "mldeploy."
PROPERTY = "mldeploy.property."
TAG = "mldeploy.tag."  # a user's tag whose key MLflow would refuse
KEY_LIMIT = 250
RESERVED = (PREFIX, "mlflow.")


def tag_key(key: str) -> str:
    """The MLflow key under which a user's tag lies."""
    return key if _plain(key) else _limited(TAG + quoted(key), key)


def property_key(key: str) -> str:
    return _limited(PROPERTY + quoted(key), key)


def tags_of(tags: Mapping[str, str]) -> dict[str, str]:
    """A user's own tags among MLflow's; what MLflow or we added is left out."""
    return {_unquoted(k, TAG): v for k, v in tags.items() if k.startswith(TAG) or not k.startswith(RESERVED)}


def properties_of(tags: Mapping[str, str]) -> dict[str, str]:
    return {_unquoted(k, PROPERTY): v for k, v in tags.items() if k.startswith(PROPERTY)}


def packed(tags: Mapping[str, str], properties: Mapping[str, str], limit: int) -> dict[str, str]:
    """Tags and properties under their MLflow keys; `InvalidInput` for a value longer than `limit`."""
    both = {tag_key(k): _fitting(k, v, limit) for k, v in tags.items()}
    return both | {property_key(k): _fitting(k, v, limit) for k, v in properties.items()}


def quoted(text: str) -> str:
    """Text of any characters as one that is safe as an MLflow key and as a file name, and back by `unquoted`."""
    return quote(text, safe="").replace("~", "%7E").replace("%", ":")


def unquoted(text: str) -> str:
    return unquote(text.replace(":", "%"))


def _unquoted(key: str, prefix: str) -> str:
    return unquoted(key[len(prefix) :]) if key.startswith(prefix) else key


def _plain(key: str) -> bool:
    return (
        re.fullmatch(r"[/\w.\- :]+", key) is not None
        and posixpath.normpath(key) == key
        and not key.startswith(("/", "..", *RESERVED))
        and key != "."
        and len(key) <= KEY_LIMIT
    )


def _limited(stored: str, key: str) -> str:
    if not key:
        raise InvalidInput("A tag or property needs a name, and an empty text was given.")
    if len(stored) > KEY_LIMIT:
        raise InvalidInput(
            f"The name {key[:40]!r}… has {len(key)} characters; MLflow keeps names of about 200 at most."
        )
    return stored


def _fitting(key: str, value: str, limit: int) -> str:
    if not isinstance(value, str):
        raise InvalidInput(
            f"The value of {key!r} is {value!r}, a {type(value).__name__}; tags and properties are text."
        )
    if len(value) > limit:
        raise InvalidInput(
            f"The value of {key!r} has {len(value):,} characters; at most {limit:,} fit. Keep longer texts in a file."
        )
    return value
