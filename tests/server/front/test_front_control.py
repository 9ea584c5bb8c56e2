"""The control channel: its messages, its errors, its socket, and the little client in the shell."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mldeploy.server import control

from .fronts import ECHO, Front

NewFront = Callable[..., Front]
CTL = Path(control.__file__).with_name("ctl.py")


def test_status_tells_what_there_is(echo: Front) -> None:
    echo.score({"raise": "for the status"})
    status = echo.control("status")
    assert (status["phase"], status["ready"], status["wanted"], status["reason"]) == ("serving", 1, 1, "")
    assert (status["port"], status["root"]) == (echo.port, str(echo.app))
    assert status["requests"] >= status["errors"] >= 1
    assert status["last_error"] == "ValueError: for the status"
    assert status["uptime"] > 0
    (worker,) = status["workers"]
    assert worker.keys() == {"id", "pid", "state", "phase", "since", "requests", "restarts"}


def test_stats_are_counters(echo: Front) -> None:
    stats = echo.control("stats")
    assert stats["ok"] and all(isinstance(stats[name], int) for name in ("requests", "queued", "running", "restarts"))


WRONG: list[tuple[bytes, str]] = [
    (b"not json", "JSON"),
    (b"[]", "v = 1"),
    (b'{"op": "status"}', "v = 1"),
    (b'{"v": 2, "op": "status"}', "v = 1"),
    (b'{"v": 1}', "None"),
    (b'{"v": 1, "op": "dance"}', "status, wait, reload"),
    (b'{"v": 1, "op": "scale"}', "workers"),
    (b'{"v": 1, "op": "scale", "workers": 0}', "workers is 0"),
    (b'{"v": 1, "op": "scale", "workers": true}', "workers"),
    (b'{"v": 1, "op": "wait", "seconds": "long"}', "seconds"),
    (b'{"v": 1, "op": "auth", "auth": "magic"}', "none, key"),
    (b'{"v": 1, "op": "reload"}', "app"),
    (b'{"v": 1, "op": "reload", "app": {"root": "/"}}', "app.python"),
    (b"\xff\xfe", "utf-8"),
]


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_a_wrong_message_gets_one_line_that_says_so(echo: Front, line: bytes, said: str) -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(echo.socket)
        link.sendall(line + b"\n" + b'{"v": 1, "op": "status"}\n')
        first, second = (json.loads(text) for text in _lines(link, 2))
    assert first["ok"] is False
    assert said in first["error"]
    assert second["ok"] is True


def _lines(link: socket.socket, number: int) -> list[bytes]:
    got = b""
    while got.count(b"\n") < number:
        got += link.recv(65536)
    return got.splitlines()


def test_the_socket_is_for_the_owner_alone(echo: Front) -> None:
    assert stat.S_IMODE(os.stat(echo.socket).st_mode) == 0o600


def test_a_long_path_works_for_both_ends(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    front = Front(folder).script(ECHO).serve()
    assert len(front.socket) > 107
    assert front.control("status")["phase"] == "serving"
    assert front.stop() == 0
    assert not os.path.exists(front.socket)


def test_a_second_front_does_not_take_the_socket_of_a_living_one(new_front: NewFront, tmp_path: Path) -> None:
    front = new_front().serve()
    other = tmp_path / "other"
    other.mkdir()
    second = Front(other, control=front.socket).script(ECHO).start()
    assert second.process.wait(10) == 1
    assert "another front" in second.outcome()["reason"]
    assert front.control("status")["ok"]


def test_what_a_killed_front_left_is_taken_over(new_front: NewFront) -> None:
    front = new_front().serve()
    front.process.kill()
    front.process.wait()
    assert os.path.exists(front.socket)
    assert front.serve().control("status")["phase"] == "serving"


def test_nobody_listening_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        control.call(str(tmp_path / "s"), {"op": "status"}, 1)


def test_no_answer_in_time_is_a_timeout(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        with pytest.raises(TimeoutError, match=r"0\.1 s"):
            control.call(str(tmp_path / "s"), {"op": "status"}, 0.1)


def ctl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", str(CTL), *arguments], capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize(
    ("message", "code", "said"),
    [('{"op": "status"}', 0, '"phase": "serving"'), ('{"op": "x"}', 1, "'x'"), ("{", 1, "error")],
)
def test_ctl_prints_the_reply_and_exits_by_it(echo: Front, message: str, code: int, said: str) -> None:
    done = ctl(echo.socket, message)
    assert (done.returncode, said in done.stdout, done.stderr) == (code, True, "")
    assert isinstance(json.loads(done.stdout), dict)


def test_ctl_takes_a_message_from_a_file_and_removes_it(echo: Front, tmp_path: Path) -> None:
    """What it says may be secret, and is in no process list."""
    (tmp_path / "message").write_text('{"op": "status"}')
    done = ctl(echo.socket, f"@{tmp_path}/message")
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (0, True)
    assert not (tmp_path / "message").exists()
    assert ctl(echo.socket, f"@{tmp_path}/message").returncode == 1


def test_ctl_without_a_front_says_so(tmp_path: Path) -> None:
    done = ctl(str(tmp_path / "nobody"), '{"op": "status"}')
    assert done.returncode == 1
    assert "No such file" in json.loads(done.stdout)["error"]
    assert json.loads(done.stdout)["silent"] is True


@pytest.mark.parametrize("arguments", [(), ("one",)])
def test_ctl_with_wrong_arguments_shows_its_usage(arguments: Any) -> None:
    done = ctl(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert "usage" in done.stderr
