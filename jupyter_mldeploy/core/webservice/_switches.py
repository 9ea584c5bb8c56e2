"""What every deployment configuration may say beside v1's parameters: settings of the scoring server by their names,
a certificate, an outside issuer of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...specs import Settings, Tls

if TYPE_CHECKING:
    from ._configuration import WebserviceDeploymentConfiguration

NAMES = ("server", "tls", "oidc", "docker")
SHAPE = "give (certificate file, key file), and as a third the name that the certificate is made out to, if need be"


def applied(settings: Settings, asked: WebserviceDeploymentConfiguration) -> Settings:
    """The settings with what the configuration says of these."""
    own: dict[str, Any] = {"server": dict(asked.server or {}), "tls": asked._tls(), "oidc": dict(asked.oidc or {})}
    return replace(settings, docker=dict(asked.docker or {}), **own)


def running(settings: Settings) -> dict[str, Any]:
    """What a service was told, by the names that a configuration has for it."""
    auth = {"auth_enabled": settings.auth == "key", "token_auth_enabled": settings.auth == "token"}
    return {name: getattr(settings, name) for name in NAMES} | auth


def problems(asked: WebserviceDeploymentConfiguration) -> list[str]:
    """What is of the wrong kind, one sentence each; names and values inside are the scoring server's to check."""
    found = [
        f"{name} is {value!r}: it must be a mapping of names to values."
        for name, value in (("server", asked.server), ("oidc", asked.oidc), ("docker", asked.docker))
        if not isinstance(value, (Mapping, type(None)))
    ]
    if asked.tls and tls(asked.tls) is None:
        found.append(f"tls is {asked.tls!r}: {SHAPE}.")
    return found


def tls(value: Any) -> Tls | None:
    """Files in whatever form they were given, by their full paths; None for what says nothing."""
    if isinstance(value, Tls):
        return value
    if not isinstance(value, (tuple, list)) or len(value) not in (2, 3):
        return None
    certificate, key, *name = value
    if not (isinstance(certificate, (str, PathLike)) and isinstance(key, (str, PathLike))):
        return None
    return Tls(full(certificate), full(key), *map(str, name))


def full(path: str | PathLike[str]) -> str:
    """A path as it is meant from the current folder."""
    return str(Path(path).expanduser().absolute())
