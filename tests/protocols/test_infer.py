"""The Open Inference Protocol over HTTP: what its own clients do not show."""

from __future__ import annotations

import gzip
import json
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ..server.front.fronts import KEYS, Answer, Front, eventually
from .conftest import ALIAS, NewFront

INFER = "/v2/models/svc/infer"
MATRIX = {"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [1, 2, 3, 4]}


def words(*texts: str) -> dict[str, Any]:
    return {"name": "x", "shape": [len(texts)], "datatype": "BYTES", "data": list(texts)}


def infer(front: Front, *inputs: dict[str, Any], path: str = INFER, **more: Any) -> Answer:
    return front.request("POST", path, json.dumps({"inputs": inputs, **more}))


def outputs(front: Front, *inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = infer(front, *inputs, **more)
    assert answer.status == 200, answer.body
    return {one["name"]: [one["datatype"], one["shape"], one["data"]] for one in answer.json["outputs"]}


def error(answer: Answer) -> tuple[int, str]:
    assert list(answer.json) == ["error"]
    return answer.status, answer.json["error"]


@pytest.mark.parametrize("path", [INFER, "/v2/models/svc/versions/1.0/infer", ALIAS + INFER, "/v2/models/s%76c/infer"])
def test_a_model_answers_at_each_of_its_addresses(plain: Front, path: str) -> None:
    answer = infer(plain, MATRIX, path=path, id="7")
    assert answer.json == {
        "model_name": "svc",
        "model_version": "1.0",
        "outputs": [{"name": "output-0", "datatype": "INT64", "shape": [2], "data": [3, 7]}],
        "id": "7",
    }
    assert answer.headers["x-ms-run-function-failed"] == "False"
    assert float(answer.headers["x-ms-run-fn-exec-ms"]) >= 0
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("numbers", {"output-0": ["INT64", [2], [1, 2]]}),
        ("mixed numbers", {"output-0": ["FP64", [2], [1, 2.5]]}),
        ("matrix", {"output-0": ["FP64", [3, 2], [1, 2, 3, 4, 5, 6]]}),
        ("switches", {"output-0": ["BOOL", [2], [True, False]]}),
        ("words", {"output-0": ["BYTES", [2], ["a", "ü"]]}),
        ("json text", {"label": ["BYTES", [2], ["x", "y"]], "p": ["FP64", [2, 2], [0.25, 0.75, 0.5, 0.5]]}),
        ("records", {"label": ["BYTES", [2], ["x", "y"]], "p": ["FP64", [2], [0.25, 0.5]]}),
        ("uneven", {"output-0": ["BYTES", [1], ["[[1], [2, 3]]"]]}),
        ("object", {"output-0": ["BYTES", [1], ['{"sum": 1.5, "label": "x"}']]}),
        ("scalar", {"output-0": ["FP64", [1], [3.5]]}),
        ("text", {"output-0": ["BYTES", [1], ["just text"]]}),
        ("nothing", {"output-0": ["BYTES", [1], ["{}"]]}),
        ("empty", {"output-0": ["FP64", [0], []]}),
        ("large", {"output-0": ["UINT64", [1], [2**63]]}),
        ("array", {"output-0": ["FP32", [1, 2], [struct.unpack("f", struct.pack("f", x))[0] for x in (0.1, 0.2)]]}),
        ("scalars", {"output-0": ["FP64", [2], [0.1, 0.2]]}),
    ],
)
def test_every_result_has_its_tensors(plain: Front, asked: str, found: dict[str, Any]) -> None:
    assert outputs(plain, words(asked)) == found


def test_a_single_result_takes_the_name_that_the_client_asks_for(plain: Front) -> None:
    assert list(outputs(plain, MATRIX, outputs=[{"name": "predict"}])) == ["predict"]


