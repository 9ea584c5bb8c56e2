"""Wire contract, section 5: raw HTTP and response objects, on Flask's classes and on ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mldeploy.server import frames
from jupyter_mldeploy.server.frames import Answer

from .worker_driver import Worker, write

RAW = """
import io, json, sys
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

def init():
    pass

def ticks(count, fail=False):
    for i in range(count):
        yield f"tick {i};".encode()
    if fail:
        raise RuntimeError("the stream broke")

@rawhttp
def run(request):
    ask = request.args.get("ask")
    if ask:
        return eval(ask)
    return [type(request).__module__.split(".")[0], request.method]
"""


@pytest.fixture(scope="module", params=["flask", "ours"])
def worker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    root = write(tmp_path_factory.mktemp(request.param), RAW)
    if request.param == "ours":
        write(root, "raise ImportError('not installed here')\n", "flask.py")
    with Worker(root) as worker:
        worker.kind = request.param  # type: ignore[attr-defined]
        yield worker.ready()


def asked(worker: Worker, expression: str, body: bytes = b"", **meta: Any) -> Answer:
    from urllib.parse import quote

    query = "ask=" + quote(expression)
    return worker.ask(body, **{"m": "POST", "q": query, "h": [["Host", "a.test:81"]], "p": "/score", **meta})


def headers(answer: Answer) -> list[list[str]]:
    found: list[list[str]] = json.loads(answer.meta)["headers"]
    return sorted([name.lower(), value] for name, value in found)


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_raw_run_gets_the_request_for_every_method(worker: Worker, method: str) -> None:
    assert worker.phases[-1]["raw"] is True
    kind = "flask" if worker.kind == "flask" else "mldeploy_server"  # type: ignore[attr-defined]
    assert json.loads(worker.ask(m=method, h=[]).body) == [kind, method]


MULTIPART = (
    b'--XX\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="image"; filename="a \\"b\\".png"\r\nContent-Type: image/png\r\n\r\n'
    b"\x89PNG\r\n\r\n--\x00\r\n--XX--\r\n"
)
FORM = {"ct": "application/x-www-form-urlencoded"}
PARTS = {"ct": "multipart/form-data; boundary=XX"}
JSON = {"ct": "application/json"}

# expression, body, meta → the value; the same on both kinds of request
ATTRIBUTES: dict[str, tuple[bytes, dict[str, Any], Any]] = {
    "list(request.get_data())": (b"\x00\xff\n", {}, [0, 255, 10]),
    "request.get_data(as_text=True)": ("ä".encode(), {}, "ä"),
    "request.data.decode()": (b"x", {"ct": "text/plain"}, "x"),
    "[request.get_data(cache=False).decode(), request.content_length]": (b"abc", {}, ["abc", 3]),
    "request.stream.read(2).decode()": (b"abc", {}, "ab"),
    "request.json": (b'{"a": [1]}', JSON, {"a": [1]}),
    "request.get_json(force=True)": (b"[1]", {"ct": "text/plain"}, [1]),
    "request.get_json(silent=True)": (b"{", JSON, None),
    "[request.is_json, request.mimetype]": (b"", {"ct": "application/ld+json; a=b"}, [True, "application/ld+json"]),
    "request.form['a'] + request.form.get('b')": (b"a=1%20&b=%C3%A4", FORM, "1 ä"),
    "request.form.getlist('a')": (b"a=1&a=2", FORM, ["1", "2"]),
    "request.form.to_dict()": (MULTIPART, PARTS, {"note": "hello"}),
    "request.files['image'].filename": (MULTIPART, PARTS, 'a "b".png'),
    "list(request.files['image'].read())": (MULTIPART, PARTS, list(b"\x89PNG\r\n\r\n--\x00")),
    "[request.files['image'].content_type, request.files['image'].name]": (MULTIPART, PARTS, ["image/png", "image"]),
    "[(f.save('copy.png'), open('copy.png', 'rb').read().hex()) for f in [request.files['image']]][0][1]": (
        MULTIPART,
        PARTS,
        b"\x89PNG\r\n\r\n--\x00".hex(),
    ),
    "'image' in request.files and 'nope' not in request.files": (MULTIPART, PARTS, True),
    "request.args.get('n', type=int)": (b"", {"more": "&n=5"}, 5),
    "[request.args.get('n', 7, type=int), request.args.get('none')]": (b"", {"more": "&n=x"}, [7, None]),
    "request.args.getlist('n')": (b"", {"more": "&n=1&n=2"}, ["1", "2"]),
    "[request.headers.get('x-one'), request.headers['X-ONE'], 'x-none' in request.headers]": (
        b"",
        {"h": [["X-One", "1"]]},
        ["1", "1", False],
    ),
    "sorted(k for k, v in request.headers if k.startswith('X-'))": (
        b"",
        {"h": [["X-B", "1"], ["X-A", "2"]]},
        ["X-A", "X-B"],
    ),
    "[request.content_type, request.content_length]": (b"", {}, [None, None]),
    "request.path": (b"", {"p": "/score"}, "/score"),
    "request.host": (b"", {}, "a.test:81"),
    "request.url.split('?')[0]": (b"", {}, "http://a.test:81/score"),
    "request.cookies['a']": (b"", {"h": [["Cookie", "b=2; a=1"]]}, "1"),
    "request.values.get('ask') is not None": (b"", {}, True),
}


@pytest.mark.parametrize("expression", ATTRIBUTES)
def test_the_request_has_what_scripts_use(worker: Worker, expression: str) -> None:
    from urllib.parse import quote

    body, meta, value = ATTRIBUTES[expression]
    given = {"q": "ask=" + quote(expression) + meta.get("more", ""), "h": [["Host", "a.test:81"]], **meta}
    given.pop("more", None)
    answer = worker.ask(body, m="POST", p=given.pop("p", "/score"), **given)
    assert answer.status == frames.OK, answer.body.decode()
    assert json.loads(answer.body or b"null") == ({} if value is None else value)


JSON_TYPE = ["content-type", "application/json"]
HTML_TYPE = ["content-type", "text/html; charset=utf-8"]
FINE = ["x-ms-run-function-failed", "False"]
FAILED = ["x-ms-run-function-failed", "True"]

# expression → status, headers, body, whether the run counts as failed
RESPONSES: dict[str, tuple[int, list[list[str]], bytes, bool]] = {
    "AMLResponse('hi', 200)": (200, [HTML_TYPE, FINE], b"hi", False),
    "AMLResponse(b'\\x00\\xff', 200)": (200, [HTML_TYPE, FINE], b"\x00\xff", False),
    "AMLResponse(None, 202)": (202, [JSON_TYPE, FINE], b"{}", False),
    "AMLResponse({'a': [1]}, 201, json_str=True)": (201, [JSON_TYPE, FINE], b'{"a": [1]}', False),
    "AMLResponse('', 204)": (204, [HTML_TYPE, FINE], b"", False),
    "AMLResponse(b'x', 200, {'Content-Type': 'image/png'})": (200, [["content-type", "image/png"], FINE], b"x", False),
    "AMLResponse('x', 200, {'X-A': '1, 2', 'X-B': '3'})": (
        200,
        [HTML_TYPE, ["x-a", "1"], ["x-a", "2"], ["x-b", "3"], FINE],
        b"x",
        False,
    ),
    "AMLResponse('no', 404)": (404, [HTML_TYPE, FINE], b"no", False),
    "AMLResponse('no', 503)": (503, [HTML_TYPE, FAILED], b"no", True),
    "AMLResponse('no', 400, run_function_failed=True)": (400, [HTML_TYPE, FAILED], b"no", True),
}


@pytest.mark.parametrize("expression", RESPONSES)
def test_a_response_is_sent_as_the_script_made_it(worker: Worker, expression: str) -> None:
    status, given, body, failed = RESPONSES[expression]
    answer = asked(worker, expression)
    assert answer.status == frames.OK_META, answer.body.decode()
    assert (answer.http, answer.body) == (status, body)
    assert headers(answer) == sorted(given)
    assert answer.flags == (frames.FLAG_RUN_FAILED if failed else 0)
    assert answer.exec_us != frames.NO_EXEC


def test_a_generator_streams_one_part_a_yield(worker: Worker) -> None:
    from urllib.parse import quote

    number = worker.send(b"", {"m": "GET", "q": "ask=" + quote("AMLResponse(ticks(3), 206)"), "h": []})
    opening, *parts, end = worker.answers_to(number)
    assert (opening.status, opening.http, opening.flags) == (frames.OK_META, 206, frames.FLAG_STREAM)
    assert [part.status for part in parts] == [frames.PART] * 3
    assert [part.body for part in parts] == [b"tick 0;", b"tick 1;", b"tick 2;"]
    assert (end.status, end.body) == (frames.END, b"")


def test_a_stream_that_breaks_ends_as_raised_with_what_came_before(worker: Worker) -> None:
    from urllib.parse import quote

    number = worker.send(b"", {"m": "GET", "q": "ask=" + quote("AMLResponse(ticks(1, fail=True), 200)"), "h": []})
    opening, part, end = worker.answers_to(number)
    assert (opening.status, part.body, end.status) == (frames.OK_META, b"tick 0;", frames.RAISED)
    assert b"the stream broke" in end.body
    assert b"/working/" not in end.body


def test_a_stream_that_fails_before_its_first_chunk_is_a_failed_run(worker: Worker) -> None:
    answer = asked(worker, "AMLResponse(ticks(0, fail=True), 200)")
    assert (answer.status, answer.flags) == (frames.RAISED, frames.FLAG_RUN_FAILED)


@pytest.mark.parametrize("header", ["'X-A': 'b\\r\\nX-Evil: 1'", "'X-A': '\\u20ac'", "'X-\\nB': 'c'"])
def test_a_header_that_http_cannot_carry_fails_the_request(worker: Worker, header: str) -> None:
    answer = asked(worker, f"AMLResponse('x', 200, {{{header}}})")
    assert answer.status == frames.RAISED


@pytest.mark.parametrize("value", ["{'a': 1}", "None", "'text'"])
def test_a_raw_run_may_return_plain_values_too(worker: Worker, value: str) -> None:
    assert asked(worker, value).status == frames.OK


def test_flask_itself_works_inside_a_raw_run(tmp_path: Path) -> None:
    script = """
    import flask
    from azureml.contrib.services.aml_request import AMLRequest, rawhttp
    def init():
        pass
    @rawhttp
    def run(request):
        assert issubclass(AMLRequest, flask.Request) and request is flask.request._get_current_object()
        if request.method == "GET":
            return flask.Response("gone", 410)
        reply = flask.jsonify(path=flask.request.path)
        reply.status_code = 500
        return reply
    """
    with Worker(write(tmp_path, script)) as worker:
        answer = worker.ready().ask(b"", m="POST", p="/score", h=[])
        assert (answer.http, json.loads(answer.body)) == (500, {"path": "/score"})
        assert headers(answer) == [JSON_TYPE, FAILED]
        gone = worker.ask(m="GET", h=[])
        assert (gone.http, headers(gone)) == (410, [HTML_TYPE])


def test_raw_and_schema_together_fail_the_start(tmp_path: Path) -> None:
    pytest.importorskip("inference_schema", reason="inference-schema is not installed")
    script = """
    from azureml.contrib.services.aml_request import rawhttp
    from inference_schema.schema_decorators import input_schema
    from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
    def init():
        pass
    @rawhttp
    @input_schema("a", StandardPythonParameterType(1))
    def run(a):
        return a
    """
    with Worker(write(tmp_path, script)) as worker:
        assert "both @rawhttp and @input_schema" in worker.boot()["error"]


def test_a_plain_run_may_return_a_response(tmp_path: Path) -> None:
    script = """
    def init():
        pass
    def run(raw_data):
        from azureml_inference_server_http.api.aml_response import AMLResponse
        return AMLResponse(raw_data, 418)
    """
    with Worker(write(tmp_path, script)) as worker:
        assert worker.ready().phases[-1]["raw"] is False
        answer = worker.ask(b"tea")
        assert (answer.status, answer.http, answer.body) == (frames.OK_META, 418, b"tea")


@pytest.mark.parametrize("kind", ["flask", "ours"])
def test_a_plain_run_may_stream_a_part_a_yield(tmp_path: Path, kind: str) -> None:
    script = """
    from azureml.contrib.services.aml_response import AMLResponse
    def init():
        pass
    def run(raw_data):
        return AMLResponse((bytes([255, n]) for n in range(3)), 200, {"Content-Type": "application/octet-stream"})
    """
    if kind == "ours":
        write(tmp_path, "raise ImportError('not installed here')\n", "flask.py")
    with Worker(write(tmp_path, script)) as worker:
        opening, *parts, end = worker.ready().answers_to(worker.send(b"x"))
    assert ["content-type", "application/octet-stream"] in headers(opening)
    assert [part.body for part in parts] == [b"\xff\x00", b"\xff\x01", b"\xff\x02"]
    assert (opening.flags, end.status) == (frames.FLAG_STREAM, frames.END)
