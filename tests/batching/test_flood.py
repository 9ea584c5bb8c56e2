"""Thousands of good and bad requests at once: each gets the answer that it would have got alone."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Container
from typing import Any

import pytest

from ..server.front.fronts import Front, eventually
from .scripts import NewFront, asking, batching, double, learnt, numbers, post

FIXED = {"message": "An unexpected error occurred in scoring script. Check the logs for more info."}


def expected(rows: list[Any]) -> tuple[int, Any]:
    """What a request gets alone."""
    for row in rows:
        if row in ("raise", "exit", "leave"):
            return 500, FIXED
    if "short" in rows:
        return 200, [0] * (len(rows) - 1)
    if "object" in rows:
        return 200, {"rows": len(rows)}
    return 200, [row if isinstance(row, str) else row * 2 for row in rows]


def flood(
    front: Front, clients: int, each: int, bad: dict[str, float], deadly: Container[tuple[int, int]] = ()
) -> Counter[str]:
    """Every client asks `each` times for one to three rows, some of them bad with the given chance.

    `deadly` are clients and turns whose request kills the worker.
    """
    seen: Counter[str] = Counter()

    def client(number: int) -> None:
        chance = random.Random(number)
        connection = front.connect()
        for turn in range(each):
            rows: list[Any] = [number * 10_000 + turn + n for n in range(chance.choice((1, 1, 1, 2, 3)))]
            for kind, share in bad.items():
                if chance.random() < share:
                    rows[chance.randrange(len(rows))] = kind
            rows = ["exit"] if (number, turn) in deadly else rows
            answer = post(connection, rows)
            right = (answer.status, answer.json) == expected(rows)
            seen["right" if right else f"{rows} got {answer.status} {answer.body[:80]!r}"] += 1
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return seen


@pytest.mark.parametrize("workers", [1, 2])
def test_a_flood_of_good_and_bad_rows_gets_the_right_answers(new_front: NewFront, workers: int) -> None:
    front = learnt(new_front(workers=workers, settings={"batch": True}).script(double()).serve())
    before = batching(front)
    seen = flood(front, 32, 60, {"raise": 0.01, "short": 0.01, "object": 0.01, "leave": 0.005, "slow": 0.005})
    assert seen == {"right": 32 * 60}
    after = batching(front)
    assert after["rows"] - before["rows"] > 500 and after["splits"] > before["splits"]


def test_rows_that_kill_their_worker_fail_alone(new_front: NewFront) -> None:
    front = learnt(new_front(workers=2, settings={"batch": True}).script(double()).serve())
    seen = flood(front, 24, 50, {"raise": 0.005}, deadly={(3, 20), (15, 30)})
    assert seen == {"right": 24 * 50}
    front.logged("requests as one; each is run alone.")
    eventually(lambda: len(front.pids()) == 2)


def test_a_row_that_hangs_meets_its_deadline_alone(new_front: NewFront) -> None:
    settings = {"batch": True, "scoring_timeout_ms": 400}
    front = learnt(new_front(workers=2, settings=settings).script(double()).serve())
    with asking(front, 16, numbers) as seen:
        began = time.monotonic()
        answer = front.score({"data": ["hang"]})
        took = time.monotonic() - began
    assert (answer.status, answer.json) == (500, {"message": "Scoring timeout after 400 ms"})
    assert 0.39 < took < 3
    assert set(seen) == {"right"}


def test_a_reload_under_batching_fails_no_request(new_front: NewFront) -> None:
    front = learnt(new_front(workers=2, settings={"batch": True}).script(double()).serve())
    with asking(front, 16, numbers) as seen:
        for name in ("second", "third"):
            assert front.control("reload", app=front.version(name, double(0.003)))["ok"]
            assert not batching(front)["sample"]["checked"] or batching(front)["runs"]
            so_far = seen["right"]
            eventually(lambda so_far=so_far: seen["right"] > so_far + 300)
        eventually(lambda: batching(front)["size"] > 1)
    assert set(seen) == {"right"}


def test_joined_requests_whose_client_has_gone_cost_nobody_an_answer(new_front: NewFront) -> None:
    front = learnt(new_front(settings={"batch": True}).script(double()).serve())
    with asking(front, 12, numbers) as seen:
        for _ in range(30):
            connection = front.connect()
            connection.request("POST", "/score", '{"data": [1]}')
            connection.close()
            time.sleep(0.005)
    assert set(seen) == {"right"}
    eventually(lambda: front.control("stats")["running"] == 0)
