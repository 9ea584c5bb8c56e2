"""What a service keeps secret: two keys and the secret that signs its tokens, in a file for its owner only (0600)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ..disk import Home, read_json, write_json
from ..errors import InvalidInput
from ..server import tokens
from . import principals, records
from .telling import tell


def keys(home: Home, name: str) -> tuple[str, str]:
    """The primary and the secondary key."""
    records.record(home, name)
    return settle(home, name)


def settle(home: Home, name: str, given: tuple[str, str] | None = None) -> tuple[str, str]:
    """The service's two keys; made when it has none, replaced by `given`, of which an empty one is made anew."""
    content = _read(home, name)
    if given is not None or "keys" not in content:
        primary, secondary = given or ("", "")
        content["keys"] = [primary or secrets.token_urlsafe(32), secondary or secrets.token_urlsafe(32)]
        _write(home, name, content)
    return content["keys"][0], content["keys"][1]


def regenerate_key(home: Home, name: str, which: Literal["primary", "secondary"], value: str | None = None) -> None:
    """Replace one key, by `value` or a new one; returns when every replica has confirmed."""
    with records.changing(home, name):
        record = records.record(home, name)
        primary, secondary = settle(home, name)
        made = settle(home, name, (value or "", secondary) if which == "primary" else (primary, value or ""))
        tell(home, record, {"v": 1, "op": "keys", "keys": list(made)})


def token(home: Home, name: str) -> tokens.Token:
    """A new token for the workspace's own use of the service. Raises `InvalidInput` when it checks none."""
    auth = records.record(home, name).plan.settings.auth
    if auth != "token":
        raise InvalidInput(
            f"Service {name!r} takes no tokens: its auth is {auth!r}. Update it with token_auth_enabled=True first."
        )
    return tokens.mint(name, tokens.OWNER, _signing(home, name))


def revoke_tokens(home: Home, name: str) -> None:
    """End every token of the service, from the next request on; new ones can be asked for at once."""
    with records.changing(home, name):
        record = records.record(home, name)
        _write(home, name, {**_read(home, name), "signing": [tokens.new_secret()]})
        tell(home, record, {"v": 1, "op": "keys", "signing": [_signing(home, name)]})


def for_target(home: Home, name: str) -> Mapping[str, Any]:
    """What a target is given as secrets."""
    kept = {"keys": list(settle(home, name)), "signing": [_signing(home, name)]}
    return {**kept, "principals": principals.for_front(home, name)}


def _signing(home: Home, name: str) -> str:
    content = _read(home, name)
    if "signing" not in content:
        content["signing"] = [tokens.new_secret()]
        _write(home, name, content)
    return content["signing"][0]


def _read(home: Home, name: str) -> dict[str, list[str]]:
    try:
        return read_json(_path(home, name), dict[str, list[str]])
    except FileNotFoundError:
        return {}


def _write(home: Home, name: str, content: Mapping[str, list[str]]) -> None:
    write_json(_path(home, name), content, mode=0o600)


def _path(home: Home, name: str) -> Path:
    return home.service(name) / "secrets.json"
