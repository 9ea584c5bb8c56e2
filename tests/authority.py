"""A private certificate authority of the tests, whose certificates are files that can be exchanged."""

from __future__ import annotations

import datetime
import http.client
import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority(NamedTuple):
    """A private CA and the folder where it puts certificates."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    folder: Path

    def issue(self, name: str, certificate: str = "tls.crt", key: str = "tls.key", host: str = "127.0.0.1") -> None:
        """Sign a certificate for `host`; `name` is only what it shows."""
        made = ec.generate_private_key(ec.SECP256R1())
        kind = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        signed = built(name, made.public_key(), self.certificate.subject).add_extension(issuer, False)
        signed = signed.add_extension(x509.SubjectAlternativeName([kind]), False)
        put(self.folder / certificate, signed.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        put(self.folder / key, plain(made))

    @property
    def files(self) -> tuple[str, str]:
        """The certificate and the key that it issued last, under their usual names."""
        return str(self.folder / "tls.crt"), str(self.folder / "tls.key")

    @property
    def own(self) -> str:
        """The file of its own certificate, for clients."""
        put(self.folder / "ca.crt", self.certificate.public_bytes(serialization.Encoding.PEM))
        return str(self.folder / "ca.crt")

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


def authority(folder: Path) -> Authority:
    """A new CA, which has issued one certificate for this machine's address."""
    key = ec.generate_private_key(ec.SECP256R1())
    is_ca = x509.BasicConstraints(ca=True, path_length=None)
    may = dict.fromkeys(("digital_signature", "key_cert_sign", "crl_sign"), True)
    never = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only")
    usage = x509.KeyUsage(**may, **dict.fromkeys((*never, "decipher_only"), False))
    own = built("ca", key.public_key()).add_extension(is_ca, True).add_extension(usage, True)
    own = own.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    made = Authority(key, own.sign(key, hashes.SHA256()), folder)
    made.issue("first")
    return made


def shown(port: int, ca: Authority) -> str:
    """The name in the certificate that a new client is shown."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=ca.client())
    connection.connect()
    try:
        name: str = connection.sock.getpeercert()["subject"][0][0][1]
        return name
    finally:
        connection.close()
