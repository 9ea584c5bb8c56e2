"""Autoscaling: workers come with the work, go when it has gone, and no request is lost over it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .fronts import ECHO, Front, Load, eventually

NewFront = Callable[..., Front]
BOUNDS = {"autoscale_max": 4, "autoscale_min": 1, "autoscale_down_seconds": 2}


class Sleepers(Load):
    """Each request keeps a worker for a while without a processor."""

    def content(self, mark: str) -> dict[str, Any]:
        return {"echo": mark, "sleep": 0.05}


def wanted(front: Front) -> int:
    return int(front.control("status")["wanted"])


def test_workers_grow_to_the_bound_and_shrink_again_without_a_failed_request(new_front: NewFront) -> None:
    front = new_front(settings=BOUNDS).serve()
    with Sleepers(front, clients=8) as load:
        eventually(lambda: front.control("status")["ready"] == 4)
    ended = time.time()
    eventually(lambda: wanted(front) == 1)
    eventually(lambda: len(front.pids()) == 1)
    assert set(load.seen) == {"right"}
    assert front.logged(" become 1, for ")["t"] > ended + 1  # not at once


def test_a_little_work_adds_no_worker(new_front: NewFront) -> None:
    front = new_front(settings=BOUNDS).serve()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert front.score({"sleep": 0.05}).status == 200
        time.sleep(0.2)
        assert wanted(front) == 1


def test_one_client_that_never_waits_needs_one_worker(new_front: NewFront) -> None:
    front = new_front(settings=BOUNDS).serve()
    with Sleepers(front, clients=1):
        time.sleep(2.5)
        assert wanted(front) == 1


def test_it_is_off_unless_it_is_asked_for(new_front: NewFront) -> None:
    front = new_front().serve()
    with Sleepers(front, clients=8):
        time.sleep(2.5)
        assert wanted(front) == 1


def test_a_reload_keeps_the_workers_that_the_work_needs(new_front: NewFront) -> None:
    front = new_front(settings=BOUNDS).serve()
    with Sleepers(front, clients=8) as load:
        eventually(lambda: front.control("status")["ready"] == 4)
        app = front.version("again", ECHO)
        assert front.control("reload", app=app, workers=1) == {"ok": True}
        assert front.control("status")["ready"] == 4
    assert set(load.seen) == {"right"}


def test_it_can_be_switched_on_and_off_by_a_reload(new_front: NewFront) -> None:
    front = new_front().serve()
    with Sleepers(front, clients=8):
        assert front.control("reload", app=front.version("on", ECHO), settings=BOUNDS) == {"ok": True}
        eventually(lambda: wanted(front) == 4)
        off = {"autoscale_max": 0}
        assert front.control("reload", app=front.version("off", ECHO), settings=off, workers=2) == {"ok": True}
        time.sleep(2.5)
        assert wanted(front) == 2


def test_workers_that_do_not_come_up_leave_those_that_serve(new_front: NewFront) -> None:
    once = (
        "import os\ndef init():\n    os.mkdir('taken')\n" + ECHO.partition("def run")[1] + ECHO.partition("def run")[2]
    )
    front = new_front(settings=BOUNDS).script("import json, time, ctypes, os, sys\n" + once).serve()
    with Sleepers(front, clients=6) as load:
        front.logged("The number of workers stays at 1")
        seen = load.seen["right"]
        eventually(lambda: load.seen["right"] > seen + 5)
    assert set(load.seen) == {"right"}
    assert wanted(front) == 1
