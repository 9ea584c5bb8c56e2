"""A worker's memory is held to its limit, and one that leaks is replaced before it fails, without a lost request."""

from __future__ import annotations

import pytest

from ..server.front.fronts import Front, eventually
from .abuse import FIXED, SCRIPT, NewFront, further, timed, under_load

LIMIT = 300 << 20
SHARED = """
import json, mmap
HELD = []
def init():
    pass
def run(raw_data):
    asked = json.loads(raw_data)
    if "hold" in asked:
        page = mmap.mmap(-1, asked["hold"])
        for place in range(0, asked["hold"], 4096):
            page[place] = 1
        HELD.append(page)
        import time
        time.sleep(30)
    return {"echo": asked.get("echo")}
"""


def limited(new_front: NewFront, workers: int = 2, **settings: int) -> Front:
    return new_front(workers=workers, settings=settings).script(SCRIPT).serve()


@pytest.mark.parametrize("harm", ["allocate", "grow"])
def test_an_allocation_beyond_the_limit_fails_its_own_request_alone(new_front: NewFront, harm: str) -> None:
    front = limited(new_front, worker_memory_limit=LIMIT)
    with under_load(front):
        answer, _ = timed(front, {"harm": harm})
        assert (answer.status, answer.json) == (500, {"message": FIXED})
        assert "MemoryError" in front.logged("MemoryError")["x"]
    eventually(lambda: len(front.pids()) == 2)


def test_memory_that_no_allocation_counts_ends_the_worker(new_front: NewFront) -> None:
    front = new_front(workers=2, settings={"worker_memory_limit": LIMIT}).script(SHARED).serve()
    with under_load(front):
        answer, took = timed(front, {"hold": 400 << 20})
        assert (answer.status, answer.json) == (500, {"message": FIXED})
        assert took < 20  # it would have slept for 30 s
    line = front.logged("while it ran this request")
    assert line["r"] == "the-harm" and "its limit is 314,572,800" in line["x"]
    eventually(lambda: len(front.pids()) == 2)


def test_a_worker_that_leaks_is_replaced_without_a_failed_request(new_front: NewFront) -> None:
    front = limited(new_front, renew_memory=80 << 20)
    before = front.pids()
    with under_load(front) as load:
        while set(front.pids()) & set(before):
            assert front.score({"harm": "leak", "bytes": 4 << 20}).status == 200
        further(load, 100)
    front.logged("is replaced: it has grown to")
    assert front.control("stats")["restarts"] == 0


def test_a_worker_is_replaced_after_as_many_requests_as_are_set(new_front: NewFront) -> None:
    front = limited(new_front, workers=1, renew_requests=300)
    (before,) = front.pids()
    with under_load(front):
        eventually(lambda: before not in front.pids())
    assert front.control("stats")["restarts"] == 0


def test_a_worker_that_is_replaced_finishes_what_it_runs(new_front: NewFront) -> None:
    front = limited(new_front, workers=1, renew_memory=80 << 20)
    (before,) = front.pids()
    front.score({"harm": "leak", "bytes": 100 << 20})
    answer, took = timed(front, {"sleep": 1.5})
    assert (answer.status, answer.json["pid"]) == (200, before)
    assert took > 1.5
    assert before not in front.pids()
