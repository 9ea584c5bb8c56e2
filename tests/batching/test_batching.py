"""When requests are joined: asked for, checked on a sample, and where it pays; and what is told of it."""

from __future__ import annotations

import json
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_mldeploy.server import cli, settings
from jupyter_mldeploy.services.sentences import explain

from ..server.front.fronts import Front, eventually
from .scripts import NewFront, asking, batching, double, learnt, numbers, post

ON = {"batch": True}
SAID = "import json\ndef init():\n    pass\n"
CENTRED = SAID + (
    "def run(raw_data):\n"
    "    rows = json.loads(raw_data)['data']\n"
    "    mean = sum(rows) / len(rows)\n"
    "    return [row - mean for row in rows]\n"
)
SUM = SAID + "def run(raw_data):\n    return {'sum': sum(json.loads(raw_data)['data'])}\n"
TEXT = (
    double()
    .replace("    return [MOST", "    return json.dumps([MOST")
    .replace("for row in rows]\n", "for row in rows])\n")
)
DECORATED = "from mldeploy import batch\n" + double().replace("def run", "@batch(max_size=8)\ndef run")
SUPERLINEAR = double(0.0).replace("for row in rows:", "time.sleep(0.002 * len(rows) ** 2)\n    for row in rows:")


def refused(front: Front) -> str:
    """Why batching is off, once it is."""
    return eventually(lambda: batching(front)["why_not"])


def sentences(front: Front) -> str:
    return "\n".join(explain(front.control("why"), time.time()))


def test_waiting_requests_share_a_run(new_front: NewFront) -> None:
    front = learnt(new_front(settings=ON).script(double()).serve())
    with asking(front, 16, numbers) as seen:
        time.sleep(0.5)
    assert set(seen) == {"right"}
    assert front.score({"data": ["most"]}).json[0] > 4
    text = sentences(front)
    assert "Requests are joined: " in text and "on average" in text
    assert front.control("status")["batching"] == {"state": "on", "reason": ""}


def test_without_it_every_request_has_its_own_run(new_front: NewFront) -> None:
    front = new_front().script(double()).serve()
    with asking(front, 16, numbers) as seen:
        time.sleep(0.5)
    assert set(seen) == {"right"}
    assert front.score({"data": ["most"]}).json == [1]
    assert front.control("status")["batching"] == {"state": "off", "reason": ""}


def test_a_text_of_a_list_is_answered_as_ever(new_front: NewFront) -> None:
    front = new_front(settings=ON).script(TEXT).serve()
    seen: list[str] = []

    def client(number: int) -> None:
        connection = front.connect()
        for turn in range(150):
            seen.append(post(connection, [number, turn]).json)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(seen) == sorted(f"[{2 * number}, {2 * turn}]" for number in range(12) for turn in range(150))
    assert batching(front)["rows"] > 100


def test_a_script_that_looks_over_all_rows_is_not_joined(new_front: NewFront) -> None:
    front = new_front(settings=ON).script(CENTRED).serve()
    answers = [post(front.connect(), [n]) for n in range(20)]
    assert [answer.json for answer in answers] == [[0.0]] * 20
    assert "is [0.0] alone, but" in refused(front)
    assert "Batching is off because its answer to the row" in sentences(front)
    assert front.logged("Batching is off because")["l"] == "W"
    assert front.control("status")["batching"]["state"] == "refused"
    assert 'mldeploy_batching{state="refused"} 1' in front.request("GET", "/metrics").body.decode()


def test_a_result_that_is_no_list_is_not_joined(new_front: NewFront) -> None:
    front = new_front(settings=ON).script(SUM).serve()
    for n in range(12):
        assert front.score({"data": [n, 1]}).json == {"sum": n + 1}
    assert "run() returned a dict for" in refused(front)


def test_a_check_that_kills_its_workers_ends_batching(new_front: NewFront) -> None:
    (front := new_front(settings=ON | {"sample": "sample.json"})).script(double())
    (front.app / "sample.json").write_text('{"data": ["exit", 1]}')
    front.serve()
    assert "exited with code 9 while it scored the sample" in refused(front)
    eventually(lambda: len(front.pids()) == 1)
    assert front.score({"data": [4]}).json == [8]


