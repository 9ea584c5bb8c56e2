"""Bodies that are strange, huge or broken reach a plain script as they are, and never hurt the worker."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..server.front.fronts import Front, ask
from .abuse import NewFront, under_load

LIMIT = 1 << 20
FAILED = "x-ms-run-function-failed"
EXACT = """
import hashlib
def init():
    pass
def run(raw_data):
    return [len(raw_data), hashlib.sha256(raw_data.encode()).hexdigest()]
"""
MIRROR = """
import json
def init():
    pass
def run(raw_data):
    return json.loads(raw_data)
"""
SCHEMA = """
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Sample
from inference_schema.schema_decorators import input_schema, output_schema
def init():
    pass
@input_schema("data", Sample([1.0, 2.0]))
@input_schema("name", Sample("a name"), optional=True)
@output_schema(Sample({"count": 1}))
def run(data, name="nobody"):
    return {"count": len(data), "name": name}
"""
ODD = {
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep and open": b'{"a":' * 50_000,
    "nan": b'{"data": [NaN, Infinity, -Infinity]}',
    "lone surrogate": rb'{"data": ["\ud800", "\udfff x"]}',
    "huge number": b'{"data": [1e400, -1e400, 1e-400]}',
    "long integer": b'{"data": [' + b"9" * 100_000 + b"]}",
    "duplicate keys": b'{"data": [1], "data": [2, 3]}',
    "byte order mark": b'\xef\xbb\xbf{"data": []}',
    "null characters": b'{"data": ["\\u0000"]}\0\0',
    "utf-16": '{"data": []}'.encode("utf-16"),
    "nothing": b"",
    "blank": b" \n\t ",
    "wide": b'{"data": [' + b"1," * 300_000 + b"1]}",
    "many keys": json.dumps({str(n): n for n in range(20_000)}).encode(),
    "not an object": b"[]",
    "half": b'{"data": [1, 2',
}
# What a schema script answers; what is not named is a 400.
EITHER = ("byte order mark", "utf-16")  # JSON that was not sent as UTF-8 should have it; Python reads it all the same
SCHEMA_STATUS = {"nan": 200, "lone surrogate": 200, "huge number": 200, "duplicate keys": 200, "wide": 200}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def fixture(script: str) -> object:
    @pytest.fixture(scope="module")
    def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
        limits = {"body_limit": LIMIT}
        front = Front(tmp_path_factory.mktemp("bodies"), workers=1, settings=limits).script(script).serve()
        before = front.pids()
        yield front
        assert front.pids() == before, "a body has killed the worker"
        assert "internal error" not in front.output()
        front.stop()

    return serve


exact, mirror, schema = fixture(EXACT), fixture(MIRROR), fixture(SCHEMA)


def is_text(body: bytes) -> bool:
    try:
        return body.decode() is not None
    except UnicodeDecodeError:
        return False


def seen(body: bytes) -> list[object]:
    return [len(body.decode()), hashlib.sha256(body).hexdigest()]


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, LIMIT - 1, LIMIT])
def test_a_body_of_any_size_up_to_the_limit_arrives_whole(exact: Front, size: int) -> None:
    body = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    answer = exact.request("POST", "/score", body)
    assert (answer.status, answer.json) == (200, seen(body))


def test_one_byte_more_than_the_limit_is_a_413_also_when_it_comes_in_chunks(exact: Front) -> None:
    body = b"x" * (LIMIT + 1)
    assert exact.request("POST", "/score", body).status == 413
    chunked = b"POST /score HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
    assert exact.raw(chunked % (LIMIT, body[:-1])).startswith(b"HTTP/1.1 200 ")
    assert exact.raw(chunked % (LIMIT + 1, body)).startswith(b"HTTP/1.1 413 ")


def test_bodies_at_the_limit_cost_nobody_an_answer(new_front: NewFront) -> None:
    front = new_front(workers=2, settings={"body_limit": LIMIT}).serve()
    with under_load(front):
        for extra in (0, 1) * 10:
            body = json.dumps({"echo": "x" * LIMIT})[: LIMIT + extra].encode()[:-2] + b'"}'
            assert front.request("POST", "/score", body).status == (413 if extra else 200)


def test_gzip_bombs_are_refused_and_cost_nobody_an_answer(new_front: NewFront) -> None:
    front = new_front(workers=2, settings={"body_limit": LIMIT, "worker_memory_limit": 400 << 20}).serve()
    packed = {"Content-Encoding": "gzip"}
    bomb = gzip.compress(bytes(500 << 20), 9)
    double = gzip.compress(gzip.compress(b"[" + b" " * 1000 + b"1]"))
    before = front.pids()
    with under_load(front):
        for _ in range(5):
            assert front.request("POST", "/score", bomb, packed).status == 413
            assert front.request("POST", "/score", bomb[:1000], packed).status in (400, 413)
            assert front.request("POST", "/score", b"no gzip at all", packed).status == 400
            assert front.request("POST", "/score", double, packed).status == 400  # what was inside is no text
    assert front.pids() == before


@pytest.mark.parametrize("kind", ODD)
def test_a_plain_script_gets_odd_bodies_as_they_are(exact: Front, kind: str) -> None:
    answer = exact.request("POST", "/score", ODD[kind])
    if is_text(ODD[kind]):
        assert (answer.status, answer.json) == (200, seen(ODD[kind]))
    else:
        assert (answer.status, answer.headers[FAILED]) == (400, "False")


@pytest.mark.parametrize("kind", ODD)
def test_a_schema_script_refuses_what_does_not_fit_and_runs_what_does(schema: Front, kind: str) -> None:
    answer = schema.request("POST", "/score", ODD[kind], {"Content-Type": "application/json"})
    assert answer.status == SCHEMA_STATUS.get(kind, 400) or kind in EITHER
    assert answer.headers[FAILED] == "False"
    assert kind != "duplicate keys" or answer.json["count"] == 2


@given(body=st.binary(max_size=300))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_text_or_a_400(exact: Front, body: bytes) -> None:
    answer = exact.request("POST", "/score", body)
    assert answer.status == (200 if is_text(body) else 400)
    assert answer.status == 400 or answer.json == seen(body)


@given(value=JSON)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_comes_back_as_python_would_write_it(mirror: Front, value: object) -> None:
    answer = mirror.request("POST", "/score", json.dumps(value))
    expected = {} if value is None else value
    assert (answer.status, answer.body.decode()) == (200, json.dumps(expected))


@given(value=JSON, kind=st.sampled_from(["application/json", "application/x+json; charset=utf-8", "text/plain", ""]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_schema_script_never_fails_but_by_its_own_conversion(schema: Front, value: object, kind: str) -> None:
    for content in (value, {"data": value}, {"data": [value], "name": value}):
        answer = schema.request("POST", "/score", json.dumps(content), {"Content-Type": kind} if kind else {})
        assert answer.status in (200, 400, 415, 500)
        assert answer.status != 500 or answer.headers[FAILED] == "True"
        if isinstance(value, list) and content == {"data": value} and "json" in kind:
            assert (answer.status, answer.json["count"]) == (200, len(value))


@given(query=st.text(st.characters(codec="latin-1", exclude_characters=" #\r\n\t\x0b\x0c"), max_size=60))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_query_is_answered(mirror: Front, query: str) -> None:
    got = mirror.raw(b"GET /score?%b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % query.encode("latin-1"))
    assert got.split(b"\r\n")[0] in (b"HTTP/1.1 200 OK", b"HTTP/1.1 400 Bad Request"), got


@given(names=st.lists(st.tuples(st.text("abcXYZ-_019", min_size=1, max_size=20), st.text(max_size=40)), max_size=8))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_headers_are_answered(exact: Front, names: list[tuple[str, str]]) -> None:
    lines = b"".join(b"x-%b: %b\r\n" % (name.encode(), value.encode("utf-8", "replace")) for name, value in names)
    got = exact.raw(b"POST /score HTTP/1.1\r\nHost: a\r\n%bConnection: close\r\nContent-Length: 1\r\n\r\n1" % lines)
    assert got.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 4")), got


def test_one_connection_carries_them_all(exact: Front) -> None:
    connection = exact.connect()
    for body in [*ODD.values(), b"the last"]:
        answer = ask(connection, "POST", "/score", body, {})
        assert answer.status == (200 if is_text(body) else 400)
    assert answer.json == seen(b"the last")
    connection.close()
