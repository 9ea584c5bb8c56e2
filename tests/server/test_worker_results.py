"""Wire contract, sections 4 and 6: what becomes of the value that `run` returns, or of its failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mldeploy.server import frames

from .worker_driver import Worker, write

SCRIPT = """
import collections, datetime, decimal, enum, json
import numpy
class Odd:
    def __repr__(self):
        raise RuntimeError("not even this")
class Sneaky(dict):
    def items(self):
        raise RuntimeError("looked at")
class Sneakier(dict):
    def items(self):
        raise TypeError("looked at again")
def circle():
    found = []
    found.append(found)
    return found
def deep():
    found = []
    for _ in range(100_000):
        found = [found]
    return found
async def soon():
    return 1
def init():
    pass
def run(raw_data):
    return eval(raw_data)
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with Worker(write(tmp_path_factory.mktemp("results"), SCRIPT)) as worker:
        yield worker.ready()


BODIES = {
    "{'a': [1, 2.5, True, None]}": '{"a": [1, 2.5, true, null]}',
    "[1]": "[1]",
    "3": "3",
    "2.5": "2.5",
    "False": "false",
    "'text'": '"text"',
    "json.dumps([1])": '"[1]"',
    "None": "{}",
    "[None]": "[null]",
    "(1, 'a')": '[1, "a"]',
    "({'a': 1}, 201)": '[{"a": 1}, 201]',
    "numpy.float64(0.5)": "0.5",
    "float('nan')": "NaN",
    "[float('inf'), -float('inf')]": "[Infinity, -Infinity]",
    "{1: 2, None: 3, True: 4}": '{"1": 4, "null": 3}',
    "'ä€'": '"\\u00e4\\u20ac"',
    "'\\ud800'": '"\\ud800"',
    "collections.OrderedDict(a=1)": '{"a": 1}',
    "enum.IntEnum('E', 'one').one": "1",
    "10**30": "1" + "0" * 30,
}


@pytest.mark.parametrize("value", BODIES)
def test_what_json_can_hold_is_the_body(value: str, worker: Worker) -> None:
    answer = worker.ask(value.encode())
    assert (answer.status, answer.http, answer.flags) == (frames.OK, 200, 0)
    assert answer.body.decode() == BODIES[value]
    assert answer.exec_us < 10_000_000


# value → what the log says about it
UNWRITABLE = {
    "numpy.zeros(2)": "numpy.ndarray",
    "[1, {'a': numpy.float32(1)}]": "numpy.float32 at result[1]['a']",
    "{'a': numpy.int64(1)}": "numpy.int64 at result['a']",
    "numpy.bool_(True)": "numpy.bool",
    "{numpy.int64(1): 1}": "a key of type numpy.int64",
    "{(1, 2): 1}": "a key of type tuple",
    "datetime.datetime.now()": "datetime.datetime",
    "decimal.Decimal(1)": "decimal.Decimal",
    "b'bytes'": "bytes",
    "{1, 2}": "set",
    "(i for i in 'ab')": "generator",
    "soon()": "coroutine",
    "object()": "object",
    "[Odd()]": "Odd at result[0]",
    "circle()": "Circular",
    "deep()": "RecursionError",
    "Sneaky(a=1)": "looked at",
    "Sneakier(a=1)": "looked at again",
}


@pytest.mark.parametrize("value", UNWRITABLE)
def test_what_json_cannot_hold_is_named_for_the_log(value: str, worker: Worker) -> None:
    answer = worker.ask(value.encode())
    assert answer.status == frames.NOT_SERIALISABLE
    assert (answer.flags, answer.exec_us) == (0, frames.NO_EXEC)
    assert UNWRITABLE[value] in answer.body.decode()
    assert worker.ask(b"1").body == b"1"


RAISES = {
    "1 / 0": "ZeroDivisionError: division by zero",
    "exit(0)": "SystemExit: 0",
    "[].pop()": "IndexError",
    "(_ for _ in ()).throw(KeyboardInterrupt)": "KeyboardInterrupt",
    "(_ for _ in ()).throw(GeneratorExit)": "GeneratorExit",
    "(_ for _ in ()).throw(BaseException('own'))": "BaseException: own",
    "bytearray(10**15)": "MemoryError",
    "(lambda f: f(f))(lambda f: f(f))": "RecursionError",
    "__import__('flask').abort(404)": "NotFound",
    "(_ for _ in ()).throw(Exception('\\ud800'))": "Exception: \\ud800",
}


@pytest.mark.parametrize("value", RAISES)
def test_a_run_that_raises_fails_alone_and_the_worker_goes_on(value: str, worker: Worker) -> None:
    answer = worker.ask(value.encode())
    assert (answer.status, answer.flags, answer.exec_us) == (frames.RAISED, frames.FLAG_RUN_FAILED, frames.NO_EXEC)
    text = answer.body.decode()
    assert RAISES[value] in text
    assert "score.py" in text
    assert "/working/" not in text
    assert worker.ask(b"'alive'").body == b'"alive"'


def test_several_requests_of_one_frame_are_answered_in_order_and_one_by_one(worker: Worker) -> None:
    entries = [frames.Request(1000 + i, b"", b"__import__('time').sleep(0.05) or %d" % i) for i in range(4)]
    worker.socket.sendall(frames.requests(entries))
    assert [worker.answers_to(1000 + i)[0].body for i in range(4)] == [b"0", b"1", b"2", b"3"]


def test_a_large_body_passes_whole_in_both_directions(tmp_path: Path) -> None:
    script = "def init():\n    pass\ndef run(raw_data):\n    return raw_data\n"
    text = "0123456789" * 400_000
    with Worker(write(tmp_path, script)) as worker:
        assert json.loads(worker.ready().ask(text.encode()).body) == text
