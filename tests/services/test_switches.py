"""The scoring server's own settings in a deployed service: each by its name, checked first, held, and changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from authority import Authority, authority, plain
from cryptography.hazmat.primitives.asymmetric import ec
from sandbox import Sandbox

from jupyter_mldeploy import client, services
from jupyter_mldeploy.disk import read_json
from jupyter_mldeploy.errors import FileMissing, InvalidInput, OperationFailed, ScoringFailed
from jupyter_mldeploy.specs import ServiceRecord, Tls

MB = 1 << 20
GREEDY = """
    def init():
        global kept
        kept = []

    def run(raw_data):
        kept.append(bytearray(400 * (1 << 20)))
        return len(kept)
"""
OIDC = {"issuer": "https://login.example", "audience": "ml", "jwks_url": "https://login.example/keys"}


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    (tmp_path / "certificates").mkdir()
    return authority(tmp_path / "certificates")


def test_requests_are_logged_with_their_ids_and_times(box: Sandbox) -> None:
    box.deploy(box.plan(server={"request_log": True}))
    box.score()
    (line,) = [line for line in services.logs(box.home, "summing") if line.stream == "access"]
    facts = json.loads(line.text[line.text.index("{") :])
    assert (facts["status"], facts["request_id"]) == (200, line.request)
    assert line.request in services.log_text(box.home, "summing")


def test_a_workers_memory_limit_is_held(box: Sandbox) -> None:
    box.deploy(box.plan(GREEDY, server={"worker_memory_limit": 300 * MB}))
    with pytest.raises(ScoringFailed, match="500"):
        box.score()
    services.update(box.home, box.plan(GREEDY, server={"worker_memory_limit": 2000 * MB})).wait(30)
    assert json.loads(box.score()) == 1


def test_a_limit_that_is_taken_back_is_as_by_default_again(box: Sandbox) -> None:
    box.deploy(box.plan(server={"body_limit": 10}))
    with pytest.raises(ScoringFailed, match="413"):
        box.score()
    services.update(box.home, box.plan()).wait(30)
    assert json.loads(box.score()) == [3]


def test_the_server_sets_what_a_service_names_twice(box: Sandbox) -> None:
    slow = "import time\ndef init(): pass\ndef run(x): time.sleep(5)"
    box.deploy(box.plan(slow, scoring_timeout_ms=60_000, server={"scoring_timeout_ms": 200, "timeout_504": True}))
    with pytest.raises(ScoringFailed, match="504"):
        box.score()


def test_log_files_are_bounded_from_an_update_on(box: Sandbox) -> None:
    chatty = "def init(): pass\ndef run(x):\n    print('y' * 3000)"
    box.deploy(box.plan(chatty))
    services.update(box.home, box.plan(chatty, server={"log_bytes": 10_000, "log_files": 2})).wait(30)
    for _ in range(12):
        box.score()
        services.state(box.home, "summing")  # asked for anything, a front writes what it holds
    assert len(list((box.home.service("summing") / "logs").glob("service.jsonl.*"))) == 2


def test_a_reload_that_fails_leaves_the_settings_too(box: Sandbox) -> None:
    box.deploy(box.plan())
    bad = replace(box.plan("def init(): 1 / 0\ndef run(x): return x"))
    with pytest.raises(OperationFailed):
        services.update(box.home, replace(bad, settings=replace(bad.settings, server={"body_limit": 5}))).wait(30)
    assert json.loads(box.score()) == [3]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"server": {"request_logs": True}}, "no setting 'request_logs'. It has: .*request_log, "),
        ({"server": {"request_log": "yes"}}, "settings.request_log is 'yes'; it must be of type bool"),
        ({"server": {"body_limit": True}}, "settings.body_limit is True; it must be of type int"),
        ({"server": {"body_limit": -1}}, "cannot be negative"),
        ({"auth": "token", "oidc": {**OIDC, "jwks_url": "http://login.example"}}, "fetched by https"),
        ({"auth": "token", "oidc": {"issuer": "a", "audience": "b"}}, "oidc.jwks_url is None"),
        ({"auth": "token", "oidc": {**OIDC, "leeway": 5}}, "no value 'leeway'. It has: .*leeway_seconds"),
        ({"auth": "key", "oidc": OIDC}, "auth is 'key'. Switch token"),
        ({"tls": Tls("server.crt", "server.key")}, "'server.crt' is no full path"),
    ],
)
def test_what_the_server_would_refuse_is_refused_before_any_work(
    box: Sandbox, settings: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        services.deploy(box.home, box.plan(**settings))
    assert not services.names(box.home)


def test_files_of_a_certificate_are_looked_at_before_any_work(box: Sandbox, ca: Authority) -> None:
    certificate, key = map(Path, ca.files)
    gone = str(ca.folder / "gone.pem")
    with pytest.raises(FileMissing, match="no key at .*gone.pem"):
        services.deploy(box.home, box.plan(tls=Tls(str(certificate), gone)))
    with pytest.raises(FileMissing, match="no certificate at .*gone.pem"):
        services.deploy(box.home, box.plan(tls=Tls(gone, str(key))))
    key.write_bytes(plain(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(InvalidInput, match="do not fit: .*MISMATCH"):
        services.deploy(box.home, box.plan(tls=Tls(str(certificate), str(key))))
    assert not services.names(box.home)


def test_a_refused_update_changes_nothing(box: Sandbox) -> None:
    box.deploy(box.plan(server={"body_limit": 1000}))
    with pytest.raises(InvalidInput):
        services.update(box.home, box.plan(server={"body_limit": "large"}))
    path = box.home.service("summing") / "record.json"
    assert read_json(path, ServiceRecord).plan.settings.server == {"body_limit": 1000}
    assert client.post(f"{box.url()}/score", "x" * 2000).status == 413
