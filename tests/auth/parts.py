"""A front that checks tokens, tokens of every kind of wrongness, and a small OpenID issuer."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from jupyter_mldeploy.server import principals, tokens

from ..server.front.fronts import ECHO, KEYS, Front

SIGNING = "a-signing-secret-of-the-tests-that-is-long-enough"
PRINCIPAL, PASSWORD = "principal-1", "the-password-of-principal-1"


def guarded(folder: Path, **changes: Any) -> Front:
    secrets = {
        "keys": KEYS,
        "signing": [SIGNING],
        "principals": [{"id": PRINCIPAL, "hash": principals.hashed(PASSWORD), "ends": None}],
    }
    path = folder / "secrets.json"
    path.write_text(json.dumps(secrets))
    path.chmod(0o600)
    return Front(folder, **{"name": "svc", "auth": "token", "secrets": str(path)} | changes).script(ECHO)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def good(subject: str = tokens.OWNER) -> str:
    return tokens.mint("svc", subject, SIGNING).text


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token of the service says, changed; None leaves a claim out."""
    now = int(time.time())
    said = {"iss": tokens.ISSUER, "aud": "svc", "sub": tokens.OWNER, "iat": now, "nbf": now, "exp": now + 600}
    return {name: value for name, value in (said | changes).items() if value is not None}


def signed(secret: str = SIGNING, algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), secret, algorithm=algorithm)


class Issuer:
    """Publishes its keys over HTTP, signs by them, and counts who asks."""

    audience, name = "ml-callers", "https://login.example"

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.asked = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                body = json.dumps({"keys": [public(kid, key) for kid, key in issuer.keys.items()]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.config = {
            "issuer": self.name,
            "audience": self.audience,
            "jwks_url": f"http://127.0.0.1:{self._server.server_port}/keys",
            "leeway_seconds": 60,
        }

    def __enter__(self) -> Issuer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def new_key(self, kid: str, kind: str = "RS256") -> None:
        if kind == "RS256":
            self.keys[kid] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        else:
            self.keys[kid] = ec.generate_private_key(ec.SECP256R1())

    def token(self, kid: str, key: Any = None, **changes: Any) -> str:
        signer = key or self.keys[kid]
        algorithm = "RS256" if isinstance(signer, rsa.RSAPrivateKey) else "ES256"
        said = claims(**{"iss": self.name, "aud": self.audience, "sub": "somebody"} | changes)
        return jwt.encode(said, signer, algorithm=algorithm, headers={"kid": kid})


def public(kid: str, key: Any) -> dict[str, Any]:
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}
