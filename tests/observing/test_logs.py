"""The log: rotated, read in order, one JSON object a request on request, and the front's own faults apart."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from server.front.fronts import Front, eventually

from jupyter_mldeploy.server import rotation
from jupyter_mldeploy.server.rotation import LogFile


def written(path: Path) -> list[int]:
    return [int(line) for line in rotation.lines(str(path))]


def test_a_full_log_is_put_aside_and_all_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LogFile(str(path), limit=1000, kept=100)
    for number in range(2000):
        log.write(b"%d\n" % number)
    assert written(path) == list(range(2000))
    assert len(list(tmp_path.iterdir())) > 5
    assert all(file.stat().st_size <= 1000 for file in tmp_path.iterdir())


def test_only_so_many_full_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LogFile(str(path), limit=100, kept=3)
    for number in range(1000):
        log.write(b"%d\n" % number)
    assert len(list(tmp_path.iterdir())) == 4
    read = written(path)
    assert read == list(range(read[0], 1000)) and read[0] > 0


def test_a_new_front_goes_on_where_the_old_one_stopped(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for start in (0, 50, 100):
        log = LogFile(str(path), limit=60, kept=50)
        for number in range(start, start + 50):
            log.write(b"%d\n" % number)
    assert written(path) == list(range(150))


def test_a_reader_that_follows_misses_nothing_and_sees_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LogFile(str(path), limit=2000, kept=1000)
    log.write(b"0\n")
    seen: list[int] = []
    reader = threading.Thread(
        target=lambda: seen.extend(int(line) for line in islice(rotation.lines(str(path), follow=True), 20_000)),
        daemon=True,
    )
    reader.start()
    for number in range(1, 20_000):
        log.write(b"%d\n" % number)
    reader.join(30)
    assert seen == list(range(20_000))


def append(path: str, start: int) -> None:
    log = LogFile(path, limit=500, kept=1000)
    for number in range(start, start + 2000):
        log.write(b"%d\n" % number)


def test_two_fronts_of_a_service_can_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writers = [multiprocessing.Process(target=append, args=(str(path), start)) for start in (0, 2000)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    assert sorted(written(path)) == list(range(4000))


def test_a_front_keeps_its_log_within_the_limit_and_it_stays_after_death(new_front: Callable[..., Front]) -> None:
    front = new_front(settings={"log_bytes": 4000, "log_files": 2}).serve()
    for number in range(200):
        front.score({"print": f"print {number}"})
    front.logged("print 199")
    front.process.kill()
    front.process.wait()
    files = sorted(front.folder.glob("service.jsonl*"))
    assert len(files) == 3
    texts = [json.loads(line)["x"] for line in rotation.lines(str(front.log_file))]
    prints = [text for text in texts if text.startswith("print ")]
    assert prints == [f"print {number}" for number in range(200)][-len(prints) :]
    assert len(prints) > 20


def test_each_request_gets_one_json_object_when_asked_for(new_front: Callable[..., Front]) -> None:
    front = new_front(settings={"request_log": True}).serve()
    headers = {"x-request-id": "mine", "x-ms-client-request-id": "theirs", "TraceId": "trace"}
    front.score({"sleep": 0.1}, **headers)
    front.score({"raise": "no"})
    front.logged("500")
    first, second = [line["request"] for line in front.log() if line["s"] == "access"]
    ids = {"request_id": "mine", "client_request_id": "theirs", "trace_id": "trace"}
    assert {name: first[name] for name in ids} == ids
    assert (first["method"], first["path"], first["status"], first["worker"]) == ("POST", "/score", 200, 1)
    assert 100 <= first["run_ms"] <= first["total_ms"] < 1000
    assert abs(first["run_ms"] + first["queue_ms"] - first["total_ms"]) < 1
    assert first["bytes_in"] == len('{"sleep": 0.1}') and first["bytes_out"] > 0
    assert (second["status"], second["run_ms"], second["queue_ms"]) == (500, None, None)


def test_without_the_setting_there_is_no_such_object(echo: Front) -> None:
    echo.score({"echo": "plain"})
    assert "request" not in echo.logged("POST /score")


def test_on_stdout_the_object_is_the_whole_line(new_front: Callable[..., Front]) -> None:
    front = new_front(log=None, settings={"request_log": True}).serve()
    front.score({"echo": 1})
    line = eventually(lambda: next((each for each in front.output().splitlines() if '"run_ms"' in each), None))
    assert json.loads(line)["status"] == 200


FAULTY = """
import sys
from jupyter_mldeploy.server.front import docs, main
def broken(front):
    raise KeyError("a mistake of the server")
docs.page = broken
sys.exit(main.main(sys.argv[1:]))
"""


def test_a_mistake_of_the_front_goes_to_its_own_file(new_front: Callable[..., Front], tmp_path: Path) -> None:
    errors = tmp_path / "front-errors.log"
    front = new_front(errors=str(errors))
    program = tmp_path / "faulty.py"
    program.write_text(FAULTY)
    with started(front, program):
        with pytest.raises(OSError):  # the connection is closed
            front.request("GET", "/docs")
        text = eventually(lambda: errors.exists() and errors.read_text())
        assert "Traceback" in text and "KeyError: 'a mistake of the server'" in text
        told = front.logged("The scoring server itself made a mistake")
        assert told["l"] == "E" and "Traceback" not in told["x"]
        assert front.score({"echo": 1}).status == 200


@contextmanager
def started(front: Front, program: Path) -> Iterator[None]:
    """The front, run by another program than its own."""
    config = front.folder / "config.json"
    config.write_text(json.dumps(front.config))
    front.process = subprocess.Popen([sys.executable, str(program), str(config)], start_new_session=True)
    eventually(lambda: front.outcome().get("phase") == "serving")
    yield
