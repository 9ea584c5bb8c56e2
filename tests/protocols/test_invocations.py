"""`/invocations` and `/ping`: who asks is told from the body, and what comes back is his protocol's."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy
import pytest

from ..server.front.fronts import KEYS, Answer, Front
from .conftest import ALIAS, NewFront

CSV, LINES, NUMPY = "text/csv", "application/jsonlines", "application/x-npy"
RAW = """
from azureml_inference_server_http.api.aml_request import rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

def init():
    pass

@rawhttp
def run(request):
    return AMLResponse(request.path.encode() + b" " + request.get_data(), 200)
"""


def invoke(front: Front, body: Any, kind: str = "application/json", accept: str = "") -> Answer:
    headers = {"Content-Type": kind} | ({"Accept": accept} if accept else {})
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return front.request("POST", "/invocations", content.encode() if isinstance(content, str) else content, headers)


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, None]]}}, [[1, 2], [3, None]]),
        ({"dataframe_split": {"data": [[1, "x"]]}}, [[1, "x"]]),
        ({"dataframe_split": {"columns": ["a", "a"], "index": [0], "data": [[1, 2]]}}, [[1, 2]]),
        ({"dataframe_records": [{"a": 1}, {"b": 2, "a": 3}]}, [[1, None], [3, 2]]),
        ({"instances": [[1, 2]]}, [[1, 2]]),
        ({"instances": [{"a": 1}, {"a": 2}]}, [{"a": 1}, {"a": 2}]),
        ({"inputs": [1, 2], "params": {"x": 1}}, [1, 2]),
        ({"inputs": {"a": [1, 2], "b": [[3], [4]]}}, [{"a": 1, "b": 3}, {"a": 2, "b": 4}]),
        ({"inputs": {"a": [[1, 2]]}}, [[1, 2]]),
        ([[1, 2]], [[1, 2]]),
        ({"data": [[1, 2]]}, [[1, 2]]),
    ],
)
def test_every_form_of_json_becomes_rows(plain: Front, body: Any, data: Any) -> None:
    invoke(plain, body)
    assert plain.logged(f"data {json.dumps(data)}")


@pytest.mark.parametrize(
    ("kind", "body", "data"),
    [
        (CSV, "a,b\n1,2.5\n3,x\n", [[1, 2.5], [3, "x"]]),
        (CSV, "1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
        (CSV, ',a\n0,"x, y"\n1,\n', [[0, "x, y"], [1, None]]),
        (CSV + "; header=absent", "a,b\nc,d", [["a", "b"], ["c", "d"]]),
        (CSV + "; charset=utf-8; header=present", "1,2\n3,4", [[3, 4]]),
        (CSV, "\ufeffa\n7", [[7]]),
        (LINES, '[1, 2]\n{"a": 5}\n\n', [[1, 2], {"a": 5}]),
    ],
)
def test_tables_and_lines_become_rows(plain: Front, kind: str, body: str, data: Any) -> None:
    invoke(plain, body, kind)
    assert plain.logged(f"data {json.dumps(data)}")


@pytest.mark.parametrize(
    ("asked", "kind", "accept", "found"),
    [
        ([[1, 2]], "application/json", "", b"[3]"),
        ([[1, 2]], "application/json", "*/*", b"[3]"),
        ({"inputs": [[1, 2]]}, "application/json", "application/json", b'{"predictions": [3]}'),
        ({"inputs": [[1, 2]]}, "application/json", CSV, b'{"predictions": [3]}'),
        ("1,2", CSV, "", b"[3]"),
        ("a,b\n1,2", CSV, "", b'{"predictions": [3]}'),
        ("a,b\n1,2", CSV, "text/csv; q=1", b"3\n"),
        (["matrix"], "application/json", CSV, b"1.0,2.0\n3.0,4.0\n5.0,6.0\n"),
        (["matrix"], "application/json", "image/png, application/jsonlines", b"[1.0, 2.0]\n[3.0, 4.0]\n[5.0, 6.0]\n"),
        (["object"], "application/json", CSV, b'{"sum": 1.5, "label": "x"}'),
        (["json text"], "application/json", "", b'{"label": ["x", "y"], "p": [[0.25, 0.75], [0.5, 0.5]]}'),
        ({"inputs": ["predictions"]}, "application/json", "", b'{"predictions": [1], "model": "m"}'),
        ({"inputs": ["scalars"]}, "application/json", "", b'{"predictions": [0.1, 0.2]}'),
    ],
)
def test_the_answer_is_in_the_askers_form(plain: Front, asked: Any, kind: str, accept: str, found: bytes) -> None:
    answer = invoke(plain, asked, kind, accept)
    assert (answer.status, answer.body) == (200, found)
    assert answer.headers["x-ms-run-function-failed"] == "False"
    assert "x-ms-run-fn-exec-ms" in answer.headers


def test_numpys_files_come_and_go(plain: Front) -> None:
    file = io.BytesIO()
    numpy.save(file, numpy.array([[1, 2], [3, 4]], dtype="int16"))
    answer = invoke(plain, file.getvalue(), NUMPY, NUMPY)
    assert answer.headers["content-type"] == NUMPY
    assert numpy.load(io.BytesIO(answer.body)).tolist() == [3, 7]


@pytest.mark.parametrize(
    ("kind", "body", "status", "what"),
    [
        ("application/json", "{", 400, "not JSON"),
        ("application/json", {"inputs": [1], "instances": [1]}, 400, "it must have one of: dataframe_split, "),
        ("application/json", {"dataframe_split": [1]}, 400, "lists 'columns' and 'data'"),
        ("application/json", {"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, 400, "2 values for 1 columns"),
        ("application/json", {"dataframe_records": [1]}, 400, "must be a list of objects"),
        ("application/json", {"inputs": {"a": [1], "b": [1, 2]}}, 400, "a has 1, b has 2"),
        ("application/json", {"inputs": [1], "params": 3}, 400, "params is 3"),
        (CSV, "1,2\n3", 400, "Row 2 of the CSV has 1 fields"),
        (CSV, "", 400, "The body is empty"),
        (CSV, b"\xff", 400, "cannot be decoded as UTF-8"),
        (CSV, '"a', 400, "not CSV"),
        (LINES, "{", 400, "A line of the body is not JSON"),
        (NUMPY, b"nothing of numpy's", 400, "no .npy file"),
        ("text/plain", b"\xff", 400, "cannot be decoded as UTF-8"),
        ("text/x-libsvm", "1 1:2", 415, "cannot read text/x-libsvm. It reads: application/json"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(plain: Front, kind: str, body: Any, status: int, what: str) -> None:
    answer = invoke(plain, body, kind)
    assert (answer.status, answer.json["error_code"]) == (status, "BAD_REQUEST")
    assert what in answer.json["message"]


@pytest.mark.parametrize(
    ("body", "sums"),
    [
        ({"inputs": {"left": [[1, 2]], "right": [1]}, "params": {"scale": 2.0}}, [7.0]),
        ({"instances": [{"left": [1, 2], "right": 1}]}, [4.0]),
        ({"dataframe_split": {"columns": ["right", "left"], "data": [[1, [1, 2]]]}}, [4.0]),
    ],
)
def test_typed_parameters_go_by_name(started: NewFront, body: Any, sums: list[float]) -> None:
    assert invoke(started("named"), body).json == {"predictions": {"sums": sums, "rows": [1]}}


def test_a_typed_script_gets_rows_and_its_own_json(started: NewFront) -> None:
    front = started("typed")
    assert invoke(front, {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}}).json == {"predictions": [3.0]}
    assert invoke(front, "1,2\n3,4", CSV).json == [3.0, 7.0]
    assert invoke(front, {"data": [[1, 2]]}).json == [3.0]
    frame = started("frame", orient="records")
    assert invoke(frame, "1.5,2,a", CSV).json == ["a 3.0"]
    assert invoke(frame, "name,count,size\na,2,1.5", CSV).json == {"predictions": ["a 3.0"]}
    assert invoke(frame, {"instances": [{"name": "a", "count": 2, "size": 1.5}]}).json == {"predictions": ["a 3.0"]}
    refused = invoke(frame, "1.5,2", CSV)
    assert (refused.status, "this service takes 3: size, count, name" in refused.json["message"]) == (400, True)


def test_a_raw_script_gets_the_request_as_it_came(tmp_path: Any) -> None:
    front = Front(tmp_path, name="svc").script(RAW).serve()
    try:
        assert invoke(front, b"\xff\0", NUMPY).body == b"/invocations \xff\0"
        answer = front.request("POST", "/v2/models/svc/infer", b"\xff", {"Inference-Header-Content-Length": "9"})
        assert answer.body == b"/v2/models/svc/infer \xff"
        assert front.request("GET", "/v2/models/svc/ready").status == 200
    finally:
        front.stop()


@pytest.mark.parametrize("prefix", ["", ALIAS])
def test_ping_and_version_answer_at_every_prefix(plain: Front, prefix: str) -> None:
    answer = plain.request("GET", f"{prefix}/ping")
    assert (answer.status, answer.body) == (200, b"")
    assert plain.request("GET", f"{prefix}/version").body == b"0.1.0"
    assert plain.request("POST", f"{prefix}/invocations", "[[1, 2]]").json == [3]
    assert plain.request("OPTIONS", f"{prefix}/invocations").status == 200


def test_all_of_it_is_closed_where_auth_is_on(keyed: Front) -> None:
    assert [keyed.request("GET", path).status for path in ("/ping", "/version")] == [401, 401]
    assert keyed.request("POST", "/invocations", "[]").json["error_code"] == "UNAUTHENTICATED"
    allowed = {"Authorization": f"Bearer {KEYS[0]}"}
    assert keyed.request("GET", "/ping", headers=allowed).status == 200
    assert keyed.request("POST", "/invocations", "[[1]]", allowed).json == [1]
