"""A service's own tokens at its front: what opens it, and every way in which one is refused."""

from __future__ import annotations

import base64
import json
import select
import time
from collections.abc import Callable

import jwt
import psutil
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ..server.front.fronts import KEYS, Front, Load, eventually
from .parts import PASSWORD, PRINCIPAL, SIGNING, bearer, claims, good, signed

NewFront = Callable[..., Front]


def ask(front: Front, **content: object) -> object:
    return front.request("POST", "/token", json.dumps(content))


def unsigned() -> str:
    return jwt.encode(claims(), None, algorithm="none")


def by_public_key() -> str:
    """HS256 with a published RSA key as the secret, as in the well-known attack."""
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, claims())
    )
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(head + b"." + body, pem)
    return b".".join((head, body, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()


def by_rsa() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims(), key, algorithm="RS256", headers={"kid": "1"})


def with_other_claims() -> str:
    head, _, signature = good().split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims(exp=int(time.time()) + 10**6)).encode()).rstrip(b"=").decode()
    return ".".join((head, body, signature))


NOW = int(time.time())
WRONG = {
    "no algorithm": unsigned,
    "a public key as the secret": by_public_key,
    "another algorithm": by_rsa,
    "HS384 with the right secret": lambda: signed(algorithm="HS384"),
    "another secret": lambda: signed("another-secret-of-the-tests-that-is-long-enough"),
    "changed claims": with_other_claims,
    "expired": lambda: signed(exp=int(time.time()) - 60, iat=NOW - 900, nbf=NOW - 900),
    "not valid yet": lambda: signed(nbf=int(time.time()) + 600),
    "made in the future": lambda: signed(iat=int(time.time()) + 600),
    "another service": lambda: signed(aud="other"),
    "several audiences": lambda: signed(aud=["svc", "other"]),
    "another issuer": lambda: signed(iss="somebody"),
    "no end": lambda: signed(exp=None),
    "no audience": lambda: signed(aud=None),
    "no subject": lambda: signed(sub=None),
    "a principal that is not known": lambda: signed(sub="nobody"),
    "an expiry that is no number": lambda: signed(exp="soon"),
    "a key": lambda: KEYS[0],
    "nothing": lambda: "",
    "three dots": lambda: "...",
    "no JSON": lambda: "YQ.YQ.YQ",
    "not ASCII": lambda: "é" * 9,
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_token_is_a_401_everywhere(tokens_only: Front, kind: str) -> None:
    sent = bearer(WRONG[kind]())
    for path in ("/score", "/swagger.json", "/metrics", "/docs"):
        assert tokens_only.request("GET", path, headers=sent).status == 401
    answer = tokens_only.score({"echo": 1}, **sent)
    assert answer.status == 401
    assert answer.json.keys() == {"message"}
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("subject", ["owner", PRINCIPAL])
def test_a_good_token_opens_every_route(tokens_only: Front, subject: str) -> None:
    sent = bearer(good(subject))
    for _ in range(2):
        assert tokens_only.score({"echo": 1}, **sent).json["echo"] == 1
    for path in ("/swagger.json", "/metrics", "/docs"):
        assert tokens_only.request("GET", path, headers=sent).status == 200


def test_health_and_pre_flight_need_no_token(tokens_only: Front) -> None:
    for path in ("/", "/livez", "/readyz"):
        assert tokens_only.request("GET", path).status == 200
    asking = {"Origin": "http://a.b", "Access-Control-Request-Method": "POST"}
    answer = tokens_only.request("OPTIONS", "/score", headers=asking)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "http://a.b")


def test_clocks_may_differ_by_seconds(tokens_only: Front) -> None:
    now = int(time.time())
    assert tokens_only.score({}, **bearer(signed(nbf=now + 10, iat=now + 10))).status == 200
    assert tokens_only.score({}, **bearer(signed(exp=now - 10))).status == 200


def test_a_token_ends_while_it_is_in_use(new_front: NewFront) -> None:
    front = new_front().serve()
    sent = bearer(signed(exp=int(time.time()) - 28))
    assert front.score({}, **sent).status == 200
    eventually(lambda: front.score({}, **sent).status == 401, 10)


def test_id_and_secret_are_exchanged_for_a_token(tokens_only: Front) -> None:
    granted = ask(tokens_only, client_id=PRINCIPAL, client_secret=PASSWORD)
    assert granted.status == 200
    assert granted.headers["cache-control"] == "no-store"
    assert granted.json["token_type"] == "Bearer"
    assert time.time() < granted.json["refresh_after"] < granted.json["expires_on"]
    assert tokens_only.score({}, **bearer(granted.json["access_token"])).status == 200


