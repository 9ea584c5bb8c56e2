"""What a script prints and logs: in order, each with its request, capped, and native output by the pipes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from .worker_driver import Worker, write

SCRIPT = """
import logging, os, subprocess, sys, threading
log = logging.getLogger("mine")
def init():
    print("loading")
    sys.stdout.write("no end of line")
def run(raw_data):
    exec(raw_data)
    return 1
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    with Worker(write(tmp_path, SCRIPT)) as worker:
        yield worker.ready()


def output(worker: Worker, code: str) -> list[tuple[str, str, str, str]]:
    """What one request says: (stream, level, logger, text), after checking that each entry names the request."""
    before = len(worker.logs)
    number = worker.send(code.encode())
    worker.answers_to(number)
    worker.ask(b"")
    assert {entry["r"] for entry in worker.logs[before:]} <= {number}
    return [(e["s"], e["l"], e["n"], e["x"]) for e in worker.logs[before:]]


def test_what_init_prints_belongs_to_no_request(worker: Worker) -> None:
    worker.ask(b"")
    assert [(e["r"], e["x"]) for e in worker.logs] == [(None, "loading"), (None, "no end of line")]


SAYS = {
    "print('a', 1, end='.\\n')": [("stdout", "I", "", "a 1.")],
    "print('a'); print('b', file=sys.stderr); log.info('c'); print('d')": [
        ("stdout", "I", "", "a"),
        ("stderr", "I", "", "b"),
        ("log", "I", "mine", "c"),
        ("stdout", "I", "", "d"),
    ],
    "print('two\\nlines')": [("stdout", "I", "", "two"), ("stdout", "I", "", "lines")],
    "print('no end', end='')": [("stdout", "I", "", "no end")],
    "print()": [("stdout", "I", "", "")],
    "print('ä\\ud800')": [("stdout", "I", "", "ä\\ud800")],
    "sys.stdout.buffer.write(b'raw \\xff\\n')": [("stdout", "I", "", "raw \ufffd")],
    "logging.info('at %s', 'root')": [("log", "I", "root", "at root")],
    "logging.warning('w'); logging.error('e'); logging.debug('unheard')": [
        ("log", "W", "root", "w"),
        ("log", "E", "root", "e"),
    ],
    "logging.basicConfig(level=logging.DEBUG, format='mine %(message)s'); logging.debug('heard')": [
        ("stderr", "I", "", "mine heard")
    ],
    "sys.stdout.close(); sys.stderr.close(); print('still here')": [("stdout", "I", "", "still here")],
    "t = threading.Thread(target=print, args=('from a thread',)); t.start(); t.join()": [
        ("stdout", "I", "", "from a thread")
    ],
    "print(sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.fileno())": [("stdout", "I", "", "False utf-8 1")],
}


@pytest.mark.parametrize("code", SAYS)
def test_output_comes_in_order_with_its_request(code: str, worker: Worker) -> None:
    worker.ask(b"")
    assert output(worker, code) == SAYS[code]


def test_a_log_record_that_cannot_be_formatted_costs_only_itself(worker: Worker) -> None:
    worker.ask(b"")
    said = output(worker, "log.info('%d', 'x'); print('after')")
    assert said[-1] == ("stdout", "I", "", "after")


def test_an_exception_is_logged_with_its_traceback(worker: Worker) -> None:
    worker.ask(b"")
    ((_, level, _, text),) = output(worker, "try:\n    1/0\nexcept Exception:\n    log.exception('oops')")
    assert level == "E"
    assert text.startswith("oops\nTraceback")
    assert text.endswith("ZeroDivisionError: division by zero")


def test_a_request_may_say_64_kib_and_the_next_one_again(worker: Worker) -> None:
    worker.ask(b"")
    for _ in range(2):
        said = output(worker, "for i in range(100_000): print('0123456789')")
        assert 60_000 < sum(len(text) for *_, text in said) < 70_000
        assert "dropped" in said[-1][3]


def test_native_and_child_output_goes_to_the_pipes(worker: Worker) -> None:
    worker.ask(b"")
    code = "os.write(1, b'native\\n'); subprocess.run(['echo', 'child'], stdout=sys.stdout)"
    assert output(worker, code) == []
    assert worker.native_output() == "native\nchild\n"


def test_a_forked_child_keeps_off_the_socket(worker: Worker) -> None:
    worker.ask(b"")
    code = """
    print("begun ", end="")
    pid = os.fork()
    if not pid:
        print("child")
        log.warning("logged")
        os._exit(0)
    os.waitpid(pid, 0)
    print("and ended")
    """
    assert output(worker, textwrap.dedent(code)) == [("stdout", "I", "", "begun and ended")]
    assert worker.ask(b"").body == b"1"
    assert worker.native_output() == "child\nlogged\n"


def test_a_logging_json_of_the_user_replaces_the_configuration(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        {"version": 1, "disable_existing_loggers": false,
         "formatters": {"mine": {"()": "azureml_inference_server_http.log_config.AMLLogFormatter"}},
         "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "mine"}},
         "root": {"level": "DEBUG", "handlers": ["out"]}}
        """,
        "logging.json",
    )
    with Worker(write(tmp_path, SCRIPT)) as worker:
        worker.ready().ask(b"log.debug('detail')")
        assert worker.logs[-1]["x"].endswith(f" D [{worker.process.pid}] mine - detail")


def test_a_broken_logging_json_fails_the_start(tmp_path: Path) -> None:
    write(tmp_path, "{", "logging.json")
    with Worker(write(tmp_path, SCRIPT)) as worker:
        assert "JSONDecodeError" in worker.boot()["error"]
