"""What a script does to its worker costs the request that did it, and nobody else, also under load."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from ..server.front.fronts import Front, Load, alive, eventually
from .abuse import FIXED, SCRIPT, NewFront, further, timed, under_load

DEADLY = {"exit": "exited with code 7", "segfault": "SIGSEGV"}
ENDLESS = ["spin", "deaf", "asleep", "chatter", "native_chatter"]
FAILING = ["raise", "leave", "recurse"]
HARMLESS = ["close", "chdir", "noisy_child"]


def abused(new_front: NewFront, **settings: int) -> Front:
    return new_front(workers=2, settings=settings).script(SCRIPT).serve()


@pytest.mark.parametrize("harm", DEADLY)
def test_a_death_fails_its_own_request_alone(new_front: NewFront, harm: str) -> None:
    front = abused(new_front)
    with under_load(front):
        for _ in range(3):
            answer, took = timed(front, {"harm": harm})
            assert (answer.status, answer.json) == (500, {"message": FIXED})
            assert took < 2
    assert front.logged(DEADLY[harm])["r"] == "the-harm"
    eventually(lambda: len(front.pids()) == 2)


@pytest.mark.parametrize("harm", ENDLESS)
def test_a_run_without_end_is_answered_at_its_deadline_and_its_worker_replaced(new_front: NewFront, harm: str) -> None:
    front = abused(new_front, scoring_timeout_ms=500)
    before = front.pids()
    with under_load(front):
        answer, took = timed(front, {"harm": harm})
        assert (answer.status, answer.json) == (500, {"message": "Scoring timeout after 500 ms"})
        assert 0.49 < took < 2
        eventually(lambda: len(front.pids()) == 2)
    assert len([pid for pid in before if alive(pid)]) == 1
    front.logged("in run" if harm not in ("chatter", "native_chatter") else "again and again")


@pytest.mark.parametrize("harm", [*ENDLESS[3:], "noisy_child"])
def test_output_without_end_does_not_fill_the_disk(new_front: NewFront, harm: str) -> None:
    front = abused(new_front, scoring_timeout_ms=2000)
    front.score({"harm": harm})
    assert front.score({"echo": 1}).json["echo"] == 1
    front.control("status")  # all that is logged so far is on the disk now
    assert front.log_file.stat().st_size < 5 << 20
    front.logged("dropped")


@pytest.mark.parametrize("harm", FAILING)
def test_a_run_that_fails_leaves_its_worker_serving(new_front: NewFront, harm: str) -> None:
    front = abused(new_front)
    before = front.pids()
    with under_load(front):
        assert [timed(front, {"harm": harm})[0].json for _ in range(3)] == [{"message": FIXED}] * 3
    assert front.pids() == before


@pytest.mark.parametrize("harm", HARMLESS)
def test_closed_streams_and_a_changed_folder_leave_a_worker_as_good_as_before(new_front: NewFront, harm: str) -> None:
    front = abused(new_front)
    before = front.pids()
    with under_load(front):
        for _ in range(4):
            assert timed(front, {"harm": harm})[0].status == 200
        assert front.score({"harm": "say", "echo": "afterwards"}).status == 200
    assert front.pids() == before
    front.logged("said afterwards")


def test_a_worker_that_closes_everything_is_replaced(new_front: NewFront) -> None:
    front = abused(new_front)
    with under_load(front):
        status = timed(front, {"harm": "close_all"})[0].status
        assert status in (200, 500)  # what it had answered is found in the page that it shares with the front
        eventually(lambda: len(front.pids()) == 2)


def test_kill_9_under_load_costs_what_ran_and_nothing_runs_twice(new_front: NewFront, tmp_path: Path) -> None:
    front = abused(new_front)
    ran = tmp_path / "ran"
    with Recording(front, ran) as load:
        for _ in range(4):
            further(load, 100)
            eventually(lambda: len(front.pids()) == 2)
            os.kill(front.pids()[0], signal.SIGKILL)
        further(load, 100)
    runs = Counter(ran.read_text().split())
    assert set(load.seen) <= {"right", 500}
    assert load.seen[500] <= 4
    assert set(runs.values()) == {1}
    assert len(runs) >= load.seen["right"]


def test_a_killed_worker_is_back_at_once(new_front: NewFront) -> None:
    front = abused(new_front)
    with Load(front, 1) as load:
        further(load)
        (one, _) = front.pids()
        os.kill(one, signal.SIGKILL)
        began = time.monotonic()
        eventually(lambda: one not in (pids := front.pids()) and len(pids) == 2)
        assert time.monotonic() - began < 1
        further(load)
    assert set(load.seen) <= {"right", 500}
    assert load.seen[500] <= 1  # the request that it ran, if it ran one


def test_kill_9_of_the_front_leaves_no_worker_also_inside_native_code(new_front: NewFront) -> None:
    front = abused(new_front)
    pids = front.pids()
    with Load(front, 4) as load:
        further(load)
        link = front.connect()
        link.request("POST", "/score", '{"harm": "deaf"}')
        time.sleep(0.2)
        port = front.port
        os.kill(front.pid, signal.SIGKILL)
        front.process.wait(5)
        eventually(lambda: not any(map(alive, pids)), 2)
        link.close()
    front.config["port"] = port
    front.serve()
    assert front.score({"echo": "again"}).json["echo"] == "again"


class Recording(Load):
    """A load whose requests each leave a line in a file when they run."""

    def __init__(self, front: Front, ran: Path) -> None:
        super().__init__(front, 4)
        self._ran = str(ran)

    def content(self, mark: str) -> dict[str, str]:
        return {"echo": mark, "ran": self._ran}
