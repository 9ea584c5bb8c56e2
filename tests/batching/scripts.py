"""Entry scripts that are joined, or must not be, and clients that check every answer."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..server.front.fronts import Answer, Front, ask, eventually

NewFront = Callable[..., Front]
# A row is a number, answered by its double; or a text that asks for trouble.
DOUBLE = """
import json, os, sys, time
MOST = [0]
def init():
    pass
def run(raw_data):
    rows = json.loads(raw_data)["data"]
    MOST[0] = max(MOST[0], len(rows))
    time.sleep(COST)
    for row in rows:
        if row == "raise":
            raise ValueError("no such row")
        if row == "exit":
            os._exit(9)
        if row == "leave":
            sys.exit(2)
        if row == "slow":
            time.sleep(0.05)
        if row == "hang":
            time.sleep(60)
        if row == "print":
            print("a row asked for this")
    if "short" in rows:
        return [0] * (len(rows) - 1)
    if "object" in rows:
        return {"rows": len(rows)}
    return [MOST[0] if row == "most" else row if isinstance(row, str) else row * 2 for row in rows]
"""


def double(cost: float = 0.002) -> str:
    """Each run takes `cost` seconds, however many rows it has: joining pays."""
    return DOUBLE.replace("COST", str(cost))


def batching(front: Front, of: str = "") -> dict[str, Any]:
    """What `why` says of it; `of` one of several versions."""
    found = front.control("why")
    return (found["versions"][of] if of else found)["batching"]


@contextmanager
def asking(front: Front, clients: int, rows: Callable[[int, int], list[Any]]) -> Iterator[Counter[Any]]:
    """Clients that ask without a pause for `rows(client, turn)`, which are numbers; counts what they get."""
    seen: Counter[Any] = Counter()
    ending = threading.Event()

    def client(number: int) -> None:
        connection = front.connect()
        turn = 0
        while not ending.is_set():
            sent = rows(number, turn := turn + 1)
            answer = post(connection, sent)
            right = answer.status == 200 and answer.json == [row * 2 for row in sent]
            seen["right" if right else answer.status] += 1
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        ending.set()
        for thread in threads:
            thread.join(30)


def numbers(client: int, turn: int) -> list[Any]:
    """One row, which no other request has."""
    return [client * 1_000_000 + turn]


def learnt(front: Front, clients: int = 16, of: str = "") -> Front:
    """The same front, once it joins."""
    with asking(front, clients, numbers):
        eventually(lambda: batching(front, of)["size"] > 1 and batching(front, of)["runs"] > 20)
    return front


def post(connection: Any, rows: list[Any]) -> Answer:
    return ask(connection, "POST", "/score", json.dumps({"data": rows}), {"content-type": "application/json"})
