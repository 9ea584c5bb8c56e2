"""A stream whose client has left ends at its next chunk, and its worker is free for others."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from ..server.front.fronts import Front, eventually
from .abuse import NewFront

STREAM = """
import json, os, time
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse
def init():
    pass
@rawhttp
def run(request):
    asked = json.loads(request.get_data() or b"{}")
    if "stream" not in asked:
        return AMLResponse(json.dumps({"echo": asked.get("echo")}), 200)
    response = AMLResponse("", 200)
    response.response = chunks(**asked["stream"])
    return response
def chunks(number, size=10, pause=0.0):
    made = 0
    try:
        for _ in range(number):
            made += 1
            time.sleep(pause)
            yield b"x" * size
    finally:
        with open("made", "w") as file:
            file.write(str(made))
"""


def streaming(new_front: NewFront, **changes: object) -> Front:
    return new_front(**changes).script(STREAM).serve()


def ask(front: Front, body: bytes) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", front.port), timeout=10)
    link.sendall(b"POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    return link


def made(front: Front) -> int:
    path = Path(front.app / "made")
    return int(eventually(lambda: path.exists() and path.read_text()))


def test_a_stream_ends_soon_after_its_client_has_left(new_front: NewFront) -> None:
    front = streaming(new_front)
    link = ask(front, b'{"stream": {"number": 1000, "pause": 0.02}}')
    assert b"200 OK" in link.recv(4096)
    link.close()
    began = time.monotonic()
    assert front.score({"echo": 1}).json == {"echo": 1}
    assert time.monotonic() - began < 2
    assert made(front) < 100
    assert front.control("stats")["running"] == 0


def test_a_stream_that_nobody_takes_ends_when_its_client_leaves(new_front: NewFront) -> None:
    front = streaming(new_front)
    link = ask(front, b'{"stream": {"number": 100000, "size": 65536}}')
    assert b"200 OK" in link.recv(4096)
    time.sleep(0.3)  # all buffers are full now
    link.close()
    assert front.score({"echo": 1}).json == {"echo": 1}
    assert made(front) < 10_000


def test_streams_that_are_read_to_their_end_are_whole_while_others_leave(new_front: NewFront) -> None:
    front = streaming(new_front, workers=2)
    for n in range(10):
        left = ask(front, b'{"stream": {"number": 500, "pause": 0.01}}')
        left.recv(1)
        whole = front.score({"stream": {"number": 200, "size": 1000}})
        left.close()
        assert (whole.status, len(whole.body)) == (200, 200_000), n
    eventually(lambda: front.control("stats")["running"] == 0)
    assert front.control("stats")["restarts"] == 0
