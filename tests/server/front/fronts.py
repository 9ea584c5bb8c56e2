"""Real fronts with real workers on free loopback ports, and clients that speak to them."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from jupyter_mldeploy.server import control

KEYS = ["first-key-of-the-test", "second-key-of-the-test"]
ECHO = """
import ctypes, json, os, sys, time
def init():
    print("init ran")
def run(raw_data):
    asked = json.loads(raw_data) if raw_data else {}
    if not isinstance(asked, dict):
        return asked
    if "sleep" in asked:
        time.sleep(asked["sleep"])
    if "exit" in asked:
        os._exit(asked["exit"])
    if "segfault" in asked:
        ctypes.string_at(0)
    if "raise" in asked:
        raise ValueError(asked["raise"])
    if "print" in asked:
        print(asked["print"])
    if "size" in asked:
        return "x" * asked["size"]
    return {"pid": os.getpid(), "echo": asked.get("echo"), "length": len(raw_data)}
"""


class Front:
    """One front process."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self.app = folder / "app"
        self.app.mkdir(exist_ok=True)
        self.log_file = folder / "service.jsonl"
        self.socket = str(folder / "s")
        self.outcome_file = folder / "front.json"
        self.config = {
            "protocol": 1,
            "port": 0,
            "control": self.socket,
            "outcome": str(self.outcome_file),
            "log": str(self.log_file),
            "app": self.application(),
        } | changes
        self.process: subprocess.Popen[bytes] | None = None

    def application(self, root: Path | None = None, **changes: Any) -> dict[str, Any]:
        return {"root": str(root or self.app), "python": sys.executable, "entry_script": "score.py"} | changes

    def script(self, text: str) -> Front:
        (self.app / "score.py").write_text(text)
        return self

    def version(self, name: str, text: str) -> dict[str, Any]:
        """Another version of the app, to be reloaded."""
        root = self.folder / name
        root.mkdir()
        (root / "score.py").write_text(text)
        return self.application(root)

    def start(self) -> Front:
        """Start the process; the port answers when this returns, the workers may not yet."""
        path = self.folder / "config.json"
        self.outcome_file.unlink(missing_ok=True)
        path.write_text(json.dumps(self.config))
        command = [sys.executable, "-m", "jupyter_mldeploy.server", str(path)]
        with (self.folder / "front.log").open("ab") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        eventually(lambda: self.outcome().get("port") or self.process.poll() is not None)
        return self

    def serve(self) -> Front:
        """Start, and wait until the workers serve."""
        self.start()
        eventually(lambda: self.outcome()["phase"] != "starting")
        assert self.outcome()["phase"] == "serving", (self.outcome(), self.output())
        return self

    @property
    def port(self) -> int:
        return self.outcome()["port"]

    @property
    def pid(self) -> int:
        return self.process.pid

    def outcome(self) -> dict[str, Any]:
        return json.loads(self.outcome_file.read_text()) if self.outcome_file.exists() else {}

    def output(self) -> str:
        return (self.folder / "front.log").read_text()

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def logged(self, text: str) -> dict[str, Any]:
        """The first log line that holds `text`, as soon as it is there."""
        return eventually(lambda: next((line for line in self.log() if text in line["x"]), None))

    def control(self, op: str, **content: Any) -> dict[str, Any]:
        return control.call(self.socket, {"op": op, **content}, 60)

    def pids(self) -> list[int]:
        return [worker["pid"] for worker in self.control("status")["workers"] if worker["state"] == "admitted"]

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        connection = self.connect()
        try:
            return ask(connection, method, path, body, headers)
        finally:
            connection.close()

    def score(self, content: Any, **headers: str) -> Answer:
        return self.request("POST", "/score", json.dumps(content), headers)

    def raw(self, sent: bytes, parts: int = 1, pause: float = 0.0) -> bytes:
        """Everything that comes back for these bytes until the server closes or is silent for a while."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as link:
            size = max(1, len(sent) // parts)
            for start in range(0, len(sent), size):
                link.sendall(sent[start : start + size])
                time.sleep(pause)
            return drain(link)

    def stop(self) -> int:
        """Terminate if it still runs; the exit code. Nothing of it may be left."""
        if self.process is None:
            return 0
        family = self._family()
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(20)
        left = psutil.wait_procs(family, timeout=5)[1]
        for process in left:
            process.kill()
        assert not left
        return code

    def _family(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


class Answer:
    """Status, headers (names in lower case) and body of a response."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Load:
    """Clients that score without a pause until `stop`, each on its own connection, each answer checked."""

    def __init__(self, front: Front, clients: int = 4, headers: dict[str, str] | None = None) -> None:
        self.front, self.headers = front, headers or {}
        self.seen: Counter[Any] = Counter()
        self.slowest = 0.0  # seconds
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._client, args=(n,)) for n in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(30)

    def content(self, mark: str) -> dict[str, Any]:
        """What is asked; the answer has to echo the mark."""
        return {"echo": mark}

    def _client(self, number: int) -> None:
        connection = self.front.connect()
        count = 0
        while not self._ending.is_set():
            count += 1
            mark, began = f"{number}-{count}", time.monotonic()
            try:
                answer = ask(connection, "POST", "/score", json.dumps(self.content(mark)), self.headers)
            except OSError as error:
                self.seen[type(error).__name__] += 1
                return
            self.slowest = max(self.slowest, time.monotonic() - began)
            right = answer.status == 200 and answer.json["echo"] == mark
            self.seen["right" if right else answer.status] += 1
            if answer.headers.get("connection") == "close":
                return
        connection.close()


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any, headers: dict[str, str] | None
) -> Answer:
    connection.request(method, path, body, headers or {})
    return Answer(connection.getresponse())


def drain(link: socket.socket) -> bytes:
    pieces = bytearray()
    try:
        while piece := link.recv(1 << 20):
            pieces += piece
    except (TimeoutError, ConnectionResetError):
        pass
    return bytes(pieces)


def eventually(found: Callable[[], Any], limit: float = 20.0) -> Any:
    """What `found` returns as soon as that is true; fails after `limit` seconds."""
    end = time.monotonic() + limit
    while not (value := found()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)
    return value


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
