"""Tokens and service principals through a workspace, from deployment to revocation, and in a client of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from deployer import Deployer
from sandbox import VERSION, Sandbox

from jupyter_mldeploy import client, services
from jupyter_mldeploy.core import Webservice
from jupyter_mldeploy.core.authentication import ServicePrincipalAuthentication
from jupyter_mldeploy.core.exceptions import AuthenticationException, WebserviceException
from jupyter_mldeploy.core.webservice import AksWebservice
from jupyter_mldeploy.core.webservice.aks import AksServiceAccessToken
from jupyter_mldeploy.credentials import PrincipalTokens
from jupyter_mldeploy.errors import InvalidInput, NotAuthorised, NotFound, ScoringFailed, ServiceNotFound

BODY = json.dumps({"data": [[1, 2], [3, 4]]})
WITH_TOKENS = {"auth_enabled": False, "token_auth_enabled": True}


def score(box: Sandbox, token: str, name: str = "summing") -> int:
    return client.post(f"{box.url(name)}/score", BODY, key=token, timeout=30).status


def test_aks_with_tokens_answers_run_and_who_has_a_token(own: Deployer) -> None:
    service = own.deployed("tokens-aks", AksWebservice.deploy_configuration(token_auth_enabled=True))
    assert (service.auth_enabled, service.token_auth_enabled) == (False, True)
    assert service.run(BODY) == "[3, 7]"
    token = service.get_access_token()
    assert isinstance(token, AksServiceAccessToken)
    assert token.token_type == "Bearer"
    assert token.access_token not in repr(token)
    text, refresh_after = service.get_token()
    assert time.time() < refresh_after.timestamp() < token.expiry_on.timestamp() + 1
    for credential, status in ((text, 200), (service.get_keys()[0], 401), ("", 401)):
        assert client.post(service.scoring_uri, BODY, key=credential).status == status


def test_an_update_switches_between_keys_and_tokens(own: Deployer) -> None:
    service = own.deployed("switching", AksWebservice.deploy_configuration())
    with pytest.raises(WebserviceException, match="token_auth_enabled=True first"):
        service.get_token()
    service.update(**WITH_TOKENS)
    service.wait_for_deployment()
    assert (service.auth_enabled, service.token_auth_enabled) == (False, True)
    assert service.run(BODY) == "[3, 7]"
    again = Webservice(own.ws, "switching")
    again.update(auth_enabled=True, token_auth_enabled=False, num_replicas=2)
    again.wait_for_deployment()
    assert (again.auth_enabled, again.token_auth_enabled) == (True, False)
    assert again.run(BODY) == "[3, 7]"
    again.update(num_replicas=1, **WITH_TOKENS)
    again.wait_for_deployment()
    assert client.post(again.scoring_uri, BODY, key=again.get_token()[0]).status == 200


def test_a_client_with_only_the_package_and_the_address_calls_a_service(own: Deployer, tmp_path: Path) -> None:
    service = own.deployed("for-clients", AksWebservice.deploy_configuration(token_auth_enabled=True))
    issued = own.ws.issue_service_principal(["for-clients"], expires_in=timedelta(hours=1))
    assert issued.secret not in repr(issued)
    program = """
