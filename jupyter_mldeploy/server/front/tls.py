"""TLS by a certificate and a key file; both may be exchanged while the front serves: noticed within 1 s."""

from __future__ import annotations

import os
import ssl

from .config import ConfigError, Tls


class Certificate:
    """The context that new connections are made with."""

    def __init__(self, files: Tls) -> None:
        self.files = files
        self.context = _loaded(files)
        self._seen = self._stamp()

    def refresh(self) -> str:
        """Take up files that have changed, for the next connection on; returns what to log, empty when nothing.

        A pair that does not fit, as between the exchange of one file and the other, changes nothing.
        """
        seen = self._stamp()
        if seen == self._seen:
            return ""
        self._seen = seen
        try:
            _loaded(self.files)
            self.context.load_cert_chain(self.files.certificate, self.files.key, _no_password)
        except ConfigError as error:
            return f"The certificate in force stays: {error}"
        return "The certificate has been exchanged."

    def _stamp(self) -> list[tuple[int, int, int]]:
        return [_identity(path) for path in (self.files.certificate, self.files.key)]


def _identity(path: str) -> tuple[int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _loaded(files: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(files.certificate, files.key, _no_password)
    except ssl.SSLError as error:
        raise ConfigError(
            f"Certificate {files.certificate} and key {files.key} do not fit: {error.reason or error}. "
            "Both must be PEM files, the key without a password."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"Certificate {files.certificate} or key {files.key} cannot be read: {error.strerror}."
        ) from error
    return context


def _no_password() -> str:
    """Never ask on a terminal."""
    return ""
