"""Clients that are many, slow, rude or gone, beside a load of well-behaved ones: not one of its answers is wrong."""

from __future__ import annotations

import json
import random
import socket
import threading
import time

from ..server.front.fronts import Front, drain, eventually
from .abuse import SCRIPT, NewFront, further, under_load

NOISE = [
    b"GARBAGE\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,  # TLS where there is none
    b"POST /score HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /score HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /score HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"POST /score HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
    b"\r\n" * 5000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


def serving(new_front: NewFront, **settings: int) -> Front:
    return new_front(workers=2, settings=settings).script(SCRIPT).serve()


def link_to(front: Front) -> socket.socket:
    return socket.create_connection(("127.0.0.1", front.port), timeout=10)


def post(body: bytes, more: bytes = b"") -> bytes:
    return b"POST /score HTTP/1.1\r\nHost: a\r\n%bContent-Length: %d\r\n\r\n%b" % (more, len(body), body)


def test_a_thousand_idle_connections_disturb_nobody(new_front: NewFront) -> None:
    front = serving(new_front)
    links = [link_to(front) for _ in range(1000)]
    with under_load(front) as load:
        further(load, 300)
    assert load.slowest < 0.5
    assert front.control("stats")["connections"] >= 1000
    for number, link in enumerate(links[::50]):  # and they are still good
        link.sendall(post(json.dumps({"echo": number}).encode(), b"Connection: close\r\n"))
        assert drain(link).endswith(b'"echo": %d}' % number)
    for link in links:
        link.close()
    eventually(lambda: front.control("stats")["connections"] == 0)


def test_clients_that_send_byte_by_byte_get_their_answers_and_hold_nobody(new_front: NewFront) -> None:
    front = serving(new_front)
    whole = [post(json.dumps({"echo": f"slow {n}"}).encode(), b"Connection: close\r\n") for n in range(30)]
    links = [link_to(front) for _ in whole]
    with under_load(front) as load:
        for place in range(max(map(len, whole))):
            for link, sent in zip(links, whole, strict=True):
                link.sendall(sent[place : place + 1])
            time.sleep(0.005)
    assert load.slowest < 0.5
    for number, link in enumerate(links):
        assert drain(link).endswith(b'"echo": "slow %d"}' % number)
        link.close()


def test_clients_that_take_their_answers_slowly_hold_nobody(new_front: NewFront) -> None:
    front = serving(new_front)
    large = "x" * (2 << 20)
    links = []
    with under_load(front) as load:
        for _ in range(5):
            link = socket.socket()
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            link.settimeout(10)
            link.connect(("127.0.0.1", front.port))
            link.sendall(post(json.dumps({"echo": large}).encode(), b"Connection: close\r\n"))
            links.append(link)
        further(load, 200)
        answers = [drain(link) for link in links]
    assert all(answer.endswith(b"x" * 1000 + b'"}') and len(answer) > len(large) for answer in answers)
    for link in links:
        link.close()


def test_clients_that_hang_up_anywhere_cost_no_other_answer(new_front: NewFront) -> None:
    front = serving(new_front)
    sent = post(b'{"echo": "gone", "sleep": 0.001}')
    with under_load(front):
        for number in range(300):
            with link_to(front) as link:
                link.sendall(sent[: None if number % 2 else random.randrange(len(sent))])
    eventually(lambda: (stats := front.control("stats"))["connections"] + stats["running"] + stats["queued"] == 0)


def test_what_is_no_http_costs_its_own_connection_alone(new_front: NewFront) -> None:
    front = serving(new_front)
    with under_load(front):
        for noise in NOISE * 3:
            got = front.raw(noise)
            assert b" 500 " not in got.split(b"\r\n")[0]
            assert got.startswith((b"HTTP/1.1 4", b"HTTP/1.1 505")) or not got, (noise, got)
    assert "Traceback" not in "".join(line["x"] for line in front.log())


def test_floods_of_headers_are_cut_off(new_front: NewFront) -> None:
    front = serving(new_front)
    with under_load(front):
        many = b"".join(b"X-%d: y\r\n" % n for n in range(20_000))
        for flood in (many, b"X: " + b"y" * 1_000_000, b"X: y\r\n" * 101 + b"\r\n"):
            got = front.raw(b"GET / HTTP/1.1\r\nHost: a\r\n" + flood)
            assert got.startswith(b"HTTP/1.1 431 ") or not got
    assert front.request("GET", "/").status == 200


def test_pipelined_requests_are_answered_in_order_while_a_neighbour_dies(new_front: NewFront) -> None:
    front = serving(new_front)
    contents = [{"echo": n, "harm": "exit" if n == 25 else None} for n in range(50)]
    sent = b"".join(post(json.dumps(content).encode()) for content in contents)
    with under_load(front):
        got = front.raw(sent + b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    bodies = [piece.partition(b"\r\n\r\n")[2] for piece in got.split(b"HTTP/1.1 ")[1:]]
    echoes = [json.loads(body).get("echo") for body in bodies[:-1]]
    assert echoes == [None if n == 25 else n for n in range(50)]
    assert bodies[-1] == b"Healthy"


def test_more_requests_than_the_queue_takes_are_refused_at_once_and_the_served_are_right(new_front: NewFront) -> None:
    front = serving(new_front, queue_limit=10)
    found = crowd(front, [{"echo": n, "sleep": 0.3} for n in range(40)])
    assert sorted({status for status, *_ in found}) == [200, 503]
    served = [content for status, content, _, _ in found if status == 200]
    assert len(served) >= 12
    refused = [(retry, took) for status, _, retry, took in found if status == 503]
    assert all(retry == "1" and took < 0.25 for retry, took in refused)
    assert front.score({"echo": "after"}).status == 200


def test_more_bytes_than_the_queue_takes_are_refused_at_once(new_front: NewFront) -> None:
    front = serving(new_front, queue_bytes=300_000)
    found = crowd(front, [{"echo": n, "sleep": 0.3, "fill": "x" * 100_000} for n in range(12)])
    assert sorted({status for status, *_ in found}) == [200, 503]
    assert all(took < 0.25 for status, _, _, took in found if status == 503)
    assert front.control("stats")["queued_bytes"] == 0


def crowd(front: Front, contents: list[dict[str, object]]) -> list[tuple[int, object, str | None, float]]:
    """Send all at once; status, body, Retry-After and seconds of each. The echo of a served one is its own."""
    found: list[tuple[int, object, str | None, float]] = []

    def one(content: dict[str, object]) -> None:
        began = time.monotonic()
        answer = front.score(content)
        assert answer.status != 200 or answer.json["echo"] == content["echo"]
        found.append((answer.status, answer.json, answer.headers.get("retry-after"), time.monotonic() - began))

    threads = [threading.Thread(target=one, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == len(contents)
    return found