def test_only_the_outputs_that_are_asked_for_come_and_in_that_order(plain: Front) -> None:
    asked = {"outputs": [{"name": "p"}, {"name": "label", "parameters": {"binary_data": True}}]}
    answer = infer(plain, words("json text"), **asked)
    length = int(answer.headers["inference-header-content-length"])
    first, second = json.loads(answer.body[:length])["outputs"]
    assert (first["name"], first["data"]) == ("p", [0.25, 0.75, 0.5, 0.5])
    assert second == {"name": "label", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": 10}}
    assert answer.body[length:] == b"\1\0\0\0x\1\0\0\0y"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert error(infer(plain, words("json text"), outputs=[{"name": "q"}])) == (
        400,
        "No output named 'q'. There are: label, p.",
    )


def test_several_inputs_are_the_columns_of_rows(plain: Front) -> None:
    column = {"name": "y", "shape": [2, 1], "datatype": "INT64", "data": [[10], [20]]}
    found = infer(plain, words("a", "bc"), column, id="columns")
    assert found.json["outputs"][0]["data"] == [11, 22]
    assert plain.logged('data [{"x": "a", "y": 10}, {"x": "bc", "y": 20}]')
    status, message = error(infer(plain, MATRIX, {**words("a"), "name": "y"}))
    assert (status, "x has 2, y has 1" in message) == (400, True)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not JSON"),
        (b"[1]", "must be a JSON object with 'inputs'"),
        (b"{}", "has no inputs"),
        (b'{"inputs": 3}', "must be a list"),
        (b'{"inputs": [3]}', "must be an object with a name"),
        (b'{"inputs": [{"name": "x"}]}', "has the datatype None; there are: BOOL, "),
        (b'{"inputs": [{"name": "x", "datatype": "FP32"}]}', "has the shape None"),
        (b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}]}', "has the shape [-1]"),
        (b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1]}]}', "no list as its data"),
        (b'{"id": 3, "inputs": []}', "The id is 3"),
        (b"[" * 100_000, "not JSON"),
        (b'{"inputs": [], "n": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(plain: Front, content: bytes, what: str) -> None:
    status, message = error(plain.request("POST", INFER, content))
    assert (status, what in message) == (400, True), message


def binary(front: Front, size: Any, data: bytes, length: str = "", **more: Any) -> Answer:
    """An infer request with one FP32 tensor of two values behind the JSON."""
    entry = {"name": "x", "shape": [2], "datatype": "FP32", "parameters": {"binary_data_size": size, **more}}
    head = json.dumps({"inputs": [entry]}).encode()
    return front.request("POST", INFER, head + data, {"Inference-Header-Content-Length": length or str(len(head))})


FLOATS = struct.pack("<2f", 1.0, 2.5)


def test_bytes_behind_the_json_are_a_tensor(plain: Front) -> None:
    assert binary(plain, 8, FLOATS).json["outputs"][0]["data"] == [1.0, 2.5]


@pytest.mark.parametrize(
    ("size", "data", "length", "what"),
    [
        (8, FLOATS[:4], "", "behind the JSON and the inputs before it are 4 bytes"),
        (4, FLOATS[:4], "", "FP32 of shape [2] takes 8"),
        (8, FLOATS + b"more", "", "4 bytes more than its inputs take"),
        (-8, FLOATS, "", "binary_data_size -8"),
        (2**70, FLOATS, "", "binary_data_size 1180591620717411303424"),
        ("8", FLOATS, "", "binary_data_size '8'"),
        (8, FLOATS, "100000", "Inference-Header-Content-Length is '100000'"),
        (8, FLOATS, "-1", "Inference-Header-Content-Length is '-1'"),
        (8, FLOATS, "9" * 90, "Inference-Header-Content-Length is '999"),
        (8, FLOATS, "10", "not JSON"),
    ],
)
def test_lengths_that_do_not_fit_are_named(plain: Front, size: Any, data: bytes, length: str, what: str) -> None:
    status, message = error(binary(plain, size, data, length))
    assert (status, what in message) == (400, True), message


def test_shared_memory_and_classes_are_refused(plain: Front) -> None:
    assert "shared memory" in error(binary(plain, 8, FLOATS, shared_memory_region="r"))[1]
    asked = [{"name": "x", "parameters": {"classification": 3}}]
    assert "as classes" in error(infer(plain, MATRIX, outputs=asked))[1]


def test_a_gzip_body_is_unpacked_up_to_the_limit(started: NewFront) -> None:
    front = started("plain", settings={"body_limit": 1000})
    body = json.dumps({"inputs": [MATRIX]}).encode()
    send = {"Content-Encoding": "gzip"}
    assert front.request("POST", INFER, gzip.compress(body), send).json["outputs"][0]["data"] == [3, 7]
    assert error(front.request("POST", INFER, gzip.compress(body + b" " * 1000), send))[0] == 413
    assert error(front.request("POST", INFER, b" " * 1001))[0] == 413


def test_what_the_script_raises_stays_secret(plain: Front) -> None:
    answer = infer(plain, words("raise"))
    assert error(answer) == (500, "An unexpected error occurred in scoring script. Check the logs for more info.")
    assert answer.headers["x-ms-run-function-failed"] == "True"
    assert plain.logged("a secret")["l"] == "E"
    assert error(infer(plain, words("exit")))[0] == 500
    assert error(infer(plain, words("unserialisable")))[0] == 500
    assert infer(plain, MATRIX).status == 200


def test_unknown_models_versions_and_addresses_are_404_in_the_protocols_words(plain: Front) -> None:
    assert error(infer(plain, MATRIX, path="/v2/models/other/infer"))[1].endswith("This server has: svc.")
    assert error(infer(plain, MATRIX, path="/v2/models/svc/versions/7/infer"))[1].endswith("It has: 1.0.")
    assert error(plain.request("POST", "/v2/repository/index", "{}"))[0] == 404
    answer = plain.request("GET", INFER)
    assert (error(answer)[0], answer.headers["allow"]) == (405, "POST, OPTIONS")


def test_the_metadata_tell_the_tensors_that_a_schema_knows(started: NewFront, plain: Front) -> None:
    typed = started("typed").request("GET", "/v2/models/svc").json
    assert typed["inputs"] == [{"name": "data", "datatype": "FP32", "shape": [-1, 2]}]
    assert typed["outputs"] == [{"name": "output-0", "datatype": "FP64", "shape": [-1]}]
    frame = started("frame", orient="records").request("GET", "/v2/models/svc").json
    assert [(one["name"], one["datatype"]) for one in frame["inputs"]] == [
        ("size", "FP64"),
        ("count", "INT64"),
        ("name", "BYTES"),
    ]
    assert plain.request("GET", ALIAS + "/v2/models/svc/versions/1.0").json["inputs"] == []


def test_a_typed_parameter_takes_a_tensor_of_any_name(started: NewFront) -> None:
    front = started("typed")
    assert outputs(front, MATRIX) == {"output-0": ["FP64", [2], [3.0, 7.0]]}
    columns = [{"name": name, "shape": [2], "datatype": "FP32", "data": [1, 2]} for name in "ab"]
    assert outputs(front, *columns) == {"output-0": ["FP64", [2], [2.0, 4.0]]}


def test_several_typed_parameters_go_by_name(started: NewFront) -> None:
    front = started("named")
    left, right = {**MATRIX, "name": "left"}, {"name": "right", "shape": [2], "datatype": "INT64", "data": [1, 2]}
    assert outputs(front, right, left)["sums"] == ["FP64", [2], [4.0, 9.0]]
    scale = {"name": "scale", "shape": [1], "datatype": "FP32", "data": [2]}
    assert outputs(front, left, right, scale)["sums"] == ["FP64", [2], [7.0, 16.0]]
    assert outputs(front, left, right, parameters={"scale": 3.0})["sums"] == ["FP64", [2], [10.0, 23.0]]
    assert error(infer(front, MATRIX, right)) == (
        400,
        "This service takes inputs named left, right, scale; the request has x, right.",
    )


@pytest.mark.parametrize("orient", ["records", "split", "index", "columns", "values", "table"])
def test_a_data_frame_is_made_of_columns_in_its_orient(started: NewFront, orient: str) -> None:
    front = started("frame", orient=orient)
    columns = [
        {"name": "size", "shape": [2], "datatype": "FP64", "data": [1.5, 2.5]},
        {"name": "count", "shape": [2], "datatype": "INT64", "data": [2, 4]},
        {"name": "name", "shape": [2, 1], "datatype": "BYTES", "data": ["a", "b"]},
    ]
    assert outputs(front, *columns) == {"output-0": ["BYTES", [2], ["a 3.0", "b 10.0"]]}
    rows = {"dataframe_split": {"columns": ["size", "count", "name"], "data": [[1.5, 2, "a"]]}}
    sent = front.request("POST", "/invocations", json.dumps(rows))
    assert sent.json == {"predictions": ["a 3.0"]}


def test_health_says_when_no_worker_serves(plain: Front, tmp_path: Any) -> None:
    front = Front(tmp_path, name="svc").script("import time\ndef init():\n    time.sleep(30)\ndef run(x):\n    pass\n")
    try:
        front.start()
        eventually(lambda: front.request("GET", "/v2/health/live").status == 200)
        for path in ("/v2/health/ready", "/v2/models/svc/ready", "/v2/models/svc"):
            status, message = error(front.request("GET", path))
            assert (status, "is starting" in message) == (503, True)
        assert error(infer(front, MATRIX))[0] == 503
        assert front.request("GET", "/ping").status == 503
        assert front.request("POST", "/invocations", "[]").json["error_code"] == "TEMPORARILY_UNAVAILABLE"
    finally:
        front.stop()
    assert plain.request("GET", "/v2/health/ready").json == {"live": True, "ready": True}


@pytest.mark.parametrize("path", ["/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/svc", "/v2/models/other"])
def test_all_of_it_is_closed_where_auth_is_on(keyed: Front, path: str) -> None:
    assert error(keyed.request("GET", path))[0] == 401
    allowed = keyed.request("GET", path, headers={"Authorization": f"Bearer {KEYS[0]}"})
    assert allowed.status == (404 if "other" in path else 200)


def test_infer_is_counted_as_scoring(started: NewFront) -> None:
    front = started("plain", workers=1, version="2")
    before = front.control("stats")["requests"]
    infer(front, MATRIX, path="/v2/models/svc/versions/2/infer")
    infer(front, words("raise"))
    front.request("GET", "/v2/health/ready")
    after = front.control("stats")
    assert (after["requests"] - before, after["raised"]) == (2, 1)
    assert b'mldeploy_requests_total{code="500"} 1' in front.request("GET", "/metrics").body
    assert front.logged("POST /v2/models/svc/infer 500")


def test_a_run_that_takes_too_long_is_answered_in_the_protocols_words(tmp_path: Any) -> None:
    script = "import time\ndef init():\n    pass\ndef run(x):\n    time.sleep(9)\n"
    front = Front(tmp_path, name="svc", settings={"scoring_timeout_ms": 100}).script(script).serve()
    try:
        assert error(infer(front, MATRIX)) == (500, "Scoring timeout after 100 ms")
    finally:
        front.stop()


def test_requests_of_every_protocol_run_beside_joined_ones(started: NewFront) -> None:
    front = started("sums", settings={"batch": True})

    def ask(number: int) -> tuple[Any, Any]:
        rows = [[number, 1], [number, 2]]
        flat = {"name": "x", "shape": [2, 2], "datatype": "INT32", "data": rows}
        if number % 3 == 0:
            found = front.request(
                "POST", "/score", json.dumps({"data": rows}), {"Content-Type": "application/json"}
            ).json
        elif number % 3 == 1:
            found = infer(front, flat).json["outputs"][0]["data"]
        else:
            found = front.request("POST", "/invocations", json.dumps({"inputs": rows})).json["predictions"]
        return found, [number + 1, number + 2]

    with ThreadPoolExecutor(16) as pool:
        for found, right in pool.map(ask, range(600)):
            assert found == right
