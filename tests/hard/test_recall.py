"""Requests that wait behind a slow one are done by another worker, each exactly once."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from pathlib import Path

from ..server.front.fronts import Answer, Front, eventually
from .abuse import SCRIPT, NewFront, further, under_load


def learnt(new_front: NewFront, workers: int = 2) -> Front:
    """A front that takes runs for short, so that requests travel together."""
    front = new_front(workers=workers).script(SCRIPT).serve()
    with under_load(front, clients=2) as load:
        further(load, 300)
    assert front.control("stats")["estimate_us"] < 1000
    return front


def flood(front: Front, contents: list[dict[str, object]]) -> dict[int, tuple[Answer, float]]:
    """Send all at the same time, each on its own connection; answers by place, with the time they took."""
    connections = [front.connect() for _ in contents]
    for connection in connections:
        connection.connect()
    found: dict[int, tuple[Answer, float]] = {}

    def read(place: int) -> None:
        answer = Answer(connections[place].getresponse())
        found[place] = answer, time.monotonic() - began

    threads = [threading.Thread(target=read, args=(place,)) for place in range(len(contents))]
    began = time.monotonic()
    for connection, content in zip(connections, contents, strict=True):
        connection.request("POST", "/score", json.dumps(content))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for connection in connections:
        connection.close()
    return found


def test_a_slow_request_among_fast_ones_holds_none_of_them(new_front: NewFront, tmp_path: Path) -> None:
    front, ran = learnt(new_front), tmp_path / "ran"
    contents = [{"echo": f"m{n}", "ran": str(ran), "sleep": 2.0 if n == 20 else 0} for n in range(60)]
    found = flood(front, contents)
    assert [found[n][0].json["echo"] for n in range(60)] == [f"m{n}" for n in range(60)]
    assert max(took for n, (_, took) in found.items() if n != 20) < 1.0
    assert set(Counter(ran.read_text().split()).values()) == {1}
    assert front.score({"echo": 1}).status == 200
    eventually(lambda: front.control("stats")["running"] == 0)


def test_slow_requests_again_and_again_cost_no_answer_and_no_second_run(new_front: NewFront, tmp_path: Path) -> None:
    front, ran = learnt(new_front, workers=3), tmp_path / "ran"
    total = 0
    for turn in range(6):
        contents = [{"echo": f"t{turn}-{n}", "ran": str(ran), "sleep": 0.1 if n % 17 == turn else 0} for n in range(50)]
        found = flood(front, contents)
        assert [found[n][0].json["echo"] for n in range(50)] == [c["echo"] for c in contents]
        total += len(contents)
        with under_load(front, clients=2) as load:
            further(load, 200)  # short again
    runs = Counter(ran.read_text().split())
    assert (len(runs), set(runs.values())) == (total, {1})


def test_what_waits_behind_a_hang_is_answered_while_it_hangs(new_front: NewFront) -> None:
    front = learnt(new_front)
    found = flood(front, [{"echo": n, "sleep": 3.0 if n == 5 else 0} for n in range(40)])
    assert sum(took < 1.0 for _, took in found.values()) == 39


def test_work_behind_a_slow_run_is_dropped_when_its_clients_go(new_front: NewFront, tmp_path: Path) -> None:
    front, ran = learnt(new_front, workers=1), tmp_path / "ran"
    links = [socket.create_connection(("127.0.0.1", front.port)) for _ in range(20)]
    for n, link in enumerate(links):
        body = json.dumps({"echo": f"m{n}", "ran": str(ran), "sleep": 0 if n else 1.0}).encode()
        link.sendall(b"POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    eventually(lambda: (stats := front.control("stats"))["running"] + stats["queued"] == 20)
    for link in links[1:]:
        link.close()
    assert front.score({"echo": "next"}).json["echo"] == "next"
    assert ran.read_text().split() == ["m0"]
    assert front.control("stats")["dropped"] == 19
    links[0].close()
