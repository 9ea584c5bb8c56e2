"""Heads that are known: found by their bytes, and for no longer than what they were judged by holds."""

from __future__ import annotations

import json
import re
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .fronts import KEYS, Front, eventually

NewFront = Callable[..., Front]
ANSWER = re.compile(rb"HTTP/1\.1 (\d+) [^\r]*\r\n(.*?)\r\n\r\n", re.DOTALL)


class Client:
    """One connection that sends what it is told and reads whole answers."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self._rest = b""

    def request(self, mark: str, key: str = KEYS[0], extra: str = "") -> bytes:
        body = json.dumps({"echo": mark})
        return (
            f"POST /score HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {key}\r\n{extra}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def answer(self) -> tuple[int, bytes, bytes]:
        """Status, head and body of the next answer."""
        while True:
            if found := ANSWER.match(self._rest):
                length = int(re.search(rb"content-length: (\d+)", found[2])[1])
                if len(self._rest) >= found.end() + length:
                    body = self._rest[found.end() : found.end() + length]
                    self._rest = self._rest[found.end() + length :]
                    return int(found[1]), found[2], body
            piece = self.link.recv(65_536)
            assert piece, f"the connection ended after {self._rest!r}"
            self._rest += piece

    def score(self, mark: str, **how: str) -> int:
        """Ask in one piece; the status, when the answer is this request's own."""
        self.link.sendall(self.request(mark, **how))
        status, _, body = self.answer()
        assert status != 200 or json.loads(body)["echo"] == mark
        return status


@contextmanager
def client(front: Front) -> Iterator[Client]:
    with socket.create_connection(("127.0.0.1", front.port), timeout=20) as link:
        yield Client(link)


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("heads")
    (folder / "secrets.json").write_text(json.dumps({"keys": KEYS}))
    (folder / "secrets.json").chmod(0o600)
    script = "import json\ndef init(): pass\ndef run(raw_data): return json.loads(raw_data)\n"
    front = Front(folder, auth="key", secrets=str(folder / "secrets.json")).script(script).serve()
    yield front
    assert front.stop() == 0


MARKS = st.lists(st.tuples(st.text(max_size=8), st.integers(0, 2)), min_size=1, max_size=12)


@given(marks=MARKS, cuts=st.lists(st.integers(1, 400), max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_requests_cut_anywhere_get_their_own_answers(
    locked: Front, marks: list[tuple[str, int]], cuts: list[int]
) -> None:
    with client(locked) as asking:
        extras = ("", "X-Request-Id: mine\r\n", "Connection: keep-alive\r\n")
        sent = b"".join(asking.request(mark, extra=extras[kind]) for mark, kind in marks)
        at = 0
        for cut in (*cuts, len(sent)):
            asking.link.sendall(sent[at : at + cut])
            at += cut
        for mark, kind in marks:
            status, head, body = asking.answer()
            assert (status, json.loads(body)["echo"]) == (200, mark)
            assert (b"x-request-id: mine" in head) == (kind == 1)


def test_one_piece_a_request_is_answered_by_its_body_and_not_by_the_one_before(locked: Front) -> None:
    with client(locked) as asking:
        assert [asking.score(mark) for mark in ("aa", "bb", "cc", "longer than those", "dd")] == [200] * 5


def test_a_head_that_was_good_is_not_good_with_another_body_length(locked: Front) -> None:
    with client(locked) as asking:
        assert asking.score("aa") == asking.score("aa") == 200
        asking.link.sendall(asking.request("aa")[:-3])  # the head is known, its body is not whole
        asking.link.sendall(asking.request("aa")[-3:] + asking.request("bb"))
        assert [json.loads(asking.answer()[2])["echo"] for _ in range(2)] == ["aa", "bb"]


def test_a_wrong_key_is_refused_every_time_and_never_known(locked: Front) -> None:
    with client(locked) as asking:
        assert [asking.score("aa", key=key) for key in (KEYS[0], "wrong", KEYS[0], "wrong", KEYS[1])] == [
            200,
            401,
            200,
            401,
            200,
        ]


def test_more_heads_than_are_kept_are_all_answered(locked: Front) -> None:
    with client(locked) as asking:
        for _ in range(2):
            for number in range(700):
                asking.link.sendall(asking.request("aa", extra=f"X-Number: {number}\r\n"))
                assert asking.answer()[0] == 200


def test_a_key_that_is_replaced_is_refused_from_the_next_request_on(new_front: NewFront) -> None:
    front = new_front(auth="key").serve()
    with client(front) as asking:
        assert [asking.score("aa") for _ in range(3)] == [200] * 3
        assert front.control("keys", keys=["brand-new", KEYS[1]])["ok"]
        assert [asking.score("aa"), asking.score("aa", key="brand-new"), asking.score("aa")] == [401, 200, 401]


def test_auth_that_is_switched_on_and_limits_that_shrink_hold_for_known_heads(new_front: NewFront) -> None:
    front = new_front(auth="key").serve()
    with client(front) as asking:
        app = front.application()
        assert front.control("reload", app=app, auth="none")["ok"]
        assert asking.score("aa", key="any") == asking.score("aa", key="any") == 200
        assert front.control("reload", app=app, auth="key")["ok"]
        assert [asking.score("aa", key="any"), asking.score("aa")] == [401, 200]
        assert front.control("reload", app=app, settings={"body_limit": 5})["ok"]
        assert asking.score("aa") == 413


def test_ids_are_uuids_and_none_comes_twice(locked: Front) -> None:
    with client(locked) as asking:
        seen = set()
        for _ in range(300):
            asking.link.sendall(asking.request("aa"))
            given_id = re.search(rb"x-request-id: (\S+)", asking.answer()[1])[1].decode()
            assert uuid.UUID(given_id).version == 4 and str(uuid.UUID(given_id)) == given_id
            seen.add(given_id)
    assert len(seen) == 300


def test_known_heads_are_counted_and_logged_like_others(new_front: NewFront) -> None:
    front = new_front(auth="key").serve()
    with client(front) as asking:
        for _ in range(5):
            assert asking.score("aa") == 200
    eventually(lambda: sum("POST /score 200" in line["x"] for line in front.log()) == 5)
    assert front.control("stats")["requests"] == 5
