"""Several workers, and what happens when one dies, hangs, or is one too many."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from .fronts import Front, Load, alive, eventually

NewFront = Callable[..., Front]
FIXED = "An unexpected error occurred in scoring script. Check the logs for more info."
ENDS = {"os._exit": ({"exit": 7}, "exited with code 7"), "segfault": ({"segfault": 1}, "SIGSEGV")}


def at_once(front: Front, contents: list[dict[str, object]]) -> list[object]:
    """The answers to requests that are sent at the same time, in the order of `contents`."""
    answers: list[object] = [None] * len(contents)

    def one(number: int) -> None:
        answers[number] = front.score(contents[number])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(contents))]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    for thread in threads:
        thread.join(30)
    return answers


def test_two_workers_share_the_load(new_front: NewFront) -> None:
    front = new_front(workers=2).serve()
    began = time.monotonic()
    answers = at_once(front, [{"sleep": 0.2}] * 6)
    assert time.monotonic() - began < 1.0
    assert sorted(a.json["pid"] for a in answers) == sorted(front.pids() * 3)


def test_a_slow_request_does_not_hold_fast_ones_while_another_worker_is_free(new_front: NewFront) -> None:
    front = new_front(workers=2).serve()
    for _ in range(50):
        front.score({"echo": 1})  # the front learns that runs are short
    with Load(front, clients=6) as load:
        slow = threading.Thread(target=front.score, args=({"sleep": 1.5},))
        slow.start()
        slow.join(10)
    assert set(load.seen) == {"right"}
    assert load.slowest < 0.7


@pytest.mark.parametrize(("content", "end"), ENDS.values(), ids=ENDS.keys())
def test_a_crash_fails_only_its_request_and_the_worker_is_replaced(
    new_front: NewFront, content: dict[str, object], end: str
) -> None:
    front = new_front(workers=2).serve()
    before = front.pids()
    with Load(front, clients=4) as load:
        eventually(lambda: load.seen["right"] > 100)
        answer = front.score(content, **{"x-request-id": "crashing"})
        seen = load.seen["right"]
        eventually(lambda: load.seen["right"] > seen + 100)
    assert set(load.seen) == {"right"}
    assert (answer.status, answer.json) == (500, {"message": FIXED})
    assert answer.headers["x-ms-run-function-failed"] == "True"
    assert front.logged(end)["r"] == "crashing"
    eventually(lambda: len(front.pids()) == 2)
    assert len(set(front.pids()) & set(before)) == 1
    assert [w["restarts"] for w in front.control("status")["workers"] if w["pid"] not in before] == [1]


def test_with_one_worker_what_waits_is_answered_by_its_successor(new_front: NewFront) -> None:
    front = new_front().serve()
    answers = at_once(front, [{"sleep": 0.2, "exit": 1}, *[{"echo": n} for n in range(5)]])
    assert [a.status for a in answers] == [500, 200, 200, 200, 200, 200]
    assert [a.json["echo"] for a in answers[1:]] == list(range(5))
    assert front.request("GET", "/").status == 200


def test_neighbours_in_the_frame_of_a_crash_are_done_once_by_another(new_front: NewFront) -> None:
    front = new_front(workers=1).serve()
    for _ in range(50):
        front.score({})  # short runs: requests travel together
    mixed = [{"exit": 1} if n == 3 else {"echo": n} for n in range(12)]
    pipelined = at_once(front, mixed)
    assert [a.status for a in pipelined].count(500) == 1
    assert pipelined[3].status == 500


def test_killed_workers_under_load_cost_at_most_the_request_they_ran(new_front: NewFront) -> None:
    front = new_front(workers=2).serve()
    with Load(front, clients=4) as load:
        for _ in range(5):
            seen = load.seen["right"]
            eventually(lambda seen=seen: load.seen["right"] > seen + 50 and len(front.pids()) == 2)
            killed = front.pids()[0]
            os.kill(killed, signal.SIGKILL)
            eventually(lambda killed=killed: killed not in front.pids())  # else the next round could kill it again
    eventually(lambda: len(front.pids()) == 2)
    assert load.seen[500] <= 5
    assert set(load.seen) <= {"right", 500}
    assert front.control("stats")["restarts"] == 5


def test_a_run_past_the_deadline_is_answered_and_its_worker_replaced(new_front: NewFront) -> None:
    front = new_front(settings={"scoring_timeout_ms": 300}).serve()
    (before,) = front.pids()
    began = time.monotonic()
    answer = front.score({"sleep": 30})
    assert 0.3 <= time.monotonic() - began < 1.0
    assert (answer.status, answer.json) == (500, {"message": "Scoring timeout after 300 ms"})
    assert answer.headers["x-ms-run-function-failed"] == "True"
    assert front.score({"echo": "after"}).json["echo"] == "after"
    assert not alive(before)
    assert front.control("stats")["timeouts"] == 1


def test_a_deadline_holds_inside_native_code_and_its_stack_is_logged(new_front: NewFront) -> None:
    stuck = "import ctypes\ndef init():\n    pass\ndef run(raw_data):\n    ctypes.PyDLL(None).sleep(60)\n"
    front = new_front(settings={"scoring_timeout_ms": 200}).script(stuck).serve()
    assert front.score({}).status == 500
    front.logged("in run")


def test_a_script_that_prints_without_end_meets_its_deadline_too(new_front: NewFront) -> None:
    script = "def init():\n    pass\ndef run(x):\n    while True:\n        print('again')\n"
    front = new_front(settings={"scoring_timeout_ms": 300}).script(script).serve()
    assert front.score({}).json == {"message": "Scoring timeout after 300 ms"}


def test_many_short_requests_in_a_row_are_not_taken_for_a_long_one(new_front: NewFront) -> None:
    front = new_front(settings={"scoring_timeout_ms": 200}).serve()
    with Load(front, clients=4) as load:
        time.sleep(0.8)
    assert set(load.seen) == {"right"}


def test_a_worker_that_closes_its_streams_and_socket_is_replaced(new_front: NewFront) -> None:
    closing = (
        "import os\ndef init():\n    pass\ndef run(x):\n    os.closerange(0, 100) if x == '1' else None\n    return 2\n"
    )
    front = new_front().script(closing).serve()
    assert front.score(1).status == 500
    assert front.score(0).json == 2


def test_what_a_worker_started_goes_with_it(new_front: NewFront) -> None:
    script = """
