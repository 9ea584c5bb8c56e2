"""Keys: who may pass, how they are replaced, and that they are seen nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from .fronts import ECHO, KEYS, Front, Load, eventually

NewFront = Callable[..., Front]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_either_key_opens_score_and_swagger_and_health_needs_none(new_front: NewFront) -> None:
    front = new_front(auth="key").serve()
    assert front.request("GET", "/").status == 200
    for key in KEYS:
        assert front.score({}, **bearer(key)).status == 200
        assert front.request("GET", "/swagger.json", headers=bearer(key)).status == 200
    assert front.score({}, authorization=f"bearer  {KEYS[0]} ").status == 200


@pytest.mark.parametrize(
    "sent", [{}, bearer(""), bearer("wrong"), bearer(KEYS[0] + "x"), {"Authorization": KEYS[0]}, bearer("é" * 9)]
)
def test_without_a_right_key_it_is_a_401(locked: Front, sent: dict[str, str]) -> None:
    for method, path in (("POST", "/score"), ("GET", "/score"), ("OPTIONS", "/score"), ("GET", "/swagger.json")):
        answer = locked.request(method, path, headers=sent)
        assert answer.status == 401
        assert answer.json.keys() == {"message"}
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_missing_key_and_a_wrong_one_are_told_apart(locked: Front) -> None:
    missing, wrong = locked.score({}), locked.score({}, **bearer("wrong"))
    assert "Authorization: Bearer" in missing.json["message"]
    assert missing.json != wrong.json


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder: Path = tmp_path_factory.mktemp("locked")
    (folder / "secrets.json").write_text(json.dumps({"keys": KEYS}))
    at_once = {"failures_free": 1000}
    front = Front(folder, auth="key", secrets=str(folder / "secrets.json"), settings=at_once).script(ECHO).serve()
    yield front
    assert front.stop() == 0


def test_a_refused_body_is_not_waited_for(locked: Front) -> None:
    got = locked.raw(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\nonly the beginning")
    assert got.startswith(b"HTTP/1.1 401")
    assert b"connection: close" in got


def test_a_small_refused_body_leaves_the_connection_usable(locked: Front) -> None:
    refused = b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde"
    got = locked.raw(refused + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 401")
    assert got.endswith(b"Healthy")


def test_new_keys_are_in_force_for_the_next_request(new_front: NewFront) -> None:
    front = new_front(auth="key").serve()
    assert front.control("keys", keys=["brand-new", KEYS[1]]) == {"ok": True}
    assert front.score({}, **bearer(KEYS[0])).status == 401
    assert front.score({}, **bearer("brand-new")).status == 200


def test_a_key_is_replaced_under_load_without_a_failed_request(new_front: NewFront) -> None:
    front = new_front(auth="key", workers=2).serve()
    with Load(front, headers=bearer(KEYS[1])) as load:
        for number in range(10):
            before = load.seen["right"]
            assert front.control("keys", keys=[f"primary-{number}", KEYS[1]])["ok"]
            eventually(lambda before=before: load.seen["right"] > before + 20)
    assert set(load.seen) == {"right"}


def test_auth_is_switched_on_and_off_while_serving(new_front: NewFront) -> None:
    front = new_front(auth="key").serve()
    assert front.control("auth", auth="none") == {"ok": True}
    assert front.score({}).status == 200
    assert front.control("auth", auth="key") == {"ok": True}
    assert front.score({}).status == 401


@pytest.mark.parametrize(("mode", "seen"), [("key", False), ("none", True)])
def test_a_script_that_asks_for_headers_does_not_get_the_key(new_front: NewFront, mode: str, seen: bool) -> None:
    script = "def init():\n    pass\ndef run(x, request_headers):\n    return sorted(request_headers)\n"
    front = new_front(auth=mode).script(script).serve()
    names = front.score({}, **bearer(KEYS[0]), **{"x-other": "1"}).json
    assert "X-Other" in names
    assert ("Authorization" in names) == seen


def test_keys_are_in_no_log_no_file_no_process_list_and_no_reply(new_front: NewFront) -> None:
    front = new_front(auth="key").serve()
    front.score({}, **bearer(KEYS[0]))
    front.score({}, **bearer(KEYS[1] + "-almost"))
    front.control("keys", keys=["a-new-key-nobody-may-see", KEYS[1]])
    refused = front.control("keys", keys=["a key with spaces-nobody-may-see"])
    front.logged("401")
    replies = [refused, front.control("status"), front.control("stats")]
    seen = [json.dumps(replies), front.log_file.read_text(), front.output(), front.outcome_file.read_text()]
    for process in (psutil.Process(front.pid), *psutil.Process(front.pid).children()):
        seen += [" ".join(process.cmdline()), json.dumps(process.environ())]
    for key in (*KEYS, "nobody-may-see"):
        assert not any(key in text for text in seen)


@pytest.mark.parametrize("keys", [None, [], "text", [1], [""], ["with space"], ["line\nbreak"], ["é"]])
def test_keys_that_cannot_be_sent_are_refused(locked: Front, keys: object) -> None:
    reply = locked.control("keys", keys=keys)
    assert reply["ok"] is False
    assert "key" in reply["error"]
    assert locked.score({}, **bearer(KEYS[0])).status == 200


def test_auth_without_keys_does_not_start(tmp_path: Path) -> None:
    front = Front(tmp_path, auth="key").start()
    assert front.process.wait(10) == 1
    assert "keys" in front.outcome()["reason"]
