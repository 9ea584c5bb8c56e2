"""Wire contract, section 1, with auth off: what each address answers to each method."""

from __future__ import annotations

import pytest

from .fronts import Front

ALIAS = "/api/v1/service/svc"
ROUTES = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("OPTIONS", "/", 200),
    ("POST", "/", 405),
    ("GET", "/score", 200),
    ("POST", "/score", 200),
    ("OPTIONS", "/score", 200),
    ("HEAD", "/score", 405),
    ("PUT", "/score", 405),
    ("DELETE", "/score", 405),
    ("PATCH", "/score", 405),
    ("POST", "/score/", 404),
    ("POST", "/%73core", 200),
    ("POST", f"{ALIAS}/score", 200),
    ("GET", "/swagger.json", 200),
    ("GET", f"{ALIAS}/swagger.json", 200),
    ("POST", "/swagger.json", 405),
    ("GET", "/swagger.json?version=2", 200),
    ("GET", "/swagger.json?version=2.0", 200),
    ("GET", "/swagger.json?version=3", 200),
    ("GET", "/swagger.json?version=3.0", 200),
    ("GET", "/swagger.json?version=3.1", 200),
    ("GET", "/swagger.json?version=4", 404),
    ("GET", "/nowhere", 404),
    ("GET", f"{ALIAS}/", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), ROUTES)
def test_each_address_answers_each_method_with_its_status(echo: Front, method: str, path: str, status: int) -> None:
    answer = echo.request(method, path, "{}" if method == "POST" else None)
    assert answer.status == status
    if status >= 400 and method != "HEAD":
        assert answer.json.keys() == {"message"}
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-ms-run-function-failed"] == "False"


def test_health_is_a_text_without_the_run_header(echo: Front) -> None:
    answer = echo.request("GET", "/")
    assert (answer.body, answer.headers["content-type"]) == (b"Healthy", "text/html; charset=utf-8")
    assert "x-ms-run-function-failed" not in answer.headers


def test_head_sends_the_length_and_no_body(echo: Front) -> None:
    answer = echo.request("HEAD", "/")
    assert (answer.body, answer.headers["content-length"]) == (b"", "7")


def test_an_answer_to_head_does_not_upset_the_next_request(echo: Front) -> None:
    got = echo.raw(b"HEAD /score HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 405")
    assert got.endswith(b"\r\n\r\nHealthy")


@pytest.mark.parametrize("path", ["/nowhere", "/score/"])
def test_an_unknown_address_is_answered_without_ids(echo: Front, path: str) -> None:
    answer = echo.request("GET", path, headers={"x-request-id": "mine"})
    assert not {"x-request-id", "x-ms-request-id", "x-ms-server-version"} & answer.headers.keys()


def test_a_wrong_method_names_those_that_are_allowed(echo: Front) -> None:
    answer = echo.request("PUT", "/score", "{}")
    assert answer.headers["allow"] == "GET, POST, OPTIONS, HEAD"
    assert "x-request-id" not in answer.headers


@pytest.mark.parametrize(("version", "key"), [("2", "swagger"), ("3", "openapi"), ("3.1", "openapi")])
def test_swagger_comes_in_the_version_that_is_asked_for(echo: Front, version: str, key: str) -> None:
    document = echo.request("GET", f"/swagger.json?version={version}").json
    assert document[key].startswith(version)


def test_an_unknown_swagger_version_lists_the_known(echo: Front) -> None:
    message = echo.request("GET", "/swagger.json?version=9").json["message"]
    assert "'9'" in message and "3.1" in message


def test_get_hands_the_query_to_run(echo: Front) -> None:
    assert echo.request("GET", "/score?echo=%22a%20b%22").json["echo"] == "a b"


def test_the_address_may_hold_scheme_and_host(echo: Front) -> None:
    got = echo.raw(b"GET http://else.where/ HTTP/1.1\r\nHost: else.where\r\nConnection: close\r\n\r\n")
    assert got.endswith(b"Healthy")


def test_a_body_reaches_run_as_it_is_whatever_its_type(echo: Front) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert echo.request("POST", "/score", b'{"echo": "\xc3\xa9"}', form).json["echo"] == "é"


def test_a_run_that_raises_is_a_500_that_keeps_the_reason_to_the_log(echo: Front) -> None:
    answer = echo.score({"raise": "the secret of the model"}, **{"x-request-id": "raising"})
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert answer.headers["x-ms-run-function-failed"] == "True"
    assert "x-ms-run-fn-exec-ms" not in answer.headers
    line = echo.logged("the secret of the model")
    assert (line["l"], line["r"]) == ("E", "raising")


def test_bytes_that_are_no_text_are_a_400(echo: Front) -> None:
    answer = echo.request("POST", "/score", b"\xff\xfe")
    assert answer.status == 400
    assert answer.json["message"].startswith("Input cannot be decoded as UTF-8")
