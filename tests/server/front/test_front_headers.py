"""Wire contract, sections 2 and 8: ids, version, time and CORS headers."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .fronts import ECHO, Front

PATHS = [("GET", "/"), ("POST", "/score"), ("GET", "/swagger.json")]
# sent x-request-id, x-ms-client-request-id, x-ms-request-id → got the same; R stands for the request id
IDS = [
    ((None, None, None), ("R", None, "R")),
    (("a", None, None), ("a", None, "a")),
    (("a", "c", None), ("a", "c", "c")),
    ((None, "c", None), ("R", "c", "c")),
    (("a", None, "l"), ("a", "l", "l")),
    (("a", "c", "l"), ("a", "c", "l")),
    ((None, None, "l"), ("R", "l", "l")),
]
NAMES = ("x-request-id", "x-ms-client-request-id", "x-ms-request-id")


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(("sent", "expected"), IDS)
def test_ids_go_out_by_what_came_in(
    echo: Front, method: str, path: str, sent: tuple[str | None, ...], expected: tuple[str | None, ...]
) -> None:
    headers = {name: value for name, value in zip(NAMES, sent, strict=True) if value}
    got = echo.request(method, path, "{}" if method == "POST" else None, headers).headers
    own = got["x-request-id"]
    assert tuple(got.get(name) for name in NAMES) == tuple(own if e == "R" else e for e in expected)
    if sent[0] is None:
        assert uuid.UUID(own).version == 4


def test_generated_ids_differ(echo: Front) -> None:
    assert len({echo.request("GET", "/").headers["x-request-id"] for _ in range(20)}) == 20


@pytest.mark.parametrize("name", NAMES)
def test_an_id_of_100_characters_passes_and_one_more_is_a_431(echo: Front, name: str) -> None:
    assert echo.score({}, **{name: "i" * 100}).headers[name] == "i" * 100
    answer = echo.score({}, **{name: "i" * 101})
    assert answer.status == 431
    assert name in answer.json["message"]
    assert ("x-request-id" in answer.headers) == (name != "x-request-id")


def test_the_trace_id_comes_back(echo: Front) -> None:
    assert echo.score({}, TraceId="t-1").headers["traceid"] == "t-1"


def test_a_run_that_returned_has_its_time_in_milliseconds(echo: Front) -> None:
    answer = echo.score({"sleep": 0.02})
    assert re.fullmatch(r"\d+\.\d{3}", answer.headers["x-ms-run-fn-exec-ms"])
    assert 20 <= float(answer.headers["x-ms-run-fn-exec-ms"]) < 2000
    assert answer.headers["x-ms-run-function-failed"] == "False"


def test_connections_are_kept(echo: Front) -> None:
    connection = echo.connect()
    for _ in range(3):
        connection.request("GET", "/")
        response = connection.getresponse()
        assert response.read() == b"Healthy"
        assert response.getheader("connection") is None
    connection.close()


def test_every_answer_has_a_date(echo: Front) -> None:
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", echo.request("GET", "/").headers["date"])


def test_the_version_header_can_be_switched_off(echo: Front, new_front: Callable[..., Front]) -> None:
    assert echo.request("GET", "/").headers["x-ms-server-version"].startswith("mldeploy/")
    silent = new_front(settings={"version_header": False}).serve()
    assert "x-ms-server-version" not in silent.request("GET", "/").headers


@pytest.fixture(scope="module")
def cors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder: Path = tmp_path_factory.mktemp("cors")
    front = Front(folder, settings={"cors_origins": "http://a.example, http://b.example"}).script(ECHO).serve()
    yield front
    assert front.stop() == 0


def test_an_allowed_origin_is_echoed(cors: Front) -> None:
    headers = cors.score({}, Origin="http://b.example").headers
    assert (headers["access-control-allow-origin"], headers["vary"]) == ("http://b.example", "Origin")


@pytest.mark.parametrize("sent", [{}, {"Origin": "http://evil.example"}])
def test_no_origin_or_a_foreign_one_gets_an_ordinary_answer(cors: Front, sent: dict[str, str]) -> None:
    answer = cors.score({}, **sent)
    assert answer.status == 200
    assert "access-control-allow-origin" not in answer.headers


def test_a_preflight_says_what_is_allowed(cors: Front) -> None:
    sent = {
        "Origin": "http://a.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-mine",
    }
    answer = cors.request("OPTIONS", "/score", headers=sent)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["access-control-allow-methods"] == "GET, POST"
    assert answer.headers["access-control-allow-headers"] == "x-mine"
