"""TLS by files: a private CA, certificates exchanged without a restart, and files that cannot work."""

from __future__ import annotations

import datetime
import http.client
import ssl
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ..server.front.fronts import Front, ask, eventually
from .parts import bearer, good, guarded

NewFront = Callable[..., Front]


class Authority(NamedTuple):
    """A private CA and the folder where it puts certificates."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    folder: Path

    def issue(self, name: str, certificate: str = "tls.crt", key: str = "tls.key") -> None:
        made = ec.generate_private_key(ec.SECP256R1())
        alternatives = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        signed = built(name, made.public_key(), self.certificate.subject).add_extension(alternatives, False)
        put(self.folder / certificate, signed.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        put(self.folder / key, plain(made))

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.certificate.public_bytes(serialization.Encoding.PEM).decode())


def built(name: str, key: ec.EllipticCurvePublicKey, issuer: x509.Name | None = None) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject).public_key(key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
    return builder.not_valid_after(now + datetime.timedelta(days=1))


def plain(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def put(path: Path, content: bytes) -> None:
    """Rename over what is there, as those do who exchange certificates."""
    aside = path.with_suffix(".new")
    aside.write_bytes(content)
    aside.rename(path)


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    is_ca = x509.BasicConstraints(ca=True, path_length=None)
    made = Authority(key, built("ca", key.public_key()).add_extension(is_ca, True).sign(key, hashes.SHA256()), tmp_path)
    made.issue("first")
    return made


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
    """The name in the certificate that a new client is shown."""
    connection = connected(front, ca)
    connection.connect()
    try:
        return connection.sock.getpeercert()["subject"][0][0][1]
    finally:
        connection.close()


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
