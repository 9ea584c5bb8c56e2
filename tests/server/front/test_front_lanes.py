"""Several versions behind one address: exact shares, a version by its name, and changes without a lost request."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from ...batching.scripts import double, learnt
from .fronts import ECHO, Front, Load, ask, eventually

NewFront = Callable[..., Front]


def named(name: str) -> str:
    return ECHO.replace('"length": len(raw_data)', f'"version": "{name}"')


def endpoint(front: Front, **shares: int) -> Front:
    """A front that serves one version for each share; the first one is the default."""
    first, *others = shares
    front.config["lane"] = first
    front.script(named(first)).serve()
    for name in others:
        assert add(front, name) == {"ok": True}
    assert front.control("share", shares=shares, default=first) == {"ok": True}
    return front


def add(front: Front, name: str, number: int = 0) -> dict[str, Any]:
    return front.control("reload", version=name, app=front.version(f"{name}-{number}", named(name)))


def answers(front: Front, number: int, clients: int = 4) -> Counter[str]:
    """Which version answered, over so many requests."""
    seen: Counter[str] = Counter()

    def client() -> None:
        connection = front.connect()
        for _ in range(number // clients):
            answer = ask(connection, "POST", "/score", "{}", None)
            assert answer.json["version"] == answer.headers["x-mldeploy-version"]
            seen[answer.json["version"]] += 1
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return seen


def test_shares_are_kept_over_10000_requests(new_front: NewFront) -> None:
    front = endpoint(new_front(), blue=60, green=30, red=10)
    assert answers(front, 10_000) == {"blue": 6000, "green": 3000, "red": 1000}


def test_what_no_share_accounts_for_is_the_defaults(new_front: NewFront) -> None:
    front = endpoint(new_front(), blue=0, green=25)
    assert answers(front, 400) == {"blue": 300, "green": 100}
    assert front.control("share", shares={"blue": 0, "green": 25}, default="green") == {"ok": True}
    assert answers(front, 400) == {"green": 400}
    assert front.control("status")["versions"]["green"]["share"] == 100


def test_the_order_follows_no_pattern(new_front: NewFront) -> None:
    front = endpoint(new_front(), blue=50, green=50)
    every_second = [front.score({}).json["version"] for _ in range(200)][::2]
    assert 20 < every_second.count("blue") < 80


def test_a_request_can_ask_for_a_version(new_front: NewFront) -> None:
    front = endpoint(new_front(), blue=100, green=0)
    asked = {"x-mldeploy-version": "green"}
    assert {front.score({}, **asked).json["version"] for _ in range(20)} == {"green"}
    unknown = front.score({}, **{"x-mldeploy-version": "red"})
    assert unknown.status == 404
    assert unknown.json["message"] == "There is no version 'red'. There are: blue, green."


def test_a_version_is_updated_and_removed_under_load_without_a_failed_request(new_front: NewFront) -> None:
    front = endpoint(new_front(), blue=50, green=50)
    with Load(front, clients=6) as load:
        for number in range(1, 4):
            assert add(front, "green", number) == {"ok": True}
            seen = load.seen["right"]
            eventually(lambda seen=seen: load.seen["right"] > seen + 50)
        assert front.control("share", shares={"green": 100}, default="green") == {"ok": True}
        seen = load.seen["right"]
        eventually(lambda: load.seen["right"] > seen + 100)
        assert add(front, "red") == {"ok": True}
        assert front.control("share", shares={"red": 20, "green": 80}, default="red") == {"ok": True}
        seen = load.seen["right"]
        eventually(lambda: load.seen["right"] > seen + 100)
    assert set(load.seen) == {"right"}
    status = front.control("status")
    assert set(status["versions"]) == {"red", "green"}
    eventually(lambda: len(front.control("status")["workers"]) == 2)


def test_a_version_that_finishes_a_slow_request_is_removed_after_it(new_front: NewFront) -> None:
    front = endpoint(new_front(), blue=0, green=100)
    slow: list[Any] = []
    thread = threading.Thread(target=lambda: slow.append(front.score({"sleep": 1.0, "echo": "late"})))
    thread.start()
    eventually(lambda: front.control("stats")["running"])
    assert front.control("share", shares={"blue": 100}, default="blue") == {"ok": True}
    thread.join(20)
    assert slow[0].status == 200
    assert set(front.control("status")["versions"]) == {"blue"}


def test_a_version_that_does_not_come_up_changes_nothing(new_front: NewFront) -> None:
    front = endpoint(new_front(), blue=100)
    reply = front.control("reload", version="bad", app=front.version("bad", "def init(): 1/0\ndef run(x): pass\n"))
    assert not reply["ok"]
    assert "ZeroDivisionError" in reply["traceback"]
    assert set(front.control("status")["versions"]) == {"blue"}
    assert answers(front, 100) == {"blue": 100}


def test_a_plain_service_becomes_an_endpoint_and_one_again_under_load(new_front: NewFront) -> None:
    front = new_front().script(named("plain")).serve()
    with Load(front, clients=4) as load:
        for name in ("blue", "", "green"):
            assert add(front, name) == {"ok": True}
            assert front.control("share", shares={name: 100}, default=name) == {"ok": True}
            answer = front.score({})
            assert answer.headers.get("x-mldeploy-version") == (name or None)
            seen = load.seen["right"]
            eventually(lambda seen=seen: load.seen["right"] > seen + 30)
    assert set(load.seen) == {"right"}


def test_the_addresses_of_other_clients_are_dealt_too(new_front: NewFront) -> None:
    front = new_front(name="svc")
    endpoint(front, blue=50, green=50)
    rows = json.dumps({"inputs": [{"name": "x", "datatype": "FP64", "shape": [1], "data": [1.0]}]})
    for path in ("/invocations", "/v2/models/svc/infer"):
        seen = Counter(front.request("POST", path, rows).headers["x-mldeploy-version"] for _ in range(100))
        assert seen == {"blue": 50, "green": 50}


def test_what_the_front_renews_is_new_for_every_version(new_front: NewFront) -> None:
    front = endpoint(new_front(), blue=100, green=0)
    time.sleep(2.1)
    for name in ("blue", "green"):
        told = parsedate_to_datetime(front.score({}, **{"x-mldeploy-version": name}).headers["date"])
        assert abs(told.timestamp() - time.time()) < 2
    assert front.control("keys", keys=["a-key-for-all-versions", "another-key"]) == {"ok": True}
    assert front.control("auth", auth="key") == {"ok": True}
    assert [front.score({}, **{"x-mldeploy-version": name}).status for name in ("blue", "green")] == [401, 401]


def test_each_version_records_a_sample_of_its_own(new_front: NewFront) -> None:
    front = new_front(settings={"batch": True}, lane="blue").script(double()).serve()
    assert front.control("reload", version="green", app=front.version("green", double(0.001))) == {"ok": True}
    for shares in ({"blue": 100, "green": 0}, {"blue": 0, "green": 100}):
        assert front.control("share", shares=shares, default="blue") == {"ok": True}
        learnt(front, of=max(shares, key=shares.__getitem__))
    kept = {path.name: len(json.loads(path.read_text())) for path in front.folder.glob("sample*")}
    assert kept == {"sample-blue.json": 8, "sample-green.json": 8}
    text = front.request("GET", "/metrics").body.decode()
    runs = [front.control("why")["versions"][name]["batching"]["runs"] for name in ("blue", "green")]
    assert f"mldeploy_joined_runs_total {sum(runs)}" in text


def test_the_outcome_is_the_default_versions(new_front: NewFront) -> None:
    front = endpoint(new_front(), blue=100, green=0)
    assert front.control("share", shares={"green": 100}, default="green") == {"ok": True}
    assert front.outcome()["phase"] == "serving"
    broken = "import os\ndef init(): os.path.exists('fail') and 1 / 0\ndef run(raw_data): os._exit(1)\n"
    assert front.control("reload", version="green", app=front.version("broken", broken)) == {"ok": True}
    (front.folder / "broken" / "fail").touch()
    assert front.score({}).status == 500
    eventually(lambda: front.outcome()["phase"] == "failed")
    assert add(front, "green", 2) == {"ok": True}
    assert front.outcome()["phase"] == "serving"


@pytest.mark.parametrize("name", ["a b", "a\r\nb: c", "../up", "x" * 65])
def test_a_name_that_no_header_can_hold_is_refused(new_front: NewFront, name: str) -> None:
    front = endpoint(new_front(), blue=100)
    reply = front.control("reload", version=name, app=front.application())
    assert reply["error"].startswith(f"version is {name!r}; ")
    assert set(front.control("status")["versions"]) == {"blue"}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"shares": {"blue": 101}, "default": "blue"}, "at most 100"),
        ({"shares": {"blue": -1}, "default": "blue"}, "at least 0"),
        ({"shares": {"blue": 1.5}, "default": "blue"}, "type int"),
        ({"shares": {"red": 5}, "default": "red"}, "No version 'red'"),
        ({"shares": {"blue": 5}, "default": "red"}, "No version 'red'"),
        ({"shares": {}, "default": "blue"}, "No version 'blue'"),
        ({"default": "blue"}, "shares is None"),
    ],
)
def test_shares_that_make_no_sense_are_refused(new_front: NewFront, message: dict[str, Any], said: str) -> None:
    front = endpoint(new_front(), blue=100)
    reply = front.control("share", **message)
    assert not reply["ok"]
    assert said in reply["error"]
    assert answers(front, 20) == {"blue": 20}


def test_a_service_of_one_version_says_none(new_front: NewFront) -> None:
    front = new_front().serve()
    answer = front.score({}, **{"x-mldeploy-version": "red"})
    assert answer.status == 200
    assert "x-mldeploy-version" not in answer.headers


def test_what_is_counted_is_counted_for_all_and_for_each(new_front: NewFront) -> None:
    front = endpoint(new_front(settings={"request_log": True}), blue=75, green=25)
    answers(front, 100)
    text = front.request("GET", "/metrics").body.decode()
    assert 'mldeploy_version_requests_total{version="green"} 25' in text
    assert 'mldeploy_requests_total{code="200"} 100' in text
    assert front.control("stats")["requests"] == 100  # asked for anything, it writes its log
    lines = [
        line["request"]["version"] for line in front.log() if "request" in line and line["request"]["status"] == 200
    ]
    assert Counter(lines)["green"] == 25
