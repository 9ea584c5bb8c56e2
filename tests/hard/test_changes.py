"""Reloads, good and bad, and changes of the number of workers, while requests travel together to several workers."""

from __future__ import annotations

import pytest

from ..server.front.fronts import eventually
from .abuse import SCRIPT, NewFront, further, under_load

BAD = {
    "raises": ("def init():\n    raise KeyError('no such model')\n", "no such model"),
    "exits": ("import os\ndef init():\n    os._exit(9)\n", "exited with code 9"),
    "hangs": ("import time\ndef init():\n    time.sleep(60)\n", "still in phase init"),
    "crashes": ("import ctypes\ndef init():\n    ctypes.string_at(0)\n", "SIGSEGV"),
}


def test_a_good_version_with_another_number_of_workers_takes_over(new_front: NewFront) -> None:
    front = new_front(workers=2).script(SCRIPT).serve()
    with under_load(front, clients=6) as load:
        for turn, workers in enumerate((3, 1, 2, 2)):
            before = set(front.pids())
            app = front.version(f"version-{turn}", SCRIPT)
            assert front.control("reload", app=app, workers=workers) == {"ok": True}
            assert len(front.pids()) == workers
            assert not before & set(front.pids())
            further(load)
    eventually(lambda: len(front.control("status")["workers"]) == 2)
    assert front.control("stats")["restarts"] == 0


@pytest.mark.parametrize("how", BAD)
def test_a_bad_version_leaves_every_old_worker_serving(new_front: NewFront, how: str) -> None:
    script, reason = BAD[how]
    front = new_front(workers=2).script(SCRIPT).serve()
    before = front.pids()
    with under_load(front, clients=6):
        app = front.version("bad", script + "def run(raw_data):\n    return 1\n")
        reply = front.control("reload", app=app, workers=3, timeout=5)
    assert (reply["ok"], reply["phase"]) == (False, "init")
    assert reason in reply["error"]
    assert front.pids() == before
    eventually(lambda: len(front.control("status")["workers"]) == 2)


def test_a_worker_that_dies_while_another_version_starts_costs_only_its_request(new_front: NewFront) -> None:
    front = new_front(workers=2).script(SCRIPT).serve()
    slow = SCRIPT.replace("def init():\n    pass", "def init():\n    time.sleep(1)")
    with under_load(front):
        link = front.connect()
        app = front.version("slow", slow)
        link.request("POST", "/score", '{"harm": "exit", "sleep": 0.5}')
        assert front.control("reload", app=app) == {"ok": True}
        assert link.getresponse().status == 500
        link.close()
    eventually(lambda: len(front.control("status")["workers"]) == 2)
