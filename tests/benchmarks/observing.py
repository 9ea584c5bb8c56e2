"""The front while its workers are busy, under load and after a death: `python tests/benchmarks/run.py front`.

The load runs for MLDEPLOY_BENCH_MINUTES (2; the goal speaks of ten).
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import Row, children, median, pss

from jupyter_mldeploy.server import control

MINUTES = float(os.environ.get("MLDEPLOY_BENCH_MINUTES", "2"))
BUSY = 10.0  # seconds
ROUNDS = 7
TRIVIAL = "def init():\n    pass\ndef run(raw_data):\n    return raw_data\n"
SPINNING = """
import time
def init():
    pass
def run(raw_data):
    end = time.monotonic() + float(raw_data)
    while time.monotonic() < end:
        pass
"""


class Front:
    """A front of its own with some workers."""

    def __init__(self, folder: Path, script: str, workers: int) -> None:
        self.folder = folder
        (folder / "score.py").write_text(script)
        self.outcome = folder / "outcome.json"
        app = {"root": str(folder), "python": sys.executable, "entry_script": "score.py"}
        self.config: dict[str, Any] = {"port": 0, "workers": workers, "app": app, "outcome": str(self.outcome)}
        self.config["log"] = str(folder / "service.jsonl")
        self.config["control"] = str(folder / "s")

    def start(self) -> Front:
        path = self.folder / "config.json"
        path.write_text(json.dumps(self.config))
        self.outcome.unlink(missing_ok=True)
        command = [sys.executable, "-m", "jupyter_mldeploy.server", str(path)]
        self.process = subprocess.Popen(command, start_new_session=True)  # as the process target does
        return self

    def ready(self) -> Front:
        while True:
            try:
                if self.get("/")[0] == 200:
                    return self
            except (OSError, KeyError, ValueError):
                pass
            time.sleep(0.002)

    @property
    def port(self) -> int:
        return int(json.loads(self.outcome.read_text())["port"] or 0)

    def link(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, path: str) -> tuple[int, bytes]:
        link = self.link()
        link.request("GET", path)
        answer = link.getresponse()
        found = answer.status, answer.read()
        link.close()
        return found

    def score(self, body: str) -> int:
        link = self.link()
        link.request("POST", "/score", body)
        answer = link.getresponse()
        answer.read()
        link.close()
        return answer.status

    def pids(self) -> list[int]:
        return [self.process.pid, *children(self.process.pid)]


@contextmanager
def front(script: str = TRIVIAL, workers: int = 1) -> Iterator[Front]:
    with tempfile.TemporaryDirectory(prefix="mldeploy-bench-") as folder:
        made = Front(Path(folder), script, workers)
        try:
            yield made.start()
        finally:
            made.process.terminate()
            made.process.wait(20)


def rows() -> list[Row]:
    return [*_busy(), *_small(), *_killed(), *_changed(), *_load()]


def _busy() -> list[Row]:
    """Health and metrics while every worker, as many as there are cores, computes: asked by a client that itself never
    waits for a core, as on another machine, and by an ordinary one, which may wait for the scheduler's next tick."""
    with front(SPINNING, workers=os.cpu_count() or 1) as made:
        made.ready()
        work = [threading.Thread(target=made.score, args=(str(BUSY),)) for _ in range(os.cpu_count() or 1)]
        for thread in work:
            thread.start()
        time.sleep(0.3)
        with _never_waiting() as ahead:
            times = _asked(made, ("/", "/metrics"), BUSY / 2)
        ordinary = _asked(made, ("/", "/metrics"), BUSY / 2 - 1)
        for thread in work:
            thread.join()
    found = []
    for path, each in times.items():
        text = f"{_p99(each) * 1000:.2f} ms (ordinary client {_p99(ordinary[path]) * 1000:.2f})"
        name = f"GET {path}, every worker busy, p99" + ("" if ahead else ", client not ahead")
        found.append(Row(name, text, "≤ 2 ms", _p99(each) <= 0.002))
    return found


