"""`AZUREML_DEBUG_PORT`: the worker connects out to a real debugger and waits; no deadline ends what it holds."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jupyter_mldeploy.server import frames
from jupyter_mldeploy.server.front.config import App
from jupyter_mldeploy.server.front.spawn import debugged

from .dap import Debugger
from .front.fronts import ECHO, Front
from .test_standalone import Server, alone, served
from .worker_driver import Worker, until, write

SCRIPT = """\
import json, os
def init():
    pass
def run(raw_data):
    asked = json.loads(raw_data)
    doubled = asked["n"] * 2
    return [doubled, os.getpid()]
"""
LINE = 7  # the return


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write(tmp_path / "app", SCRIPT)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def debugged_server(app: Path, port: int, **more: str) -> Iterator[Server]:
    http = free_port()
    environment = {"AZUREML_MODEL_DIR": "m", "AZUREML_DEBUG_PORT": str(port), **more}
    with served(alone("--port", str(http)), app, http, **environment) as server:
        yield server


def asked(server: Server, n: int) -> tuple[threading.Thread, list[tuple[int, str]]]:
    """Ask in a thread; the answer comes into the list."""
    answers: list[tuple[int, str]] = []
    thread = threading.Thread(target=lambda: answers.append(server.ask("/score", json.dumps({"n": n}))[:2]))
    thread.start()
    return thread, answers


def test_a_breakpoint_in_run_is_hit_and_no_deadline_ends_what_the_debugger_holds(app: Path) -> None:
    port = free_port()
    with Debugger(port) as debugger, debugged_server(app, port, SCORING_TIMEOUT_MS="300", WORKER_TIMEOUT="1") as server:
        debugger.begin(str(app / "score.py"), LINE)
        assert until(server.healthy, 20)
        thread, answers = asked(server, 21)
        held, frame = debugger.stopped()
        assert debugger.ask("evaluate", expression="doubled", frameId=frame)["result"] == "42"
        time.sleep(1.5)  # five times the scoring timeout
        assert not answers
        debugger.ask("setExpression", expression="doubled", value="43", frameId=frame)
        debugger.ask("continue", threadId=held)
        thread.join(20)
        status, body = answers[0]
        assert (status, json.loads(body)[0]) == (200, 43)
        code, output = server.stop()
    assert code == 0
    assert f"connecting to the debugger at 127.0.0.1:{port}" in output


def test_the_successor_of_a_dead_worker_connects_anew(app: Path) -> None:
    port = free_port()
    with Debugger(port) as debugger, debugged_server(app, port) as server:
        debugger.begin(str(app / "score.py"), LINE - 1)
        assert until(server.healthy, 20)
        thread, answers = asked(server, 1)
        debugger.stopped()
        worker = psutil.Process(server.process.pid).children()[0]
        worker.kill()
        thread.join(20)
        assert answers[0][0] == 500
        debugger.event("terminated")
        debugger.__exit__()
        assert until(lambda: server.ask("/")[0] == 503)
        with Debugger(port) as second:
            second.begin(str(app / "score.py"), LINE)
            assert until(server.healthy, 20)
            thread, answers = asked(server, 4)
            second.ask("continue", threadId=second.stopped()[0])
            thread.join(20)
            assert json.loads(answers[0][1])[0] == 8
            assert server.stop()[0] == 0


def test_init_and_the_import_of_the_script_can_be_debugged_too(app: Path) -> None:
    port = free_port()
    with Debugger(port) as debugger, debugged_server(app, port) as server:
        debugger.begin(str(app / "score.py"), 1, 3)
        for _ in range(2):
            assert server.ask("/")[0] == 503
            debugger.ask("continue", threadId=debugger.stopped()[0])
        assert until(server.healthy, 20)


def test_without_a_debugger_that_listens_the_start_fails_and_says_how_to_begin(app: Path) -> None:
    port = free_port()
    with debugged_server(app, port) as server:
        output, _ = server.process.communicate(timeout=30)
    assert server.process.returncode == 3
    assert f"no debugger listens at 127.0.0.1:{port}" in output
    assert '"request": "attach"' in output


def test_a_debugger_that_leaves_before_it_has_begun_is_not_waited_for_without_end(app: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with debugged_server(app, port) as server:
            listener.accept()[0].close()
            output, _ = server.process.communicate(timeout=40)
    assert server.process.returncode == 3
    assert "did not begin within 10 s" in output


def test_without_debugpy_the_start_fails_and_names_the_interpreter_and_the_fix(app: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True, timeout=60)
    python = str(tmp_path / "bare" / "bin" / "python")
    with Worker(app, python=python, AZUREML_DEBUG_PORT="5678") as worker:
        failure = worker.boot()
        assert worker.exit_code() == 3
    assert [phase["phase"] for phase in worker.phases] == ["debugger", "failed"]
    assert failure["during"] == "debugger"
    assert f"`{python} -m pip install debugpy`" in failure["error"]


@pytest.mark.parametrize("port", ["x", "70000", "-1"])
def test_a_port_that_is_none_is_refused_by_name(app: Path, port: str) -> None:
    with Worker(app, AZUREML_DEBUG_PORT=port) as worker:
        assert f"AZUREML_DEBUG_PORT is {port!r}" in worker.boot()["error"]


@pytest.mark.parametrize("port", ["", "0"])
def test_no_port_is_no_debugger(app: Path, port: str) -> None:
    with Worker(app, AZUREML_DEBUG_PORT=port) as worker:
        assert worker.ready().ask(b'{"n": 1}').status == frames.OK
    assert not debugged(App(str(app), sys.executable, "score.py", environment={"AZUREML_DEBUG_PORT": port}))


def test_a_debugger_with_several_workers_is_refused(app: Path) -> None:
    with debugged_server(app, free_port(), WORKER_COUNT="2") as server:
        output, _ = server.process.communicate(timeout=30)
    assert server.process.returncode == 3
    assert "set the number of workers to 1, not 2" in output


def test_a_reload_that_finds_no_debugger_leaves_the_old_version_serving(tmp_path: Path) -> None:
    front = Front(tmp_path).script(ECHO).serve()
    try:
        app = front.application(environment={"AZUREML_DEBUG_PORT": str(free_port())})
        for workers, words in ((2, "set the number of workers to 1, not 2"), (1, "no debugger listens")):
            answer = front.control("reload", app=app, workers=workers)
            assert not answer["ok"]
            assert words in answer["error"]
        assert front.score({"echo": "still"}).json["echo"] == "still"
    finally:
        front.stop()
