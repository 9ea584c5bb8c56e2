"""Scripts that make the response themselves: status, headers, and bodies that come in pieces."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from .fronts import Front, drain, eventually

SCRIPT = """
import json, os, time
from azureml_inference_server_http.api.aml_request import rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse
from flask import Response

def init():
    pass

def pieces(asked):
    for number in range(asked["pieces"]):
        time.sleep(asked.get("pause", 0))
        if number == asked.get("raise at"):
            raise ValueError("half-way")
        if number == asked.get("exit at"):
            os._exit(1)
        yield "x" * asked.get("size", 1)

@rawhttp
def run(request):
    asked = request.args.get("asked")
    if asked is None:
        return AMLResponse(request.get_data(), 200)
    asked = json.loads(asked)
    if "pieces" in asked:
        return Response(pieces(asked), mimetype="text/plain")
    response = Response("made by " + request.method, asked.get("status", 200))
    for name, value in asked.get("headers", {}).items():
        response.headers[name] = value
    return response
"""


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder: Path = tmp_path_factory.mktemp("raw")
    front = Front(folder, settings={"write_seconds": 2}).script(SCRIPT).serve()
    yield front
    assert front.stop() == 0


def path(**asked: object) -> str:
    from urllib.parse import quote

    return f"/score?asked={quote(json.dumps(asked))}"


def get(**asked: object) -> bytes:
    return f"GET {path(**asked)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


def test_bytes_go_in_and_out_as_they_are(raw: Front) -> None:
    assert raw.request("POST", "/score", bytes(range(256))).body == bytes(range(256))


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_raw_script_gets_every_method_and_sets_the_status(raw: Front, method: str) -> None:
    answer = raw.request(method, path(status=202))
    assert (answer.status, answer.body) == (202, f"made by {method}".encode())
    assert "x-ms-run-fn-exec-ms" in answer.headers


def test_headers_of_the_script_go_out_but_not_those_that_are_the_servers(raw: Front) -> None:
    mine = {"x-mine": "yes", "x-request-id": "forged", "Content-Length": "3", "Connection": "upgrade"}
    answer = raw.request("GET", path(headers=mine), headers={"x-request-id": "real"})
    assert answer.headers["x-mine"] == "yes"
    assert answer.headers["x-request-id"] == "real"
    assert answer.headers["content-length"] == str(len(b"made by GET"))
    assert answer.body == b"made by GET"


def test_the_run_header_is_absent_on_a_plain_response_and_true_from_500_on(raw: Front) -> None:
    assert "x-ms-run-function-failed" not in raw.request("GET", path(status=404)).headers
    assert raw.request("GET", path(status=503)).headers["x-ms-run-function-failed"] == "True"


def test_204_has_no_length(raw: Front) -> None:
    assert "content-length" not in raw.request("GET", path(status=204)).headers


def test_a_generator_streams_a_chunk_a_yield_while_it_runs(raw: Front) -> None:
    with socket.create_connection(("127.0.0.1", raw.port), timeout=5) as link:
        link.sendall(get(pieces=3, pause=0.2))
        arrived = []
        while link.recv(65536):
            arrived.append(time.monotonic())
    assert arrived[-1] - arrived[0] > 0.15
    got = raw.raw(get(pieces=3))
    assert b"transfer-encoding: chunked\r\n" in got
    assert got.endswith(b"1\r\nx\r\n1\r\nx\r\n1\r\nx\r\n0\r\n\r\n")


def test_a_stream_keeps_the_connection_usable(raw: Front) -> None:
    connection = raw.connect()
    for _ in range(3):
        connection.request("GET", path(pieces=5))
        assert connection.getresponse().read() == b"xxxxx"
    connection.close()


def test_http_1_0_gets_a_stream_without_chunks(raw: Front) -> None:
    got = raw.raw(f"GET {path(pieces=3)} HTTP/1.0\r\n\r\n".encode())
    assert got.endswith(b"\r\n\r\nxxx")
    assert b"chunked" not in got


@pytest.mark.parametrize("how", ["raise at", "exit at"])
def test_a_stream_that_breaks_is_seen_to_be_broken(raw: Front, how: str) -> None:
    got = raw.raw(get(pieces=5, pause=0.02, **{how: 3}))
    assert got.startswith(b"HTTP/1.1 200")
    assert not got.endswith(b"0\r\n\r\n")
    assert raw.request("POST", "/score", b"next").body == b"next"


def test_a_slow_reader_of_a_large_stream_does_not_fill_the_front(raw: Front) -> None:
    front = psutil.Process(raw.pid)
    before = front.memory_info().rss
    with socket.create_connection(("127.0.0.1", raw.port), timeout=10) as link:
        link.sendall(get(pieces=2000, size=100_000))
        total = 0
        for _ in range(40):
            total += len(link.recv(8192))
            time.sleep(0.01)
        assert front.memory_info().rss - before < 20 << 20
        total += len(drain(link))
    assert total > 200_000_000


def test_a_client_that_leaves_a_stream_leaves_the_worker_to_others(raw: Front) -> None:
    with socket.create_connection(("127.0.0.1", raw.port)) as link:
        link.sendall(get(pieces=50, size=200_000))
        link.recv(1000)
    assert raw.request("POST", "/score", b"next").body == b"next"


def test_a_reader_that_stops_reading_gives_the_worker_back(raw: Front) -> None:
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        link.connect(("127.0.0.1", raw.port))
        link.sendall(get(pieces=500, size=100_000))
        assert raw.request("POST", "/score", b"next").body == b"next"


def test_a_worker_that_is_killed_while_its_reader_is_slow_is_replaced(raw: Front) -> None:
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        link.settimeout(5)
        link.connect(("127.0.0.1", raw.port))
        link.sendall(get(pieces=500, size=100_000))
        link.recv(1000)
        time.sleep(0.2)
        os.kill(raw.pids()[0], signal.SIGKILL)
        eventually(lambda: raw.control("status")["ready"] == 1 and raw.request("GET", "/").status == 200)
        assert not drain(link).endswith(b"0\r\n\r\n")
    assert raw.request("POST", "/score", b"next").body == b"next"


def test_head_of_a_stream_leaves_the_connection_in_order(raw: Front) -> None:
    connection = raw.connect()
    for method, body in (("HEAD", b""), ("GET", b"xxx"), ("HEAD", b""), ("GET", b"xxx")):
        connection.request(method, path(pieces=3))
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, body)
    connection.close()