@contextmanager
def _never_waiting() -> Iterator[bool]:
    """Run this thread before all others of the machine, where that is allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except (AttributeError, PermissionError):
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _p99(times: list[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]


def _asked(made: Front, paths: tuple[str, ...], seconds: float) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {path: [] for path in paths}
    link, end = made.link(), time.monotonic() + seconds
    while time.monotonic() < end:
        for path, each in times.items():
            began = time.perf_counter()
            link.request("GET", path)
            answer = link.getresponse()
            answer.read()
            each.append(time.perf_counter() - began)
            assert answer.status == 200
        time.sleep(0.01)
    link.close()
    return times


def _small() -> list[Row]:
    starts, sizes = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with front() as made:
            made.ready()
            starts.append(time.perf_counter() - began)
            made.score("{}")
            sizes.append(sum(pss(pid) for pid in made.pids()))
    start, size = median(starts), median(sizes)
    return [
        Row("trivial script, start to the first 200", f"{start:.2f} s", "≤ 0.5 s", start <= 0.5),
        Row("trivial script, front and worker", f"{size:.1f} MB PSS", "≤ 60 MB", size <= 60),
    ]


def _killed() -> list[Row]:
    times = []
    with front() as made:
        made.ready()
        for _ in range(ROUNDS):
            time.sleep(6)  # workers that die young again and again are replaced more and more slowly
            (worker,) = children(made.process.pid)
            began = time.perf_counter()
            os.kill(worker, 9)
            _until(lambda old=worker: children(made.process.pid) != [old] and made.get("/")[0] == 200)  # type: ignore[misc]
            times.append(time.perf_counter() - began)
    back = median(times)
    return [Row("a killed worker is back", f"{back:.2f} s", "≤ 0.2 s + init", back <= 0.2)]


def _changed() -> list[Row]:
    """Reloads, one of them bad, and other numbers of workers, while requests come at a fixed rate."""
    with front(workers=2) as made:
        made.ready()
        (made.folder / "bad.py").write_text("def init():\n    raise ValueError('bad')\ndef run(raw_data):\n    pass\n")
        ending, failed, sent = threading.Event(), [0] * 10, [0] * 10
        clients = [threading.Thread(target=_steady, args=(made, ending, failed, sent, n)) for n in range(10)]
        began = time.monotonic()
        for client in clients:
            client.start()
        for script, workers in (("score.py", 2), ("bad.py", 2), ("score.py", 3), ("score.py", 1), ("score.py", 2)) * 2:
            app = made.config["app"] | {"entry_script": script}
            order = {"v": 1, "op": "reload", "app": app, "workers": workers}
            assert control.call(str(made.folder / "s"), order, 60)["ok"] == (script != "bad.py")
            time.sleep(1)
        ending.set()
        for client in clients:
            client.join()
        took = time.monotonic() - began
    name = f"10 reloads and updates under {sum(sent) / took:.0f} requests/s, failed"
    return [Row(name, f"{sum(failed)} of {sum(sent)}", "0", not any(failed))]


def _steady(made: Front, ending: threading.Event, failed: list[int], sent: list[int], number: int) -> None:
    """A tenth of 500 requests a second, due by the clock: late answers make the next ones come closer together."""
    link, due = made.link(), time.monotonic() + number / 500
    while not ending.is_set():
        time.sleep(max(0.0, due - time.monotonic()))
        due += 10 / 500
        try:
            link.request("POST", "/score", str(sent[number]))
            answer = link.getresponse()
            failed[number] += answer.status != 200 or json.loads(answer.read()) != str(sent[number])
        except OSError:
            failed[number] += 1
        sent[number] += 1
    link.close()


def _until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.002)


def _load() -> list[Row]:
    """Clients that score without a pause; what the front weighs after a fifth of the time, and at the end."""
    with front(workers=2) as made:
        made.ready()
        ending, counts = threading.Event(), [0] * 4
        clients = [threading.Thread(target=_client, args=(made, ending, counts, n)) for n in range(len(counts))]
        for client in clients:
            client.start()
        time.sleep(MINUTES * 12)
        early = pss(made.process.pid)
        time.sleep(MINUTES * 48)
        late = pss(made.process.pid)
        ending.set()
        for client in clients:
            client.join()
    more = late - early
    name = f"{MINUTES:g} minutes of load, {sum(counts) / MINUTES / 60:.0f} requests/s"
    return [Row(name, f"{more:+.1f} MB ({late:.1f})", "≤ +1 MB", more <= 1)]


def _client(made: Front, ending: threading.Event, counts: list[int], number: int) -> None:
    link = made.link()
    while not ending.is_set():
        link.request("POST", "/score", '{"data": [[1, 2, 3]]}', {"x-request-id": f"{number}-{counts[number]}"})
        answer = link.getresponse()
        answer.read()
        assert answer.status == 200
        counts[number] += 1
    link.close()
