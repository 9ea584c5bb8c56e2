"""`mldeploy-server` over HTTP, in place, and its folder lifted out with the worker under another interpreter."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from parts import Part

from .worker_driver import SERVER, Worker, until, write

SCRIPT = """
import json, os, sys
from azureml.core.model import Model
def init():
    global factor
    print("reading the model")
    factor = int(open(Model.get_model_path("factor")).read())
def run(raw_data):
    print("scoring", raw_data)
    return [factor * sum(json.loads(raw_data)["data"]), os.environ["AZUREML_MODEL_DIR"], sys.implementation.name]
"""
OTHERS = ("pypy3", *(f"python3.{minor}" for minor in range(8, 16)))


@pytest.fixture
def app(tmp_path: Path) -> Path:
    root = write(tmp_path / "app", SCRIPT)
    write(root, "10", "azureml-models/factor/1/factor.txt")
    return root


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Server:
    """A started server and what it wrote."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def ask(self, path: str, body: str | None = None) -> tuple[int, str, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET" if body is None else "POST", path, body)
            response = connection.getresponse()
            return response.status, response.read().decode(), response.headers

    def healthy(self) -> bool:
        try:
            return self.ask("/")[0] == 200
        except OSError:
            return False

    def stop(self) -> tuple[int, str]:
        """End it by SIGTERM; returns the exit code and the output."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=20)
        return self.process.returncode, out


@contextlib.contextmanager
def served(arguments: list[str], cwd: Path, port: int, **environment: str) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**{k: v for k, v in os.environ.items() if k != "AZUREML_MODEL_DIR"}, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Server(process, port)
    finally:
        process.kill()
        process.communicate()


def alone(*arguments: str) -> list[str]:
    return ["-m", "jupyter_mldeploy.server.cli", "--entry_script", "score.py", *arguments]


def test_it_serves_scores_and_describes_and_stops_with_0(app: Path, port: int) -> None:
    arguments = alone("--model_dir", "azureml-models/factor/1", "--port", str(port), "--worker_count", "2")
    with served(arguments, app, port, SERVICE_NAME="mine") as server:
        assert until(server.healthy)
        status, body, headers = server.ask("/score", '{"data": [1, 2]}')
        assert (status, json.loads(body)[:2]) == (200, [30, "azureml-models/factor/1"])
        assert headers["x-ms-run-function-failed"] == "False"
        assert float(headers["x-ms-run-fn-exec-ms"]) >= 0
        assert server.ask("/score", "{")[0] == 500
        for version, key in (("2", "swagger"), ("3", "openapi"), ("3.1", "openapi")):
            document = json.loads(server.ask(f"/swagger.json?version={version}")[1])
            assert document[key].startswith(version)
            assert document["info"]["title"] == "mine"
        code, output = server.stop()
    assert code == 0
    assert "azmlinfsrv.print - reading the model" in output
    assert 'azmlinfsrv.print - scoring {"data": [1, 2]}' in output
    assert "JSONDecodeError" in output
    assert "working/" not in output


def test_the_health_port_is_a_second_address_when_it_is_switched_on(app: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        health = int(listener.getsockname()[1])
    arguments = alone("--port", str(port), "--health_port", str(health))
    with served(arguments, app, port, AZUREML_MODEL_DIR="m", SEPERATE_HEALTH_ENDPOINT="true") as server:
        assert until(server.healthy)
        assert Server(server.process, health).ask("/")[:2] == (200, "Healthy")
    with served(arguments, app, port, AZUREML_MODEL_DIR="m") as server:
        assert until(server.healthy)
        assert not Server(server.process, health).healthy()


def test_it_listens_on_loopback_only_unless_told(app: Path, port: int) -> None:
    with served(alone("--port", str(port)), app, port, AZUREML_MODEL_DIR="m") as server:
        assert until(server.healthy)
        other = socket.socket()
        other.bind(("127.0.0.2", port))
        other.close()


def test_a_failing_init_exits_with_3_and_the_scripts_own_traceback(app: Path, port: int) -> None:
    shutil.rmtree(app / "azureml-models")
    with served(alone("--port", str(port)), app, port) as server:
        out, _ = server.process.communicate(timeout=30)
        assert server.process.returncode == 3
        assert "in init" in out
        assert "ModelNotFound: no model 'factor'" in out


def test_a_port_in_use_exits_with_1_and_is_named(app: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        with served(alone("--port", str(port)), app, port) as server:
            out, _ = server.process.communicate(timeout=30)
            assert server.process.returncode == 1
            assert f"Port {port}" in out


def test_worker_timeout_ends_a_run_with_the_answer_of_the_scoring_timeout(tmp_path: Path, port: int) -> None:
    app = write(tmp_path / "app", "import time\ndef init(): pass\ndef run(data): time.sleep(float(data))\n")
    arguments = alone("--port", str(port))
    with served(arguments, app, port, AZUREML_MODEL_DIR="m", WORKER_TIMEOUT="1", WORKER_PRELOAD="true") as server:
        assert until(server.healthy, 20)
        assert server.ask("/score", "30")[:2] == (500, '{"message": "Scoring timeout after 1000 ms"}')
        assert until(lambda: server.healthy() and server.ask("/score", "0")[0] == 200, 20)
        _, output = server.stop()
    assert "Accepted, without effect: WORKER_PRELOAD (each worker loads the script by itself)" in output


def test_an_insights_key_is_refused_or_ignored_in_words_and_never_shown(app: Path, port: int) -> None:
    for key, words in (("not-a-uuid", "is no UUID"), ("01234567-89ab-cdef-0123-456789abcdef", "Nothing is sent")):
        arguments = alone("--port", str(port), "--appinsights_instrumentation_key", key)
        with served(arguments, app, port, AZUREML_MODEL_DIR="m") as server:
            assert until(server.healthy)
            _, output = server.stop()
        assert words in output
        assert key not in output


@functools.cache
def interpreters() -> dict[str, str]:
    """The other Pythons on this machine that can run a worker, by what they are: `pypy 3.9`, `cpython 3.8`."""
    code = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2], sys.version_info >= (3, 8))"
    found: dict[str, str] = {}
    for path in (*filter(None, map(shutil.which, OTHERS)), *map(str, Path.home().glob(".pyenv/versions/*/bin/python"))):
        done = subprocess.run([path, "-c", code], capture_output=True, text=True, timeout=20, check=False)
        name, _, fits = done.stdout.strip().rpartition(" ")
        if fits == "True":
            found.setdefault(name, path)
    found.pop(f"cpython {sys.version_info[0]}.{sys.version_info[1]}", None)
    return found


def test_the_folder_lifted_out_serves_without_our_package_and_under_another_interpreter(
    app: Path, tmp_path: Path, port: int, part: Part
) -> None:
    python = part.command("pypy3", debian="pypy3")
    shutil.copytree(SERVER, tmp_path / "lifted" / "mldeploy_server", ignore=shutil.ignore_patterns("__pycache__"))
    config = {
        "protocol": 1,
        "name": "svc",
        "port": port,
        "app": {
            "root": str(app),
            "python": python,
            "entry_script": "score.py",
            "environment": {"AZUREML_MODEL_DIR": "azureml-models/factor/1"},
        },
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    blocked = (
        "import sys, runpy; sys.modules['jupyter_mldeploy'] = None; "
        "sys.argv = ['mldeploy_server', 'config.json']; runpy.run_module('mldeploy_server', run_name='__main__')"
    )
    with served(["-c", blocked], tmp_path, port, PYTHONPATH=str(tmp_path / "lifted")) as server:
        assert until(server.healthy, 20), server.stop()
        status, body, _ = server.ask("/score", '{"data": [1, 2]}')
        assert (status, json.loads(body)[0]) == (200, 30)
        assert server.stop()[0] == 0


@pytest.mark.parametrize("kind", sorted(interpreters()))
def test_the_worker_serves_under_every_other_python_that_is_here(kind: str, app: Path) -> None:
    with Worker(app, python=interpreters()[kind], AZUREML_MODEL_DIR="m") as worker:
        assert json.loads(worker.ready().ask(b'{"data": [4]}').body)[0] == 40
        worker.control(op="drain")
        assert worker.exit_code() == 0
        assert [entry["x"] for entry in worker.logs] == ["reading the model", 'scoring {"data": [4]}']
