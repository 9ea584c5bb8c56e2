"""Start and end of a front: phases, exit codes, the outcome file, and what is left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from .fronts import ECHO, Answer, Front, Load, alive, eventually

NewFront = Callable[..., Front]
SLOW_INIT = "import time\ndef init():\n    time.sleep(1)\ndef run(raw_data):\n    return 1\n"
STUCK = "import ctypes\ndef init():\n    pass\ndef run(raw_data):\n    ctypes.PyDLL(None).sleep(60)\n"  # keeps the GIL


def test_health_goes_from_503_to_healthy(new_front: NewFront) -> None:
    front = new_front().script(SLOW_INIT).start()
    eventually(lambda: "init" in [worker["state"] for worker in front.control("status")["workers"]])
    health, score = front.request("GET", "/"), front.score({})
    assert (health.status, score.status) == (503, 503)
    assert "init" in health.json["message"]
    assert score.headers["retry-after"] == "1"
    assert front.control("status")["phase"] == "starting"
    assert front.control("wait", seconds=10)["phase"] == "serving"
    assert front.request("GET", "/").body == b"Healthy"
    assert front.score({}).json == 1


def test_wait_returns_after_its_time(new_front: NewFront) -> None:
    front = new_front().script(SLOW_INIT).start()
    assert front.control("wait", seconds=0.05)["phase"] == "starting"


FAILURES = {
    "init raises": ("def init():\n    open('/no/such/model')\ndef run(x):\n    pass\n", "init", "/no/such/model"),
    "import raises": ("import nothing_of_that_name\n", "importing", "nothing_of_that_name"),
    "no parse": ("def init(:\n", "importing", "SyntaxError"),
    "init exits": ("import sys\ndef init():\n    sys.exit(0)\ndef run(x):\n    pass\n", "init", "SystemExit"),
    "init dies": ("import os\ndef init():\n    os._exit(9)\ndef run(x):\n    pass\n", "init", "code 9"),
}


@pytest.mark.parametrize(("script", "phase", "said"), FAILURES.values(), ids=FAILURES.keys())
def test_a_script_that_does_not_start_ends_the_front_with_3(
    new_front: NewFront, script: str, phase: str, said: str
) -> None:
    front = new_front(workers=2).script(script).start()
    assert front.process.wait(10) == 3
    outcome = front.outcome()
    assert (outcome["phase"], outcome["exit_code"]) == ("failed", 3)
    assert said in outcome["reason"] + outcome["traceback"]
    assert any(said in line["x"] and line["l"] == "E" for line in front.log())
    assert not os.path.exists(front.socket)


def test_what_the_script_printed_before_it_failed_is_in_the_log(new_front: NewFront) -> None:
    script = "import os\ndef init():\n    print('so far')\n    os.write(2, b'native words')\n    1 / 0\n"
    script += "def run(x):\n    pass\n"
    front = new_front().script(script).start()
    front.process.wait(10)
    lines = {line["x"]: line for line in front.log()}
    assert lines["so far"]["s"] == "stdout"
    assert lines["native words"]["s"] == "stderr"


def test_a_missing_interpreter_is_named(new_front: NewFront) -> None:
    front = new_front()
    front.config["app"]["python"] = "/no/such/python"
    assert front.start().process.wait(10) == 3
    assert "/no/such/python" in front.outcome()["reason"]


def test_a_port_in_use_ends_with_1_and_is_named(new_front: NewFront) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        front = new_front(port=port).start()
        assert front.process.wait(10) == 1
    assert str(port) in front.outcome()["reason"]
    assert front.outcome()["exit_code"] == 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"workers": 0}, "workers is 0"),
    ({"workers": "two"}, "workers is 'two'"),
    ({"auth": "password"}, "none, key"),
    ({"port": 70000}, "70000"),
    ({"protocol": 2}, "protocol 1"),
    ({"portt": 1}, "'portt'"),
    ({"aliases": ["api"]}, "api"),
    ({"settings": {"body_limit": "1 MB"}}, "settings.body_limit"),
    ({"settings": {"body_limit": -1}}, "negative"),
    ({"settings": {"version_header": 1}}, "bool"),
    ({"app": {"root": "/"}}, "app.python"),
    ({"app": None}, "app"),
    ({"secrets": "/no/such/file"}, "/no/such/file"),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_a_configuration_that_cannot_work_ends_with_1_and_says_why(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    (tmp_path / "app").mkdir()
    front = Front(tmp_path, **change)
    (tmp_path / "config.json").write_text(json.dumps(front.config))
    done = run("jupyter_mldeploy.server", str(tmp_path / "config.json"))
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [[], ["one", "two"], ["/no/such/config.json"]])
def test_wrong_arguments_end_with_1(arguments: list[str]) -> None:
    assert run("jupyter_mldeploy.server", *arguments).returncode == 1


def test_a_setting_of_a_newer_version_is_noted_and_left_alone(new_front: NewFront) -> None:
    front = new_front(settings={"of_the_future": 1}).serve()
    assert front.logged("of_the_future")["l"] == "W"


def test_an_inherited_socket_is_served(new_front: NewFront, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        front = new_front(fd=listener.fileno())
        (tmp_path / "config.json").write_text(json.dumps(front.config))
        command = [sys.executable, "-m", "jupyter_mldeploy.server", str(tmp_path / "config.json")]
        front.process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        eventually(lambda: front.outcome().get("phase") == "serving")
        assert front.port == listener.getsockname()[1]
        assert front.score({"echo": 1}).json["echo"] == 1


def test_without_a_log_file_lines_go_to_stdout_in_azmlinfsrv_s_form(new_front: NewFront) -> None:
    front = new_front(log=None).serve()
    front.score({"print": "hello from run"}, **{"x-request-id": "abc"})
    front.stop()
    lines = front.output().splitlines()
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} I \[\d+\] "
    for pattern in ("azmlinfsrv.print - hello from run", r"azmlinfsrv - POST /score 200 \d+\.\d+ms \d+"):
        assert any(re.fullmatch(stamp + pattern, line) for line in lines), lines


def test_what_run_prints_is_logged_with_its_request(new_front: NewFront) -> None:
    front = new_front().serve()
    front.score({"print": "a word"}, **{"x-request-id": "abc"})
    assert front.logged("a word")["r"] == "abc"
    access = front.logged("POST /score 200")
    assert (access["s"], access["r"], access["w"]) == ("access", "abc", 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_after_what_runs(new_front: NewFront, number: int) -> None:
    front = new_front().serve()
    with Running(front) as running:
        os.kill(front.pid, number)
        assert running.answer().json["echo"] == "under way"
    assert front.process.wait(10) == 0
    assert (front.outcome()["phase"], front.outcome()["exit_code"]) == ("stopped", 0)
    assert not os.path.exists(front.socket)


def test_drain_under_load_loses_nothing(new_front: NewFront) -> None:
    front = new_front(workers=2).serve()
    with Load(front, clients=8) as load:
        eventually(lambda: load.seen["right"] > 200)
        assert front.control("drain") == {"ok": True}
        assert front.process.wait(10) == 0
    assert set(load.seen) == {"right"}


def test_a_second_signal_ends_it_at_once(new_front: NewFront) -> None:
    front = new_front().serve()
    with Running(front, seconds=30):
        os.kill(front.pid, signal.SIGTERM)
        eventually(lambda: front.outcome()["phase"] == "stopped")
        os.kill(front.pid, signal.SIGTERM)
        assert front.process.wait(5) == 0


@pytest.mark.parametrize("script", [ECHO, STUCK], ids=["idle", "inside native code"])
def test_kill_9_of_the_front_leaves_no_worker_and_the_port_is_free(new_front: NewFront, script: str) -> None:
    front = new_front(workers=2).script(script).serve()
    pids, port = front.pids(), front.port
    with Running(front, seconds=1):
        os.kill(front.pid, signal.SIGKILL)
        front.process.wait(5)
        eventually(lambda: not any(alive(pid) for pid in pids), limit=2)
    with socket.create_server(("127.0.0.1", port)):
        pass
    front.config["port"] = port
    assert front.serve().request("GET", "/").status == 200


def test_workers_have_a_group_of_their_own_and_stand_back(new_front: NewFront) -> None:
    front = new_front().serve()
    (pid,) = front.pids()
    assert os.getpgid(pid) == pid
    assert os.getsid(pid) == os.getsid(front.pid)
    assert psutil.Process(pid).nice() == 5


SLEEPS = "import time\ndef init(): pass\ndef run(raw_data): time.sleep(float(raw_data))\n"


def test_a_worker_with_long_runs_stands_back_further(new_front: NewFront) -> None:
    front = new_front().script(SLEEPS).serve()
    (pid,) = front.pids()
    for _ in range(20):
        front.score(0)
    assert psutil.Process(pid).nice() == 5
    front.score(0.6)
    grouped = Path("/proc/sys/kernel/sched_autogroup_enabled")  # by session: then only the front is before it
    expected = 15 if grouped.exists() and grouped.read_text().strip() == "1" else 5
    assert psutil.Process(pid).nice() == expected
    assert front.score(0).status == 200


def test_a_worker_inherits_the_environment_but_not_our_import_path(
    new_front: NewFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("FROM_OUTSIDE", "1")
    script = "import os\ndef init():\n    pass\ndef run(x):\n    return dict(os.environ, cwd=os.getcwd())\n"
    front = new_front().script(script)
    front.config["app"] |= {"environment": {"MINE": "2"}, "source_directory": "source"}
    seen = front.serve().request("POST", "/score", "").json
    assert "PYTHONPATH" not in seen
    assert (seen["FROM_OUTSIDE"], seen["MINE"]) == ("1", "2")
    assert (seen["AML_APP_ROOT"], seen["AZUREML_ENTRY_SCRIPT"]) == (str(front.app), "score.py")
    assert (seen["AZUREML_SOURCE_DIRECTORY"], seen["cwd"]) == ("source", str(front.app))


class Running:
    """A request that the front is at work on."""

    def __init__(self, front: Front, seconds: float = 0.3) -> None:
        self.front, self.connection = front, front.connect()
        self.connection.request("POST", "/score", json.dumps({"sleep": seconds, "echo": "under way"}))
        eventually(lambda: front.control("stats")["running"] == 1)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: Any) -> None:
        self.connection.close()

    def answer(self) -> Answer:
        return Answer(self.connection.getresponse())


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, timeout=20)
