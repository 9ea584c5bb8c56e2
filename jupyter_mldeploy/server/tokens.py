"""A service's own tokens: JWT signed by HS256 with that service's secret, for it alone and for a limited time."""

from __future__ import annotations

import secrets
import time
from typing import NamedTuple

ISSUER = "jupyter-mldeploy"
ALGORITHM = "HS256"
OWNER = "owner"  # the subject of tokens that the workspace takes for itself
LIFETIME = 6 * 3600  # seconds


class Token(NamedTuple):
    """A token and its times, in seconds since the epoch; ask for another one from `refresh_after` on."""

    text: str
    refresh_after: int
    expires: int


def mint(service: str, subject: str, secret: str, ends: float | None = None) -> Token:
    """Make a token for `service` that `subject` may use until `LIFETIME` is over, or until `ends` if that is sooner."""
    import jwt  # PyJWT, with cryptography behind it: a tenth of a second that only services with tokens pay

    now = int(time.time())
    expires = now + LIFETIME if ends is None else min(now + LIFETIME, int(ends))
    claims = {"iss": ISSUER, "aud": service, "sub": subject, "iat": now, "nbf": now, "exp": expires}
    text = jwt.encode({**claims, "jti": secrets.token_hex(8)}, secret, algorithm=ALGORITHM)
    return Token(text, now + (expires - now) // 2, expires)


def new_secret() -> str:
    """A signing secret of 256 bits and more, as HS256 asks for."""
    return secrets.token_urlsafe(48)
