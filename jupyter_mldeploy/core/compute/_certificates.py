"""A cluster's certificate as `AksCompute.update` gives it: as the text of its files, or as their paths."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ...disk import Home, write_bytes
from ..exceptions import ComputeTargetException
from ._aks_configurations import SslConfiguration

PEM = "-----BEGIN "
DISABLED = "disabled"
MODES = {"crt": 0o644, "key": 0o600}
ENDINGS = {"cert": "crt", "key": "key"}


def changes(home: Home, name: str, ssl: SslConfiguration) -> dict[str, str | None]:
    """What a TLS configuration changes in a cluster's record; None takes a value away."""
    if str(ssl.status).lower() == DISABLED:
        return dict.fromkeys(("ssl_cname", "ssl_cert_pem_file", "ssl_key_pem_file", "leaf_domain_label"))
    found = {"ssl_cname": ssl.cname, "leaf_domain_label": ssl.leaf_domain_label}
    given: dict[str, str | None] = {key: value for key, value in found.items() if value is not None}
    files = {f"ssl_{what}_pem_file": _file(home, name, what, getattr(ssl, what)) for what in ENDINGS}
    if any(files.values()) and not all(files.values()):
        raise ComputeTargetException("cert and key go together: give both, as the text of PEM files or as their paths.")
    return {**given, **files} if all(files.values()) else given


def remove(home: Home, name: str) -> None:
    for ending in MODES:
        _place(home, name, ending).unlink(missing_ok=True)


def _file(home: Home, name: str, what: str, given: str | None) -> str:
    """Where it lies: a path as it is, a text in a file of ours, the key's for its owner only; empty when nowhere.

    What is neither may still be a key, so it is never shown.
    """
    if given and PEM in given:
        place = _place(home, name, ENDINGS[what])
        write_bytes(place, given.encode(), mode=MODES[place.suffix[1:]])
        return str(place)
    with suppress(OSError, RuntimeError):  # too long for a path, or in the home of nobody
        if given and (path := Path(given).expanduser().absolute()).is_file():
            return str(path)
    if given:
        print(f"{what}: neither the text of a PEM file nor the path of one, so TLS is recorded, and not served.")
    return ""


def _place(home: Home, name: str, ending: str) -> Path:
    return home.path / "computes" / f"{name}.{ending}"
