"""A reload: new workers of another app, and whatever else the message changes; all of it, or nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .auth import load
from .config import parse_app, parse_auth, parse_issuer, parse_lane, parse_settings, parse_tls, parse_workers

if TYPE_CHECKING:
    from .state import Front
    from .tls import Certificate

Secure = Callable[["Certificate | None"], Awaitable[None]]


async def reload(front: Front, message: Mapping[str, Any], timeout: float, secure: Secure) -> None:
    """Bring up what `message` says and switch to it; what it leaves out stays. `secure` changes the certificate.

    With `version` it is that one of several; what is not of a version (limits of HTTP, auth, TLS) is so for all.
    Raises ConfigError or StartFailed; then everything is as it was.
    """
    app = parse_app(message.get("app"))
    name = parse_lane(message.get("version", front.lanes.default))
    held = front.lanes.by_name.get(name, front)
    workers = parse_workers(message.get("workers", held.crew.wanted))
    settings, unknown = parse_settings(message.get("settings") or {}, held.settings)
    mode = parse_auth(message.get("auth", front.auth.mode))
    certificate = _certificate(front, message)
    trust = front.auth.trusting(parse_issuer(message["oidc"]) if "oidc" in message else front.auth.issuer)
    front.auth.prepare(mode)
    await load(mode)
    await front.lanes.reload(name, (app, settings), workers, timeout)
    front.adopt(settings)
    trust()
    front.auth.switch(mode)
    await secure(certificate)
    front.note_unknown(unknown)


def _certificate(front: Front, message: Mapping[str, Any]) -> Certificate | None:
    """The certificate from now on: the one that is there, unless the message names other files or none."""
    held = front.certificate
    if "tls" not in message:
        return held
    files = parse_tls(message["tls"])
    if files is None or (held is not None and held.files == files):
        return held if files else None
    made: Certificate = import_module(".tls", __package__).Certificate(files)
    return made
