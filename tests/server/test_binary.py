"""Bodies that are no text: npy, Arrow and octets reach a `@rawhttp` script as bytes, and come back as bytes; over HTTP,
with Flask in the environment and without."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import socket
from collections.abc import Iterator

import numpy
import pyarrow
import pytest

from .test_standalone import alone, served
from .worker_driver import until, write

SCRIPT = """
import io, json, sys, tracemalloc
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse
OCTETS = {"Content-Type": "application/octet-stream"}

def init():
    pass

def chunks(body):
    for start in range(0, len(body), 1 << 20):
        yield body[start : start + (1 << 20)]

@rawhttp
def run(request):
    do = request.args.get("do")
    if do == "trace":
        tracemalloc.start() if request.args.get("on") else tracemalloc.stop()
        return {}
    if do == "size":
        body = request.get_data()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        same = request.get_data() is body
        return [held / len(body), same, type(body).__name__, type(request).__module__.partition(".")[0]]
    if do == "npy":
        import numpy
        out = io.BytesIO()
        numpy.save(out, numpy.load(io.BytesIO(request.get_data())) * 2)
        return AMLResponse(out.getvalue(), 200, OCTETS)
    if do == "arrow":
        import pyarrow
        with pyarrow.ipc.open_stream(request.get_data()) as reader:
            table = reader.read_all()
        sink = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.slice(1))
        return AMLResponse(sink.getvalue().to_pybytes(), 200, {"Content-Type": "application/vnd.apache.arrow.stream"})
    if do == "stream":
        return AMLResponse(chunks(request.get_data()), 200, OCTETS)
    return AMLResponse(request.get_data(), 200, OCTETS)
"""
NO_FLASK = "raise ImportError('not installed here')\n"
LARGE = os.urandom(1 << 20) + bytes(range(256)) * 8192  # 3 MB, and no UTF-8


class Client:
    """Asks one server, by bytes, with its answers as they come."""

    def __init__(self, port: int) -> None:
        self.port = port

    def post(self, do: str, body: bytes, kind: str = "application/octet-stream") -> tuple[bytes, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("POST", f"/score?do={do}", body, {"Content-Type": kind})
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, content
            return content, answer.headers["Content-Type"]


@pytest.fixture(scope="module", params=["flask", "ours"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    app = write(tmp_path_factory.mktemp(request.param), SCRIPT)
    if request.param == "ours":
        write(app, NO_FLASK, "flask.py")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with served(alone("--port", str(port)), app, port, AZUREML_MODEL_DIR="m") as server:
        assert until(server.healthy, 20)
        yield Client(port)


@pytest.mark.parametrize("body", [LARGE, b"\xff", b"\x00", b"\xff\xfe\x00\x00", bytes(range(256))], ids=len)
def test_octets_come_and_go_exactly(client: Client, body: bytes) -> None:
    assert client.post("echo", body) == (body, "application/octet-stream")
    assert client.post("stream", body) == (body, "application/octet-stream")


def test_an_array_comes_and_goes_as_npy(client: Client) -> None:
    array = numpy.random.default_rng(3).normal(size=(500, 100))
    sent = io.BytesIO()
    numpy.save(sent, array)
    answer, _ = client.post("npy", sent.getvalue())
    assert (numpy.load(io.BytesIO(answer)) == array * 2).all()


def test_a_table_comes_and_goes_as_arrow(client: Client) -> None:
    table = pyarrow.table({"n": [1, 2, 3], "text": ["a", "ü", None], "x": [[1.5], [], None]})
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    kind = "application/vnd.apache.arrow.stream"
    answer, answered = client.post("arrow", sink.getvalue().to_pybytes(), kind)
    assert answered == kind
    with pyarrow.ipc.open_stream(answer) as reader:
        assert reader.read_all().equals(table.slice(1))


def test_on_its_way_to_the_script_a_body_is_never_text_and_seldom_copied(
    client: Client, request: pytest.FixtureRequest
) -> None:
    """Held while `run` works: the frame, the body cut out of it, and the last megabyte read; no further copy."""
    client.post("trace&on=1", b"")
    held, same, kind, module = json.loads(client.post("size", LARGE)[0])
    client.post("trace", b"")
    assert held < 2 + 1 / 3 + 0.1
    assert (same, kind) == (True, "bytes")
    assert module == {"flask": "flask", "ours": "mldeploy_server"}[request.node.callspec.params["client"]]
