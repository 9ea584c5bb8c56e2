"""The secrets of service principals: how they are made, what is stored of them, and how one is checked."""

from __future__ import annotations

import secrets
from hashlib import sha256
from hmac import compare_digest


def new_secret() -> str:
    """A secret that nobody can guess: 256 random bits."""
    return secrets.token_urlsafe(32)


def hashed(secret: str, salt: str = "") -> str:
    """`salt$digest`. One SHA-256 is enough: a secret is never chosen by a person, so there is nothing to try out, and
    a costly hash would only give strangers a way to keep the front busy."""
    salt = salt or secrets.token_hex(16)
    return f"{salt}${sha256(f'{salt}{secret}'.encode('utf-8', 'surrogatepass')).hexdigest()}"


def matches(secret: str, stored: str) -> bool:
    """Whether `stored` was made of `secret`, in constant time."""
    return compare_digest(hashed(secret, stored.partition("$")[0]), stored)
