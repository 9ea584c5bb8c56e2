"""Reload: a new version takes over without a lost request, and a bad one changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from .fronts import ECHO, Front, Load, alive, eventually

NewFront = Callable[..., Front]


def numbered(number: int) -> str:
    return ECHO.replace('"length": len(raw_data)', f'"version": {number}')


def test_a_good_version_takes_over_under_load_without_a_failed_request(new_front: NewFront) -> None:
    front = new_front(workers=2).serve()
    old = front.pids()
    with Load(front, clients=6) as load:
        for number in range(1, 6):
            app = front.version(f"v{number}", numbered(number))
            assert front.control("reload", app=app) == {"ok": True}
            assert front.score({}).json["version"] == number
            seen = load.seen["right"]
            eventually(lambda seen=seen: load.seen["right"] > seen + 50)
    assert set(load.seen) == {"right"}
    assert front.control("status")["root"] == str(front.folder / "v5")
    eventually(lambda: len(front.control("status")["workers"]) == 2)
    assert not any(alive(pid) for pid in old)


BAD = {
    "raises": (
        "def init():\n    print('so far')\n    raise KeyError('weights')\ndef run(x):\n    pass\n",
        "init",
        "KeyError: 'weights'",
    ),
    "exits": ("import sys\ndef init():\n    sys.exit(4)\ndef run(x):\n    pass\n", "init", "SystemExit"),
    "dies": ("import os\ndef init():\n    os._exit(4)\ndef run(x):\n    pass\n", "init", "code 4"),
    "segfaults": ("import ctypes\ndef init():\n    ctypes.string_at(0)\ndef run(x):\n    pass\n", "init", "SIGSEGV"),
    "does not parse": ("def init(:\n", "importing", "SyntaxError"),
    "has no run": ("def init():\n    pass\n", "importing", "run"),
    "imports what is not there": ("import not_there\n", "importing", "not_there"),
}


@pytest.mark.parametrize(("script", "phase", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_version_keeps_the_old_one_serving_under_load(
    new_front: NewFront, script: str, phase: str, said: str
) -> None:
    front = new_front(workers=2).serve()
    old = sorted(front.pids())
    with Load(front, clients=4) as load:
        reply = front.control("reload", app=front.version("bad", script))
        seen = load.seen["right"]
        eventually(lambda: load.seen["right"] > seen + 50)
    assert set(load.seen) == {"right"}
    assert (reply["ok"], reply["phase"]) == (False, phase)
    assert said in reply["error"] + reply["traceback"]
    assert sorted(front.pids()) == old
    eventually(lambda: len(front.control("status")["workers"]) == 2)
    status = front.control("status")
    assert (status["phase"], status["reason"], status["root"]) == ("serving", "", str(front.app))


def test_a_failed_reload_brings_the_scripts_own_traceback_and_last_lines(new_front: NewFront) -> None:
    front = new_front().serve()
    reply = front.control("reload", app=front.version("bad", BAD["raises"][0]))
    assert 'score.py", line 3, in init' in reply["traceback"]
    assert "mldeploy" not in reply["traceback"]
    assert "so far" in reply["log"]


@pytest.mark.parametrize("how", ["time.sleep(60)", "ctypes.PyDLL(None).sleep(60)"], ids=["in Python", "in native code"])
def test_an_init_that_hangs_is_given_up_with_its_stack(new_front: NewFront, how: str) -> None:
    front = new_front().serve()
    script = f"import ctypes, time\ndef init():\n    {how}\ndef run(x):\n    pass\n"
    reply = front.control("reload", app=front.version("stuck", script), timeout=0.7)
    assert (reply["ok"], reply["phase"]) == (False, "init")
    assert "0.7 s" in reply["error"]
    assert "in init" in reply["log"]
    assert front.score({"echo": 1}).status == 200
    eventually(lambda: len(front.control("status")["workers"]) == 1)


def test_a_missing_folder_or_interpreter_changes_nothing(new_front: NewFront) -> None:
    front = new_front().serve()
    for app in (front.application(front.folder / "nowhere"), front.application(python="/no/python")):
        reply = front.control("reload", app=app)
        assert not reply["ok"]
        assert "/no" in reply["error"]
    assert front.score({"echo": 1}).status == 200


def test_two_reloads_take_turns(new_front: NewFront) -> None:
    front = new_front().serve()
    apps = [front.version(f"v{n}", "import time\ntime.sleep(0.2)\n" + numbered(n)) for n in range(3)]
    replies: list[object] = []
    threads = [threading.Thread(target=lambda a=app: replies.append(front.control("reload", app=a))) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert replies == [{"ok": True}] * 3
    eventually(lambda: len(front.control("status")["workers"]) == 1)
    assert front.score({}).status == 200


def test_a_request_that_runs_during_a_reload_is_finished_by_the_old_version(new_front: NewFront) -> None:
    front = new_front().serve()
    answers: list[object] = []
    slow = threading.Thread(target=lambda: answers.append(front.score({"sleep": 1, "echo": "old"})))
    slow.start()
    eventually(lambda: front.control("stats")["running"] == 1)
    assert front.control("reload", app=front.version("v1", numbered(1)))["ok"]
    assert front.score({}).json["version"] == 1
    slow.join(10)
    assert "version" not in answers[0].json and answers[0].json["echo"] == "old"


def test_a_reload_may_change_workers_settings_and_auth(new_front: NewFront) -> None:
    front = new_front(auth="key", settings={"body_limit": 5000}).serve()
    app = front.version("v1", numbered(1))
    reply = front.control("reload", app=app, workers=2, settings={"body_limit": 30}, auth="none")
    assert reply == {"ok": True}
    assert len(front.pids()) == 2
    assert front.score({}).status == 200
    assert front.score({"echo": "x" * 40}).status == 413


def test_a_failed_reload_leaves_settings_and_auth_too(new_front: NewFront) -> None:
    front = new_front(auth="key").serve()
    app = front.version("bad", BAD["raises"][0])
    assert not front.control("reload", app=app, workers=3, settings={"body_limit": 1}, auth="none")["ok"]
    assert front.score({}).status == 401
    assert front.control("status")["wanted"] == 1


def test_a_caller_that_goes_away_does_not_stop_its_reload(new_front: NewFront) -> None:
    front = new_front().serve()
    app = front.version("v1", "import time\ntime.sleep(0.5)\n" + numbered(1))
    with pytest.raises(TimeoutError):
        from jupyter_mldeploy.server import control

        control.call(front.socket, {"op": "reload", "app": app}, 0.1)
    eventually(lambda: front.score({}).json.get("version") == 1)
