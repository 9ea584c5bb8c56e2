"""Wire contract, section 3: how the body or the query becomes the arguments of `run`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from jupyter_mldeploy.server import frames
from jupyter_mldeploy.server.working.inputs import query_object, query_pairs

from .worker_driver import Worker, write

PLAIN = """
def init():
    pass
def run(raw_data, factor=2, *, other="kept"):
    return [type(raw_data).__name__, raw_data, factor, other]
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with Worker(write(tmp_path_factory.mktemp("plain"), PLAIN)) as worker:
        yield worker.ready()


TEXTS = {
    "json": (b'{"data": [1]}', {}, '{"data": [1]}'),
    "empty": (b"", {}, ""),
    "not ascii": ("ä€😀".encode(), {}, "ä€😀"),
    "any type": (b"1,2", {"ct": "text/csv"}, "1,2"),
    "a form's text (improvement 1)": (b"a=1&b=2", {"ct": "application/x-www-form-urlencoded"}, "a=1&b=2"),
    "multipart text": (b"--x\r\n\r\n1\r\n--x--", {"ct": "multipart/form-data; boundary=x"}, "--x\r\n\r\n1\r\n--x--"),
    "the query of a POST is ignored": (b"1", {"m": "POST", "q": "a=1"}, "1"),
    "a NUL": (b"a\x00b", {}, "a\x00b"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_plain_run_gets_the_body_as_text_and_keeps_its_defaults(case: str, plain: Worker) -> None:
    body, meta, text = TEXTS[case]
    answer = plain.ask(body, **meta)
    assert json.loads(answer.body) == ["str", text, 2, "kept"]


@pytest.mark.parametrize("body", [b"\xff", b"\x1f\x8b\x08\x00gzip", "ä".encode("latin-1")])
def test_a_body_that_is_no_utf8_is_a_400(body: bytes, plain: Worker) -> None:
    answer = plain.ask(body)
    assert (answer.status, answer.http) == (frames.BAD_INPUT, 400)
    assert answer.body.startswith(b"Input cannot be decoded as UTF-8")
    assert answer.exec_us == frames.NO_EXEC


QUERIES: dict[str, Any] = {
    "a=1&b=[1,2]&c=a&d=null": {"a": 1, "b": [1, 2], "c": "a", "d": None},
    "foo=bar1&foo=bar2&x=y": {"foo": ["bar1", "bar2"], "x": "y"},
    "A=1&a=2": {"A": 1, "a": 2},
    "": {},
    "empty=&bare": {"empty": "", "bare": ""},
    "t=a+b%20c": {"t": "a b c"},
    "t=%C3%A4": {"t": "ä"},
    "t=%FF": {"t": "%FF"},
    "t=true&n=NaN": {"t": True},
    "t=Ã¤": {"t": "ä"},  # bytes of UTF-8 that are not percent-encoded, as latin-1
    "a;b=1": {"a;b": 1},
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_get_turns_the_query_into_json_text(query: str, plain: Worker) -> None:
    kind, text, *_ = json.loads(plain.ask(m="GET", q=query).body)
    content = json.loads(text)
    content.pop("n", None)  # NaN equals nothing
    assert (kind, content) == ("str", QUERIES[query])


@given(st.text(alphabet=st.sampled_from('ab=&+%;[]1,"CFé\x00 '), max_size=30))
@example("%c3%28=1&%ff%fe=%e4")
def test_a_query_is_cut_as_werkzeug_cuts_it(query: str) -> None:
    request = Request(EnvironBuilder(query_string=query).get_environ())
    request.environ["QUERY_STRING"] = query.encode().decode("latin-1")
    ours, theirs = MultiDict(query_pairs(request.environ["QUERY_STRING"])), request.args
    assert {name: [*map(str.lower, ours.getlist(name))] for name in ours} == {
        name: [*map(str.lower, theirs.getlist(name))] for name in theirs
    }


@given(st.dictionaries(st.text("abc", min_size=1), st.lists(st.integers() | st.booleans(), min_size=1, max_size=3)))
def test_values_of_a_query_come_back_as_the_json_they_are(values: dict[str, list[Any]]) -> None:
    query = "&".join(f"{name}={json.dumps(one)}" for name, many in values.items() for one in many)
    assert query_object(query) == {name: many if len(many) > 1 else many[0] for name, many in values.items()}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_another_method_is_a_405(method: str, plain: Worker) -> None:
    answer = plain.ask(b"1", m=method)
    assert (answer.status, answer.http, answer.body) == (frames.BAD_INPUT, 405, b"Method not allowed")


def test_options_is_answered_empty_without_running(plain: Worker) -> None:
    answer = plain.ask(m="OPTIONS")
    assert (answer.status, answer.http, answer.body, answer.exec_us) == (frames.OK_META, 200, b"", frames.NO_EXEC)


def test_request_headers_come_as_a_dict_of_title_case_names(tmp_path: Path) -> None:
    script = "def init():\n    pass\ndef run(request_headers, data):\n    return [data, request_headers]\n"
    with Worker(write(tmp_path, script)) as worker:
        assert worker.ready().phases[-1]["headers"] is True
        headers = [["x-my-ID", "1"], ["CONTENT-TYPE", "text/plain"], ["Accept", "a"], ["accept", "b"]]
        answer = worker.ask(b"x", h=headers)
        assert json.loads(answer.body) == ["x", {"X-My-Id": "1", "Content-Type": "text/plain", "Accept": "a,b"}]


SCHEMA = """
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard
def init():
    pass
@input_schema("number", Standard(1))
@input_schema("words", Standard(["a"]))
@output_schema(Standard([1]))
def run(number, words, scale=10):
    return [number * scale, words]
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    pytest.importorskip("inference_schema", reason="inference-schema is not installed")
    with Worker(write(tmp_path_factory.mktemp("schema"), SCHEMA)) as worker:
        yield worker.ready()


BAD: dict[str, tuple[bytes, str, int, bytes]] = {
    "not json by type": (
        b'{"number": 1, "words": []}',
        "text/plain",
        415,
        b"Expects Content-Type to be application/json",
    ),
    "no type": (b'{"number": 1, "words": []}', "", 415, b"Expects Content-Type to be application/json"),
    "empty": (b"", "application/json", 400, b"empty"),
    "undecodable": (b"{", "application/json", 400, b"could not be decoded as JSON"),
    "no utf-8": (b'"\xff"', "application/json", 400, b"could not be decoded as JSON"),
    "too deep": (b"[" * 100_000, "application/json", 400, b"could not be decoded as JSON"),
    "no object": (b"[1]", "application/json", 400, b"should be a JSON dictionary"),
    "missing": (b'{"number": 1}', "application/json", 400, b"'words' parameter"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_schema_run_refuses_what_does_not_fit(case: str, schema: Worker) -> None:
    body, kind, http, message = BAD[case]
    answer = schema.ask(body, m="POST", ct=kind)
    assert (answer.status, answer.http) == (frames.BAD_INPUT, http)
    assert message in answer.body


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "application/geo+json"])
def test_a_schema_run_gets_its_parameters_by_name(kind: str, schema: Worker) -> None:
    answer = schema.ask(b'{"words": ["x"], "number": 3, "extra": 1}', m="POST", ct=kind)
    assert json.loads(answer.body) == [30, ["x"]]
    assert json.loads(schema.ask(m="GET", q='number=2&words=["y"]&scale=1').body) == [2, ["y"]]


def test_a_value_that_cannot_be_converted_fails_the_run(schema: Worker) -> None:
    answer = schema.ask(b'{"words": 3, "number": 3}', m="POST", ct="application/json")
    assert (answer.status, answer.flags) == (frames.RAISED, frames.FLAG_RUN_FAILED)


@given(
    st.lists(
        st.builds(frames.Request, st.integers(0, 2**32 - 1), st.binary(max_size=40), st.binary(max_size=200)),
        max_size=8,
    ),
    st.integers(1, 50),
)
def test_request_frames_survive_any_cutting_of_the_stream(entries: list[frames.Request], step: int) -> None:
    stream = frames.requests(entries) + frames.message(frames.CONTROL, {"op": "drain"})
    reader = frames.Reader()
    pieces = [stream[i : i + step] for i in range(0, len(stream), step)]
    (kind, _, count, payload), last = [frame for piece in pieces for frame in reader.feed(piece)]
    assert (kind, frames.read_requests(count, payload)) == (frames.REQUEST, entries)
    assert (last[0], json.loads(last[3])) == (frames.CONTROL, {"op": "drain"})


@given(
    st.lists(
        st.builds(
            frames.Answer,
            st.integers(0, 2**32 - 1),
            st.integers(0, 6),
            st.integers(0, 3),
            st.integers(0, 999),
            st.integers(0, 2**32 - 1),
            st.binary(max_size=40),
            st.binary(max_size=200),
        ),
        max_size=8,
    )
)
def test_answer_frames_come_back_as_they_were(entries: list[frames.Answer]) -> None:
    (frame,) = frames.Reader().feed(frames.answers(entries))
    assert frames.read_answers(frame[2], frame[3]) == entries