import subprocess
def init():
    global child
    child = subprocess.Popen(["sleep", "60"])
def run(raw_data):
    return child.pid
"""
    front = new_front().script(script).serve()
    child = front.score({}).json
    os.kill(front.pids()[0], signal.SIGKILL)
    eventually(lambda: not alive(child))


def test_a_worker_that_cannot_come_back_leaves_a_reason_and_recovers(new_front: NewFront) -> None:
    script = (
        "import os\ndef init():\n    open('model')\ndef run(x):\n    os._exit(1) if x == '1' else None\n    return 2\n"
    )
    front = new_front().script(script)
    (front.app / "model").write_text("")
    front.serve()
    (front.app / "model").unlink()
    assert front.score(1).status == 500
    eventually(lambda: front.control("status")["phase"] == "failed")
    status = front.control("status")
    assert "FileNotFoundError" in status["reason"] and "open('model')" in status["traceback"]
    assert front.request("GET", "/").status == front.score(0).status == 503
    (front.app / "model").write_text("")
    eventually(lambda: front.control("status")["phase"] == "serving")
    assert front.score(0).json == 2
    assert front.control("status")["reason"] == ""


def test_scaling_up_and_down_under_load_fails_nothing(new_front: NewFront) -> None:
    front = new_front().serve()
    with Load(front, clients=4) as load:
        for workers in (3, 1, 2):
            assert front.control("scale", workers=workers) == {"ok": True}
            status = front.control("status")
            assert (status["ready"], status["wanted"], len(front.pids())) == (workers, workers, workers)
            seen = load.seen["right"]
            eventually(lambda seen=seen: load.seen["right"] > seen + 50)
    assert set(load.seen) == {"right"}
    eventually(lambda: len(front.control("status")["workers"]) == 2)
    assert front.control("stats")["restarts"] == 0


def test_scaling_that_fails_leaves_what_was(new_front: NewFront) -> None:
    script = "import os\ndef init():\n    open('ticket')\n    os.remove('ticket')\ndef run(x):\n    return 2\n"
    front = new_front().script(script)
    (front.app / "ticket").write_text("")
    front.serve()
    reply = front.control("scale", workers=2)
    assert (reply["ok"], reply["phase"]) == (False, "init")
    assert "FileNotFoundError" in reply["traceback"]
    assert (front.control("status")["wanted"], front.score({}).json) == (1, 2)
