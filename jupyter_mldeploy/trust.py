"""Whom our client trusts over TLS: the machine's authorities, those that the caller names, and a service's own
certificate, for that service alone."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from .specs import Address

VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")  # as any client reads them
SESSIONS = 16  # kept open, one for each service with TLS


def session(service: Address | None) -> requests.Session:
    """The session for calls of `service`, or of whatever has no certificate of its own here."""
    authorities = next(filter(None, map(os.environ.get, VARIABLES)), "")
    if service is None or not service.certificate:
        return _session(authorities)
    try:
        found = Path(service.certificate).stat()
    except OSError:
        return _session(authorities)  # the front still holds what was there; an authority may vouch for it
    stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
    return _session(authorities, service.certificate, service.name, stamp)


class _Pinned(HTTPAdapter):
    """Takes one more certificate as good: for `name`, or, without one, that very certificate and no other."""

    def __init__(self, certificate: str, name: str) -> None:
        context = ssl.create_default_context()
        context.load_verify_locations(certificate)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # trusted as it is, whoever signed it …
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # … and whatever private authorities leave out
        self._how: dict[str, Any] = {"ssl_context": context}
        if name:
            self._how |= {"assert_hostname": name, "server_hostname": name}
        else:
            self._how["assert_fingerprint"] = _fingerprint(certificate)
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **self._how, **more)


def _fingerprint(path: str) -> str:
    """The SHA-256 of the first certificate in a PEM file: the service's own, before its chain."""
    text = Path(path).read_text()
    first = text[text.index(ssl.PEM_HEADER) : text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)]
    return sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()


@lru_cache(maxsize=SESSIONS)
def _session(authorities: str, certificate: str = "", name: str = "", stamp: tuple[int, ...] = ()) -> requests.Session:
    """A session for these; `stamp` changes when the certificate's file does."""
    made = requests.Session()
    # The services are the user's own; a proxy or a .netrc of the machine has no business between.
    made.trust_env = False
    made.verify = authorities or True
    if certificate:
        made.mount("https://", _Pinned(certificate, name))
    return made