import os, requests
from jupyter_mldeploy.core.authentication import ServicePrincipalAuthentication
login = ServicePrincipalAuthentication("any tenant", os.environ["ID"], os.environ["SECRET"])
uri = os.environ["URI"]
print(requests.post(uri, data=os.environ["BODY"], auth=login).json())
print(login.signed_session().post(uri, data=os.environ["BODY"]).json())
print(login.get_token(uri).expires_on > 0, os.listdir("."))
"""
    environment = {"ID": issued.id, "SECRET": issued.secret, "URI": service.scoring_uri, "BODY": BODY}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=elsewhere,
        env={"PATH": os.environ["PATH"], "HOME": str(elsewhere)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split("\n")[:3] == ["[3, 7]", "[3, 7]", "True []"], done.stderr


def test_a_refused_token_is_exchanged_for_another_once(own: Deployer) -> None:
    service = own.deployed("renewed", AksWebservice.deploy_configuration(token_auth_enabled=True))
    issued = own.ws.issue_service_principal(["renewed"])
    login = ServicePrincipalAuthentication("", issued.id, issued.secret)
    session = login.signed_session()
    assert session.post(service.scoring_uri, BODY).status_code == 200
    services.revoke_tokens(own.ws._home, "renewed")
    answer = session.post(service.scoring_uri, BODY)
    assert (answer.status_code, len(answer.history)) == (200, 1)
    own.ws.revoke_service_principal(issued.id)
    assert session.post(service.scoring_uri, BODY).status_code == 401
    with pytest.raises(AuthenticationException, match="no token to"):
        ServicePrincipalAuthentication("", issued.id, issued.secret).get_token(service.scoring_uri)
    (kept,) = own.ws.service_principals()
    assert kept.revoked_time
    assert issued.secret not in repr(login) + repr(kept)


def test_a_login_without_an_address_says_what_it_needs() -> None:
    login = ServicePrincipalAuthentication("tenant", "id", "password")
    with pytest.raises(AuthenticationException, match="scoring_uri"):
        login.get_token()
    with pytest.raises(AuthenticationException, match="no address of a service"):
        login.get_token("my-service")
    with pytest.raises(requests.ConnectionError):
        requests.post("http://127.0.0.1:9/score", auth=lambda request: request)


@pytest.fixture
def tokens(box: Sandbox) -> Sandbox:
    box.deploy(box.plan(auth="token"))
    return box


def test_a_principal_opens_its_own_services_only(tokens: Sandbox) -> None:
    tokens.deploy(tokens.plan(VERSION.format("other"), name="other", auth="token"))
    issued = services.issue(tokens.home, ["other"])
    mine = PrincipalTokens(issued.id, issued.secret)
    token = mine.token(f"{tokens.url('other')}/score").text
    assert score(tokens, token, "other") == 200
    assert score(tokens, token, "summing") == 401
    with pytest.raises(NotAuthorised, match=r"gave no token to .* \(401\)"):
        mine.token(f"{tokens.url('summing')}/score")


def test_a_token_of_another_service_is_refused(tokens: Sandbox) -> None:
    tokens.deploy(tokens.plan(VERSION.format("other"), name="other", auth="token"))
    token = services.token(tokens.home, "other").text
    assert (score(tokens, token, "other"), score(tokens, token, "summing")) == (200, 401)


def test_a_principal_ends_by_itself_with_its_tokens(tokens: Sandbox) -> None:
    issued = services.issue(tokens.home, ["summing"], seconds=1.5)
    granted = PrincipalTokens(issued.id, issued.secret).token(f"{tokens.url()}/score")
    assert granted.expires <= issued.expires_time
    assert score(tokens, granted.text) == 200
    time.sleep(1.6)
    assert score(tokens, granted.text) == 401
    with pytest.raises(NotAuthorised):
        PrincipalTokens(issued.id, issued.secret).token(f"{tokens.url()}/score")


def test_a_revoked_principal_is_out_at_once_and_stays_out(tokens: Sandbox) -> None:
    issued, kept = (services.issue(tokens.home, ["summing"]) for _ in range(2))
    token, other = (PrincipalTokens(i.id, i.secret).token(f"{tokens.url()}/score").text for i in (issued, kept))
    services.revoke(tokens.home, issued.id)
    assert (score(tokens, token), score(tokens, other)) == (401, 200)
    tokens.deploy(tokens.plan(VERSION.format("new"), auth="token"), overwrite=True)
    assert (score(tokens, token), score(tokens, other)) == (401, 200)
    services.restart(tokens.home, "summing").wait(60)
    assert (score(tokens, token), score(tokens, other)) == (401, 200)


def test_a_revocation_reaches_a_front_that_was_dead(tokens: Sandbox) -> None:
    issued = services.issue(tokens.home, ["summing"])
    token = PrincipalTokens(issued.id, issued.secret).token(f"{tokens.url()}/score").text
    os.kill(services.record(tokens.home, "summing").handle.data["pid"], signal.SIGKILL)
    while services.state(tokens.home, "summing").phase == "Healthy":
        time.sleep(0.02)
    services.revoke(tokens.home, issued.id)
    services.restart(tokens.home, "summing").wait(60)
    assert score(tokens, token) == 401


def test_only_hashes_and_only_owners_files(tokens: Sandbox) -> None:
    issued = services.issue(tokens.home, ["summing"])
    token = services.token(tokens.home, "summing").text
    key, _ = services.keys(tokens.home, "summing")
    signing = json.loads((tokens.home.service("summing") / "secrets.json").read_text())["signing"][0]
    score(tokens, token)
    for path in tokens.home.path.rglob("*"):
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        assert issued.secret.encode() not in content, path
        assert token.encode() not in content, path
        if key.encode() in content or signing.encode() in content or path.name == "principals.json":
            assert path.stat().st_mode & 0o077 == 0, path
            assert path.name in ("secrets.json", "principals.json")


def test_a_new_key_leaves_tokens_and_principals_as_they_are(tokens: Sandbox) -> None:
    issued = services.issue(tokens.home, ["summing"])
    token = PrincipalTokens(issued.id, issued.secret).token(f"{tokens.url()}/score").text
    services.regenerate_key(tokens.home, "summing", "primary")
    assert score(tokens, token) == 200
    services.set_auth(tokens.home, "summing", "key")
    assert score(tokens, services.keys(tokens.home, "summing")[0]) == 200
    with pytest.raises(ScoringFailed):
        tokens.score(key=token)
    services.set_auth(tokens.home, "summing", "token")
    assert score(tokens, token) == 200


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"services": []}, InvalidInput),
        ({"services": "summing"}, InvalidInput),
        ({"services": ["unheard-of"]}, ServiceNotFound),
        ({"services": ["summing"], "seconds": 0}, InvalidInput),
    ],
)
def test_principals_that_make_no_sense_are_not_issued(tokens: Sandbox, asked: dict, error: type) -> None:
    with pytest.raises(error):
        services.issue(tokens.home, **asked)
    assert services.principals(tokens.home) == []
    with pytest.raises(NotFound, match="no-such-id"):
        services.revoke(tokens.home, "no-such-id")


def test_a_service_of_an_older_release_gets_a_signing_secret(box: Sandbox) -> None:
    box.deploy(box.plan(auth="key"))
    path = box.home.service("summing") / "secrets.json"
    path.write_text(json.dumps({"keys": json.loads(path.read_text())["keys"]}))
    services.set_auth(box.home, "summing", "token")
    assert score(box, services.token(box.home, "summing").text) == 200
    plan = services.record(box.home, "summing").plan
    services.update(box.home, replace(plan, settings=replace(plan.settings, workers=2))).wait(60)
    assert score(box, services.token(box.home, "summing").text) == 200