def test_a_form_is_understood_as_oauth_clients_send_it(tokens_only: Front) -> None:
    body = f"grant_type=client_credentials&client_id={PRINCIPAL}&client_secret={PASSWORD}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert tokens_only.request("POST", "/token", body, headers).status == 200


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"client_id": PRINCIPAL, "client_secret": "wrong"}, 401),
        ({"client_id": "nobody", "client_secret": PASSWORD}, 401),
        ({"client_id": "nobody", "client_secret": "nobody"}, 401),
        ({"client_id": PRINCIPAL, "client_secret": "é\ud800"}, 401),
        ({"client_id": PRINCIPAL}, 400),
        ({"client_id": [], "client_secret": {}}, 400),
        ({"client_id": PRINCIPAL, "client_secret": "x" * 9000}, 413),
    ],
)
def test_what_is_no_id_and_secret_gets_no_token(tokens_only: Front, given: dict[str, object], status: int) -> None:
    answer = ask(tokens_only, **given)
    assert answer.status == status
    assert PASSWORD not in answer.body.decode()


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"[" * 5000])
def test_bodies_that_are_no_request_are_a_400(tokens_only: Front, body: bytes) -> None:
    assert tokens_only.request("POST", "/token", body).status == 400


def test_a_service_with_keys_gives_out_no_tokens(new_front: NewFront) -> None:
    front = new_front(auth="key").serve()
    assert ask(front, client_id=PRINCIPAL, client_secret=PASSWORD).status == 404
    assert front.score({}, **bearer(good())).status == 401


def test_a_revoked_principal_loses_its_tokens_at_once(new_front: NewFront) -> None:
    front = new_front().serve()
    sent = bearer(ask(front, client_id=PRINCIPAL, client_secret=PASSWORD).json["access_token"])
    assert front.score({}, **sent).status == 200
    assert front.control("keys", principals=[]) == {"ok": True}
    assert front.score({}, **sent).status == 401
    assert "revoked" in front.score({}, **sent).json["message"]
    assert ask(front, client_id=PRINCIPAL, client_secret=PASSWORD).status == 401
    assert front.score({}, **bearer(good())).status == 200


def test_a_new_signing_secret_ends_all_tokens(new_front: NewFront) -> None:
    front = new_front().serve()
    sent = bearer(good())
    assert front.score({}, **sent).status == 200
    assert front.control("keys", signing=["another-secret-of-the-tests-that-is-long-enough"])["ok"]
    assert front.score({}, **sent).status == 401


def test_secrets_change_under_load_without_a_failed_request(new_front: NewFront) -> None:
    front = new_front(workers=2).serve()
    with Load(front, headers=bearer(good())) as load:
        for number in range(5):
            before = load.seen["right"]
            assert front.control("keys", signing=[f"new-secret-{number}-of-the-tests-that-is-long", SIGNING])["ok"]
            eventually(lambda before=before: load.seen["right"] > before + 20)
    assert set(load.seen) == {"right"}


def test_auth_is_switched_from_keys_to_tokens_while_serving(new_front: NewFront) -> None:
    front = new_front(auth="key").serve()
    assert front.score({}, **bearer(KEYS[0])).status == 200
    assert front.control("auth", auth="token") == {"ok": True}
    assert front.score({}, **bearer(KEYS[0])).status == 401
    assert front.score({}, **bearer(good())).status == 200


def test_without_a_signing_secret_it_does_not_start(new_front: NewFront) -> None:
    front = new_front()
    (front.folder / "secrets.json").write_text(json.dumps({"keys": KEYS}))
    assert front.start().process.wait(10) == 1
    assert "signing" in front.outcome()["reason"]


def test_failures_are_counted_and_answered_later_each_time_and_nobody_else_waits(new_front: NewFront) -> None:
    front = new_front(settings={"failures_free": 3, "failure_delay_ms": 1000}).serve()
    took = []
    for _ in range(8):
        began = time.monotonic()
        assert front.score({}, **bearer("wrong")).status == 401
        took.append(time.monotonic() - began)
    assert min(took[:3]) < 0.05
    assert all(seconds >= least for seconds, least in zip(took[3:], (0.05, 0.1, 0.2, 0.4, 0.8), strict=True))
    slow = front.connect()
    slow.request("POST", "/score", "{}", bearer("wrong"))
    assert front.score({}, **bearer(good())).status == 200
    assert not select.select([slow.sock], [], [], 0)[0]
    assert slow.getresponse().status == 401
    assert ask(front, client_id=PRINCIPAL, client_secret="wrong").status == 401
    assert front.control("stats")["unauthorised"] == 10


def test_tokens_and_secrets_are_in_no_log_no_process_list_and_no_reply(new_front: NewFront) -> None:
    front = new_front().serve()
    token = ask(front, client_id=PRINCIPAL, client_secret=PASSWORD).json["access_token"]
    front.score({}, **bearer(token))
    refused = front.score({}, **bearer(signed(aud="other")))
    ask(front, client_id=PRINCIPAL, client_secret="a-wrong-password")
    front.logged("POST /token 401")
    replies = json.dumps([front.control("status"), front.control("stats"), refused.json])
    seen = [replies, front.log_file.read_text(), front.output(), front.outcome_file.read_text()]
    for process in (psutil.Process(front.pid), *psutil.Process(front.pid).children()):
        seen += [" ".join(process.cmdline()), json.dumps(process.environ())]
    for secret in (token, token.split(".")[2], SIGNING, PASSWORD, "a-wrong-password"):
        assert not any(secret in text for text in seen)
