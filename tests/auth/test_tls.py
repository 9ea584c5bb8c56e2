"""TLS by files: a private CA, certificates exchanged without a restart, and files that cannot work."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from authority import Authority, authority, plain, shown
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ..server.front.fronts import Front, ask, eventually
from .parts import bearer, good, guarded

NewFront = Callable[..., Front]


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    return authority(tmp_path)


@pytest.fixture
def front(ca: Authority, tmp_path: Path) -> Iterator[Front]:
    made = guarded(tmp_path, tls=files(tmp_path)).serve()
    yield made
    assert made.stop() == 0


def files(folder: Path) -> dict[str, str]:
    return {"certificate": str(folder / "tls.crt"), "key": str(folder / "tls.key")}


def connected(front: Front, ca: Authority) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection("127.0.0.1", front.port, timeout=10, context=ca.client())


def served(front: Front, ca: Authority) -> str:
    return shown(front.port, ca)


def test_it_speaks_https_to_who_trusts_the_ca_and_nothing_else(front: Front, ca: Authority) -> None:
    connection = connected(front, ca)
    for number in range(3):
        answer = ask(connection, "POST", "/score", f'{{"echo": {number}}}', bearer(good()))
        assert (answer.status, answer.json["echo"]) == (200, number)
    connection.close()
    with pytest.raises((OSError, http.client.HTTPException)):
        front.request("GET", "/")
    with pytest.raises(ssl.SSLCertVerificationError):
        http.client.HTTPSConnection("127.0.0.1", front.port, timeout=10).request("GET", "/")


def test_large_bodies_cross_it_unharmed_in_both_directions(front: Front, ca: Authority) -> None:
    connection = connected(front, ca)
    answer = ask(connection, "POST", "/score", f'{{"size": 3000000, "fill": "{"y" * 3000000}"}}', bearer(good()))
    assert (answer.status, len(answer.json)) == (200, 3_000_000)
    refused = ask(connection, "POST", "/score", "z" * 3_000_000, {})
    assert refused.status == 401
    connection.close()


def test_a_certificate_is_exchanged_without_a_restart_and_old_connections_go_on(front: Front, ca: Authority) -> None:
    old = connected(front, ca)
    assert ask(old, "GET", "/", None, None).status == 200
    assert served(front, ca) == "first"
    ca.issue("second")
    eventually(lambda: served(front, ca) == "second", 5)
    assert ask(old, "POST", "/score", "{}", bearer(good())).status == 200
    old.close()
    front.logged("The certificate has been exchanged")


def test_a_pair_that_does_not_fit_leaves_the_old_one_in_force(front: Front, ca: Authority) -> None:
    ca.issue("third", key="elsewhere.key")
    front.logged("The certificate in force stays")
    assert served(front, ca) == "first"
    (ca.folder / "tls.key").unlink()
    time.sleep(1.2)
    assert served(front, ca) == "first"
    (ca.folder / "elsewhere.key").rename(ca.folder / "tls.key")
    eventually(lambda: served(front, ca) == "third", 5)


def test_an_idle_client_does_not_hold_up_the_end(front: Front, ca: Authority) -> None:
    connection = connected(front, ca)
    assert ask(connection, "GET", "/", None, None).status == 200
    began = time.monotonic()
    assert front.stop() == 0
    assert time.monotonic() - began < 5
    connection.close()


def test_files_that_cannot_work_are_refused_at_the_start(ca: Authority, tmp_path: Path) -> None:
    key = tmp_path / "tls.key"
    right = key.read_bytes()
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    for content in (b"no key", locked, plain(ec.generate_private_key(ec.SECP256R1()))):
        key.write_bytes(content)
        front = guarded(tmp_path, tls=files(tmp_path)).start()
        assert front.process.wait(10) == 1
        assert "do not fit" in front.outcome()["reason"]
    key.unlink()
    front = guarded(tmp_path, tls=files(tmp_path)).start()
    assert front.process.wait(10) == 1
    assert "cannot be read" in front.outcome()["reason"]
    assert right.decode() not in front.output()