def test_a_given_sample_is_checked_before_the_first_request(new_front: NewFront) -> None:
    (front := new_front(settings=ON | {"sample": "sample.json"})).script(double())
    (front.app / "sample.json").write_text('[{"data": [1, 2.5]}, {"data": [3]}]')
    front.serve()
    eventually(lambda: batching(front)["sample"]["checked"])
    assert batching(front)["sample"] == {"given": True, "bodies": 2, "checked": True}


@pytest.mark.parametrize(
    "name, content, reason",
    [
        ("none.json", None, "cannot be read"),
        ("bad.json", "{", "is not JSON"),
        ("other.json", '{"rows": [1]}', "holds something else"),
        ("one.json", '[{"data": [1]}, {"data": [1]}]', "holds but one row"),
        ("../outside.json", "{}", "lies outside of the app's folder"),
    ],
)
def test_a_sample_that_cannot_be_used_is_named(
    new_front: NewFront, name: str, content: str | None, reason: str
) -> None:
    (front := new_front(settings=ON | {"sample": name})).script(double())
    if content is not None:
        (front.app / name).write_text(content)
    front.serve()
    assert reason in refused(front)
    assert front.score({"data": [4]}).json == [8]


def test_what_was_recorded_is_there_after_a_restart(new_front: NewFront) -> None:
    front = learnt(new_front(settings=ON).script(double()).serve())
    kept = front.folder / "sample.json"
    assert len(json.loads(kept.read_text())) == 8 and stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert front.stop() == 0
    front.serve()
    eventually(lambda: batching(front)["sample"]["checked"])
    assert batching(front)["sample"] == {"given": False, "bodies": 8, "checked": True}


def test_until_the_sample_is_full_only_what_it_holds_is_joined(new_front: NewFront) -> None:
    front = new_front(settings=ON).script(CENTRED).serve()
    with asking(front, 8, lambda *_: [0]) as seen:
        eventually(lambda: batching(front)["sample"]["checked"])
        found = [front.score({"data": [n]}).json for n in range(1, 20)]
    assert found == [[0.0]] * 19
    assert set(seen) == {"right"}
    assert refused(front)


def test_joining_is_left_where_it_is_slower(new_front: NewFront) -> None:
    front = new_front(settings=ON).script(SUPERLINEAR).serve()
    with asking(front, 8, numbers) as seen:
        eventually(lambda: 0 < batching(front)["gain"] < 1)
        time.sleep(1.0)
        assert batching(front)["size"] == 1
        assert "joining does not pay" in sentences(front)
    assert set(seen) == {"right"}


def test_other_bodies_go_alone(new_front: NewFront) -> None:
    front = learnt(new_front(settings=ON).script(double()).serve())
    before = batching(front)["released"].get("alone", 0)
    with asking(front, 8, numbers) as seen:
        for body in ('{"data": [4], "method": "predict"}', '{"data": [4]} x', '{"rows": [4]}', '{"data": "4"}'):
            for _ in range(5):
                answer = front.request("POST", "/score", body)
                assert answer.status == (200 if "predict" in body or '"4"' in body else 500), body
        assert front.request("POST", "/score?verbose=1", '{"data": [4]}').json == [8]
        assert front.request("GET", "/score?data=[4]").json == [8]
    assert set(seen) == {"right"}
    assert batching(front)["released"]["alone"] > before


def test_the_decorator_switches_it_on_and_limits_it(new_front: NewFront) -> None:
    front = new_front().script(DECORATED).serve()
    learnt(front)
    with asking(front, 24, numbers):
        time.sleep(0.3)
    assert batching(front)["most"] == 8
    assert 2 <= front.score({"data": ["most"]}).json[0] <= 8


def test_the_bundle_switches_it_on(new_front: NewFront) -> None:
    front = new_front()
    front.config["app"]["batch"] = True
    learnt(front.script(double()).serve())


