"""HTTP/1.1 itself: framing, limits, order, and clients that are slow, rude or gone."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .fronts import ECHO, Front, drain, eventually

NewFront = Callable[..., Front]
HOST = b"Host: x\r\n"
LAST = b"Connection: close\r\n"


def post(body: bytes, *lines: bytes) -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST /score HTTP/1.1\r\n" + HOST + length + b"".join(lines) + b"\r\n" + body


def chunked(*pieces: bytes) -> bytes:
    head = b"POST /score HTTP/1.1\r\n" + HOST + LAST + b"Transfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def status(got: bytes) -> int:
    return int(got.split(b" ", 2)[1])


def body(got: bytes) -> bytes:
    return got.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("parts", [1, 2, 7, 60])
def test_a_request_may_arrive_in_pieces(echo: Front, parts: int) -> None:
    got = echo.raw(post(b'{"echo": "whole"}', LAST), parts, pause=0.002)
    assert json.loads(body(got))["echo"] == "whole"


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 3 << 20])
def test_bodies_of_every_size_reach_run_whole(echo: Front, size: int) -> None:
    text = json.dumps({"echo": None, "fill": "x" * size})
    answer = echo.request("POST", "/score", text)
    assert answer.json["length"] == len(text)


@pytest.mark.parametrize("size", [0, 65_536, 3 << 20])
def test_answers_of_every_size_come_back_whole(echo: Front, size: int) -> None:
    assert echo.score({"size": size}).json == "x" * size


def test_an_empty_body_is_an_empty_text(echo: Front) -> None:
    assert echo.request("POST", "/score", b"").json["length"] == 0


@pytest.mark.parametrize(
    "pieces", [[b'{"echo": 1}'], [b'{"ec', b'ho":', b" 1}"], [b'{"echo": 1}'[i : i + 1] for i in range(11)]]
)
def test_chunked_bodies_are_joined(echo: Front, pieces: list[bytes]) -> None:
    assert json.loads(body(echo.raw(chunked(*pieces))))["echo"] == 1


def test_pipelined_requests_are_answered_in_order(echo: Front) -> None:
    sent = b"".join(post(json.dumps({"echo": n, "sleep": 0.02 if n == 0 else 0}).encode()) for n in range(60))
    got = echo.raw(sent + b"GET / HTTP/1.1\r\n" + HOST + LAST + b"\r\n")
    marks = [int(part.split(b",")[0]) for part in got.split(b'"echo": ')[1:]]
    assert marks == list(range(60))
    assert got.endswith(b"Healthy")


def test_what_lies_before_a_head_in_its_chunk_does_not_count_as_head(strict: Front) -> None:
    many = b"GET / HTTP/1.1\r\n\r\n" * 600
    with socket.create_connection(("127.0.0.1", strict.port), timeout=1) as link:
        link.sendall(many + b"GET / HTTP/1.1\r\n")
        time.sleep(0.1)
        link.sendall(b"Connection: close\r\n\r\n")
        got = drain(link)
    assert got.count(b"HTTP/1.1 200") == 601


def test_thousands_of_pipelined_requests_neither_overflow_nor_starve_others(echo: Front) -> None:
    one = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
    got = echo.raw(one * 3000 + b"GET / HTTP/1.1\r\n" + HOST + LAST + b"\r\n")
    assert got.count(b"HTTP/1.1 200") == 3001


MALFORMED = {
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a proxy's method": b"CONNECT x:1 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a version that does not exist": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "a space in a header name": b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n",
    "a length that is no number": b"POST /score HTTP/1.1\r\n" + HOST + b"Content-Length: ten\r\n\r\n",
    "a negative length": b"POST /score HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    "two lengths": b"POST /score HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST /score HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk size that is no number": b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
    "an enormous length": b"POST /score HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "a bare line feed in a value": b"GET / HTTP/1.1\r\nA: b\nc\x00\r\n\r\n",
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_http_gets_a_400_and_the_connection_ends(echo: Front, sent: bytes) -> None:
    got = echo.raw(sent)
    assert status(got) == 400
    assert "not valid HTTP" in json.loads(body(got))["message"]
    assert b"connection: close" in got
    assert echo.request("GET", "/").status == 200


def test_a_version_that_is_no_longer_spoken_is_a_505(echo: Front) -> None:
    assert status(echo.raw(b"GET /\r\n\r\n")) == 505


def test_what_follows_a_good_request_is_refused_after_its_answer(echo: Front) -> None:
    got = echo.raw(post(b'{"echo": "first", "sleep": 0.05}') + b"garbage\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 400" in got


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bytes_bring_the_front_down(echo: Front, data: st.DataObject) -> None:
    pieces = [b"GET", b"POST", b" ", b"/", b"/score", b"HTTP/1.1", b"\r\n", b"\n", b":", b"Content-Length", b"5", b"0"]
    pieces += [
        b"Transfer-Encoding",
        b"chunked",
        b"Expect",
        b"100-continue",
        b"Upgrade",
        b"Connection",
        b"\x00",
        b"\xff",
    ]
    sent = b"".join(data.draw(st.lists(st.one_of(st.sampled_from(pieces), st.binary(max_size=8)), max_size=25)))
    with socket.create_connection(("127.0.0.1", echo.port), timeout=0.2) as link:
        link.sendall(sent)
        link.shutdown(socket.SHUT_WR)
        got = drain(link)
    assert not got or got.startswith(b"HTTP/1.1 ")
    assert b"HTTP/1.1 5" not in got or b"/score" in sent


def test_fuzzing_left_the_front_as_it_was(echo: Front) -> None:
    assert echo.score({"echo": "still here"}).json["echo"] == "still here"
    assert not [line for line in echo.log() if "Traceback" in line["x"] and "front" in line["x"]]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder: Path = tmp_path_factory.mktemp("strict")
    limits = {"body_limit": 1000, "header_limit": 4000, "read_seconds": 1, "keep_alive_seconds": 1, "write_seconds": 1}
    front = Front(folder, settings=limits).script(ECHO).serve()
    yield front
    assert front.stop() == 0


def test_a_body_of_the_limit_passes_and_one_byte_more_does_not(strict: Front) -> None:
    exact = json.dumps({"echo": "x" * 988})
    assert len(exact) == 1000
    assert strict.request("POST", "/score", exact).status == 200
    answer = strict.request("POST", "/score", exact + " ")
    assert answer.status == 413
    assert "1000 bytes" in answer.json["message"]


def test_a_chunked_body_over_the_limit_is_stopped(strict: Front) -> None:
    got = strict.raw(chunked(*[b"x" * 500] * 3))
    assert status(got) == 413


def test_a_body_far_over_the_limit_is_not_read_to_its_end(strict: Front) -> None:
    got = strict.raw(post(b"x" * 40_000_000))
    assert status(got) == 413
    assert b"connection: close" in got


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nA: " + b"x" * 4000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"x" * 50_000,
        b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: x\r\n" % n for n in range(101)) + b"\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"Header-%d: x\r\n" % n for n in range(100_000)),
    ],
    ids=["one large line", "a line without end", "too many lines", "a flood"],
)
def test_a_head_that_is_too_large_is_a_431(strict: Front, head: bytes) -> None:
    assert status(strict.raw(head)) == 431


def test_an_address_that_is_too_long_is_a_414(echo: Front) -> None:
    assert status(echo.raw(b"GET /score?a=" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n")) == 414


def test_expect_is_answered_before_the_body_is_sent(echo: Front) -> None:
    text = b'{"echo": "asked"}'
    with socket.create_connection(("127.0.0.1", echo.port), timeout=1) as link:
        link.sendall(post(text, b"Expect: 100-continue\r\n", LAST)[: -len(text)])
        assert link.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(text)
        assert json.loads(body(drain(link)))["echo"] == "asked"


def test_expect_of_a_body_that_is_too_large_is_refused_at_once(strict: Front) -> None:
    got = strict.raw(b"POST /score HTTP/1.1\r\n" + HOST + b"Content-Length: 9999\r\nExpect: 100-continue\r\n\r\n")
    assert status(got) == 413


def test_any_other_expectation_is_a_417(echo: Front) -> None:
    assert status(echo.raw(b"POST /score HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nExpect: tea\r\n\r\n")) == 417


@pytest.mark.parametrize(
    ("version", "line", "kept"), [(b"1.0", b"", False), (b"1.0", b"Connection: keep-alive\r\n", True)]
)
def test_http_1_0_is_kept_alive_only_when_it_asks(echo: Front, version: bytes, line: bytes, kept: bool) -> None:
    got = echo.raw(b"GET / HTTP/" + version + b"\r\n" + line + b"\r\n")
    assert (b"connection: keep-alive" in got) == kept
    assert (b"connection: close" in got) != kept


def test_an_upgrade_is_answered_as_an_ordinary_request(echo: Front) -> None:
    got = echo.raw(post(b'{"echo": 1}', b"Connection: Upgrade\r\n", b"Upgrade: h2c\r\n"))
    assert status(got) == 200
    assert json.loads(body(got))["echo"] == 1


def test_a_head_that_drips_is_cut_off_with_a_408(strict: Front) -> None:
    with socket.create_connection(("127.0.0.1", strict.port), timeout=10) as link:
        for letter in b"GET / HTTP/1.1\r\nHost: abcdefghijklmnopqrstuvwxyz"[:45]:
            link.sendall(bytes([letter]))
            time.sleep(0.1)
            link.settimeout(0.001)
            try:
                got = link.recv(1000)
                break
            except TimeoutError:
                link.settimeout(10)
    assert status(got) == 408


def test_a_body_that_never_comes_is_cut_off_with_a_408(strict: Front) -> None:
    with socket.create_connection(("127.0.0.1", strict.port), timeout=10) as link:
        link.sendall(b"POST /score HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\nabc")
        assert status(drain(link)) == 408


def test_an_idle_connection_is_closed(strict: Front) -> None:
    with socket.create_connection(("127.0.0.1", strict.port), timeout=10) as link:
        assert link.recv(1) == b""


def test_a_client_that_reads_slowly_gets_all_of_it(echo: Front) -> None:
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        link.settimeout(10)
        link.connect(("127.0.0.1", echo.port))
        link.sendall(post(json.dumps({"size": 3 << 20}).encode(), LAST))
        total = 0
        while piece := link.recv(200_000):
            total += piece.count(b"x")
            time.sleep(0.005)
    assert total >= 3 << 20


def test_a_client_that_does_not_read_at_all_is_dropped_and_hurts_nobody(strict: Front) -> None:
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.connect(("127.0.0.1", strict.port))
        link.sendall(post(json.dumps({"size": 30 << 20}).encode()))
        eventually(lambda: strict.control("stats")["connections"] >= 1)
        assert strict.score({"echo": 1}).status == 200
        eventually(lambda: strict.control("stats")["connections"] == 0)


def test_work_for_a_client_that_hung_up_is_dropped_when_not_begun(new_front: NewFront) -> None:
    front = new_front().serve()
    busy = socket.create_connection(("127.0.0.1", front.port), timeout=5)
    busy.sendall(post(b'{"sleep": 0.5}', LAST))
    eventually(lambda: front.control("stats")["running"] == 1)
    gone = [socket.create_connection(("127.0.0.1", front.port)) for _ in range(5)]
    for link in gone:
        link.sendall(post(b'{"sleep": 5}'))
    eventually(lambda: front.control("stats")["queued"] == 5)
    for link in gone:
        link.close()
    began = time.monotonic()
    assert front.score({"echo": "next"}).json["echo"] == "next"
    assert time.monotonic() - began < 3
    assert front.control("stats")["dropped"] == 5
    assert drain(busy)
    busy.close()


def test_two_hundred_clients_that_hang_up_leave_nothing_behind(echo: Front) -> None:
    for number in range(200):
        with socket.create_connection(("127.0.0.1", echo.port)) as link:
            link.sendall(post(b'{"size": 100000}')[: None if number % 3 else 40])
    assert echo.score({"echo": 1}).status == 200
    eventually(lambda: echo.control("stats")["connections"] <= 1)
    assert echo.control("stats")["running"] == 0


def test_more_than_the_queue_takes_is_a_503_at_once_and_the_served_are_unharmed(new_front: NewFront) -> None:
    front = new_front(settings={"queue_limit": 2}).serve()
    links = [socket.create_connection(("127.0.0.1", front.port), timeout=1.5) for _ in range(6)]
    for link in links:
        link.sendall(post(b'{"sleep": 0.1, "echo": 1}', LAST))
        time.sleep(0.01)
    got = [drain(link) for link in links]
    assert sorted(map(status, got)) == [200, 200, 200, 503, 503, 503]
    assert all(b"retry-after: 1" in answer for answer in got if status(answer) == 503)
    for link in links:
        link.close()


def test_five_hundred_idle_connections_do_not_disturb(echo: Front) -> None:
    links = [socket.create_connection(("127.0.0.1", echo.port)) for _ in range(500)]
    assert echo.score({"echo": 1}).status == 200
    for link in links:
        link.close()
