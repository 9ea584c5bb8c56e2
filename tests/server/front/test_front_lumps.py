"""Answers of short runs travel together; none is lost or late when the next run hangs or ends the worker."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .fronts import Front, eventually

NewFront = Callable[..., Front]
COUNTING = """
import ctypes, json, os, time
def init():
    pass
def run(raw_data):
    asked = json.loads(raw_data)
    with open("ran", "a") as file:
        file.write("%s\\n" % asked)
    if asked == "sleep":
        time.sleep(3)
    if asked == "native":
        ctypes.PyDLL(None).sleep(3)
    if asked == "exit":
        os._exit(7)
    return asked
"""
AROUND = 12  # requests before the odd one, and as many after it


def in_one_frame(front: Front, bodies: list[str]) -> list[socket.socket]:
    """Connections on which these were asked while the front stood still, so that it finds all at once."""
    links = [socket.create_connection(("127.0.0.1", front.port), timeout=20) for _ in bodies]
    for _ in range(60):  # so that runs are known to be short
        assert front.score("warm").status == 200
    os.kill(front.pid, signal.SIGSTOP)
    for link, body in zip(links, bodies, strict=True):
        head = f"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        link.sendall(head.encode() + body.encode())
    os.kill(front.pid, signal.SIGCONT)
    return links


def answered(link: socket.socket) -> bytes:
    return link.recv(65536)


def ran(front: Front) -> list[str]:
    file = next(Path(front.folder).rglob("ran"))
    return [line for line in file.read_text().split() if line != "warm"]


@pytest.mark.parametrize("odd", ["sleep", "native"])
def test_answers_before_a_run_that_takes_long_do_not_wait_for_it(new_front: NewFront, odd: str) -> None:
    front = new_front().script(COUNTING).serve()
    numbers = [str(n) for n in range(2 * AROUND)]
    links = in_one_frame(front, [*numbers[:AROUND], f'"{odd}"', *numbers[AROUND:]])
    began = time.monotonic()
    for number, link in zip(numbers[:AROUND], links[:AROUND], strict=True):
        assert answered(link).endswith(f"\r\n\r\n{number}".encode())
    assert time.monotonic() - began < 2
    for number, link in zip(numbers[AROUND:], links[AROUND + 1 :], strict=True):
        assert answered(link).endswith(f"\r\n\r\n{number}".encode())
    assert answered(links[AROUND]).endswith(f'"{odd}"'.encode())
    assert sorted(ran(front)) == sorted([*numbers, odd])


def test_answers_before_a_run_that_ends_the_worker_are_given_and_nothing_runs_twice(new_front: NewFront) -> None:
    front = new_front().script(COUNTING).serve()
    numbers = [str(n) for n in range(2 * AROUND)]
    links = in_one_frame(front, [*numbers[:AROUND], '"exit"', *numbers[AROUND:]])
    assert b" 500 " in answered(links[AROUND])
    for number, link in zip(numbers, links[:AROUND] + links[AROUND + 1 :], strict=True):
        assert answered(link).endswith(f"\r\n\r\n{number}".encode())
    assert sorted(ran(front)) == sorted([*numbers, "exit"])


def test_a_deadline_ends_the_long_run_only(new_front: NewFront) -> None:
    front = new_front(settings={"scoring_timeout_ms": 500}).script(COUNTING).serve()
    numbers = [str(n) for n in range(2 * AROUND)]
    links = in_one_frame(front, [*numbers[:AROUND], '"native"', *numbers[AROUND:]])
    assert b"Scoring timeout" in answered(links[AROUND])
    for number, link in zip(numbers, links[:AROUND] + links[AROUND + 1 :], strict=True):
        assert answered(link).endswith(f"\r\n\r\n{number}".encode())
    assert sorted(ran(front)) == sorted([*numbers, "native"])


def test_answers_of_any_size_come_whole_and_in_place(new_front: NewFront) -> None:
    """Some are larger than what can be held, and make it full at different points."""
    script = "import json\ndef init(): pass\ndef run(raw_data):\n    return 'x' * int(json.loads(raw_data))\n"
    front = new_front().script(script).serve()
    sizes = [10, 9000, 50, 30000, 7, 16000, 100, 400, 3000, 3000, 9000, 1]
    wrong: list[object] = []

    def ask(turn: int) -> None:
        for size in sizes[turn:] + sizes[:turn]:
            answer = front.score(size)
            if answer.status != 200 or answer.json != "x" * size:
                wrong.append((size, answer.status))

    threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(len(sizes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    eventually(lambda: front.control("stats"))
