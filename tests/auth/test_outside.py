"""Tokens of an outside issuer: RS256 and ES256 by published keys, their rollover, and what is refused."""

from __future__ import annotations

import time
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ..server.front.fronts import Front, eventually
from .parts import Issuer, bearer, claims, good, guarded

NewFront = Callable[..., Front]
FREE = {"failures_free": 10_000}


@pytest.fixture
def front(new_front: NewFront, issuer: Issuer) -> Front:
    issuer.new_key("one")
    issuer.new_key("two", "ES256")
    return new_front(oidc=issuer.config, settings=FREE).serve()


def test_both_kinds_of_key_open_the_service_and_its_own_tokens_still_do(front: Front, issuer: Issuer) -> None:
    for kid in ("one", "two"):
        assert front.score({"echo": kid}, **bearer(issuer.token(kid))).json["echo"] == kid
    assert front.score({}, **bearer(good())).status == 200


def test_wrong_tokens_are_refused(front: Front, issuer: Issuer) -> None:
    now = int(time.time())
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    tokens = {
        "signature": issuer.token("one", stranger),
        "audience": issuer.token("one", aud="somebody-else"),
        "service instead of audience": issuer.token("one", aud="svc"),
        "issuer": issuer.token("one", iss="https://evil.example"),
        "our own name as issuer": issuer.token("one", iss="jupyter-mldeploy"),
        "expired": issuer.token("one", exp=now - 120),
        "future": issuer.token("one", nbf=now + 600),
        "no end": issuer.token("one", exp=None),
        "the other key's id": issuer.token("two", issuer.keys["one"]),
        "own claims by a foreign key": issuer.token("one", iss="jupyter-mldeploy", aud="svc", sub="owner"),
        "no algorithm": jwt.encode(claims(iss=issuer.name, aud=issuer.audience), None, "none", {"kid": "one"}),
    }
    passed = {kind for kind, token in tokens.items() if front.score({}, **bearer(token)).status != 401}
    assert not passed


def test_its_clock_may_differ_as_far_as_is_said(front: Front, issuer: Issuer) -> None:
    now = int(time.time())
    assert front.score({}, **bearer(issuer.token("one", exp=now - 40))).status == 200
    assert front.score({}, **bearer(issuer.token("one", nbf=now + 40, iat=now + 40))).status == 200


def test_strangers_key_ids_do_not_make_it_ask_again_and_again(front: Front, issuer: Issuer) -> None:
    assert front.score({}, **bearer(issuer.token("one"))).status == 200
    before = issuer.asked
    for number in range(20):
        assert front.score({}, **bearer(issuer.token(f"invented-{number}", issuer.keys["one"]))).status == 401
    assert issuer.asked <= before + 1


@pytest.mark.timeout(60)
def test_a_new_key_is_learned_by_the_first_token_that_names_it(front: Front, issuer: Issuer) -> None:
    assert front.score({}, **bearer(issuer.token("one"))).status == 200
    old = issuer.token("one")
    del issuer.keys["one"]
    issuer.new_key("three")
    eventually(lambda: front.score({}, **bearer(issuer.token("three"))).status == 200, 15)
    assert front.score({}, **bearer(old)).status == 401


def test_the_first_token_after_the_start_waits_for_the_keys(new_front: NewFront, issuer: Issuer) -> None:
    issuer.new_key("one")
    front = new_front(oidc=issuer.config).serve()
    assert front.score({}, **bearer(issuer.token("one"))).status == 200
    assert front.control("stats")["unauthorised"] == 0


def test_an_issuer_that_does_not_answer_is_named_and_own_tokens_go_on(new_front: NewFront, issuer: Issuer) -> None:
    issuer.new_key("one")
    nowhere = issuer.config | {"jwks_url": "http://127.0.0.1:9/keys"}
    front = new_front(oidc=nowhere).serve()
    answer = front.score({}, **bearer(issuer.token("one")))
    assert answer.status == 401
    assert "cannot be fetched" in answer.json["message"]
    assert front.score({}, **bearer(good())).status == 200


@pytest.mark.parametrize(
    ("oidc", "said"),
    [
        ({"issuer": "i", "audience": "a", "jwks_url": "http://elsewhere/keys"}, "https"),
        ({"issuer": "i", "audience": "a", "jwks_url": "file:///etc/passwd"}, "https"),
        ({"issuer": "", "audience": "a", "jwks_url": "https://a/"}, "oidc.issuer is empty"),
        ({"issuer": "i", "jwks_url": "https://a/"}, "oidc.audience"),
        ({"issuer": "i", "audience": "a", "jwks_url": "https://a/", "more": 1}, "'more'"),
    ],
)
def test_an_issuer_that_cannot_work_is_refused_at_the_start(tmp_path, oidc: dict[str, object], said: str) -> None:
    front = guarded(tmp_path, oidc=oidc).start()
    assert front.process.wait(10) == 1
    assert said in front.output()