def test_a_script_that_wants_headers_says_why_not(new_front: NewFront) -> None:
    script = SAID + "def run(raw_data, request_headers):\n    return [1]\n"
    front = new_front(settings=ON).script(script).serve()
    assert "run() looks at the headers" in refused(front)


SCHEMA = """
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard
import time
MOST = [0]
def init():
    pass
@input_schema("data", Standard([1.5]))
@output_schema(Standard([1.5]))
def run(data):
    time.sleep(0.002)
    MOST[0] = max(MOST[0], len(data))
    return [MOST[0] if row == -1 else row * 2 for row in data]
"""


def test_a_schema_script_is_joined_and_checked_on_its_own_sample(new_front: NewFront) -> None:
    pytest.importorskip("inference_schema")
    front = new_front(settings=ON).script(SCHEMA).serve()
    eventually(lambda: batching(front)["sample"]["checked"])
    assert batching(front)["sample"] == {"given": False, "bodies": 1, "checked": True}
    with asking(learnt(front), 12, numbers) as seen:
        answer = front.request("POST", "/score", '{"data": [2]}', {"content-type": "text/plain"})
        assert answer.status == 415
        assert front.request("POST", "/score", '{"data": [-1]}', {"content-type": "application/json"}).json[0] > 1
    assert set(seen) == {"right"}


def test_what_a_joined_run_prints_is_in_the_log_with_a_request_id(new_front: NewFront) -> None:
    front = learnt(new_front(settings=ON).script(double()).serve())
    with asking(front, 12, numbers) as seen:
        assert front.score({"data": ["print"]}).json == ["print"]
    assert set(seen) == {"right"}
    assert front.logged("a row asked for this")["r"]


def test_batches_are_counted(new_front: NewFront) -> None:
    front = learnt(new_front(settings=ON).script(double()).serve())
    text = front.request("GET", "/metrics").body.decode()
    counted = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}
    assert counted["mldeploy_joined_rows_total"] > counted["mldeploy_joined_runs_total"] > 20
    assert counted["mldeploy_joined_requests_count"] > 20
    assert counted['mldeploy_frames_total{reason="waiting"}'] > 0
    assert counted['mldeploy_frames_total{reason="unchecked"}'] > 0
    assert counted['mldeploy_frames_total{reason="trial"}'] > 0


def test_another_version_is_checked_and_learnt_anew(new_front: NewFront) -> None:
    front = learnt(new_front(settings=ON).script(double()).serve())
    assert front.control("reload", app=front.version("second", CENTRED))["ok"]
    assert batching(front)["size"] == 1
    for n in range(20):
        assert front.score({"data": [n]}).json == [0.0]
    assert refused(front)


def test_a_request_that_would_wait_too_long_is_refused_at_once(new_front: NewFront) -> None:
    front = new_front(settings={"max_wait_ms": 300}).script(double(0.05)).serve()
    took: list[tuple[int, float, Any]] = []

    def client() -> None:
        connection = front.connect()
        for _ in range(6):
            began = time.monotonic()
            answer = post(connection, [1])
            took.append((answer.status, time.monotonic() - began, answer.headers.get("retry-after")))
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    refused_at_once = [one for one in took if one[0] == 503 and one[1] < 0.15]
    assert refused_at_once and all(again and int(again) >= 1 for _, _, again in refused_at_once)
    assert front.control("why")["refused"]["too much ahead"]["count"] > 0
    assert "because so much waited already" in sentences(front)
    assert any(status == 200 for status, _, _ in took)


def test_the_environment_of_mldeploy_server_switches_it_on(tmp_path: Path) -> None:
    given = {"MLDEPLOY_BATCH": "on", "MLDEPLOY_MAX_BATCH_SIZE": "32", "MLDEPLOY_SAMPLE": "s.json"}
    options = settings.Options(entry_script="score.py")
    found = cli.configuration(options, settings.settle(options, given, str(tmp_path))).settings
    assert (found.batch, found.max_batch_size, found.sample) == (True, 32, "s.json")
