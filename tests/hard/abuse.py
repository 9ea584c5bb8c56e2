"""A script that can be asked to do its worker harm, and clients that check every answer meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..server.front.fronts import Answer, Front, Load, eventually

NewFront = Callable[..., Front]
FIXED = "An unexpected error occurred in scoring script. Check the logs for more info."
SCRIPT = """
import ctypes, json, os, subprocess, sys, threading, time
HOARD = []
def init():
    pass
def spin(asked):
    while True:
        pass
def grow(asked):
    while True:
        HOARD.append(bytearray(1 << 22))
def chatter(asked):
    while True:
        print("again and again " * 8)
def native_chatter(asked):
    while True:
        os.write(1, b"again and again " * 8 + bytes([10]))
def noisy_child(asked):
    with open("noise.py", "w") as file:
        file.write("import os\\nfor _ in range(20000): os.write(1, b'noise ' * 100 + bytes([10]))\\n")
    subprocess.run([sys.executable, "noise.py"], check=True)
    return "ran"
HARM = {
    "exit": lambda asked: os._exit(7),
    "segfault": lambda asked: ctypes.string_at(0),
    "spin": spin,
    "deaf": lambda asked: [ctypes.PyDLL(None).sleep(60), time.sleep(60)],
    "asleep": lambda asked: time.sleep(60),
    "allocate": lambda asked: bytearray(8 << 30)[0],
    "grow": grow,
    "chatter": chatter,
    "native_chatter": native_chatter,
    "noisy_child": noisy_child,
    "close": lambda asked: [sys.stdout.close(), sys.stderr.close(), os.closerange(1, 3)],
    "close_all": lambda asked: os.closerange(0, 256),
    "chdir": lambda asked: os.chdir("/"),
    "raise": lambda asked: 1 / 0,
    "leave": lambda asked: sys.exit(3),
    "recurse": lambda asked: json.dumps(eval("[" * 90 + "]" * 90)) and deeper(0),
    "leak": lambda asked: HOARD.append(b"x" * asked.get("bytes", 1 << 20)),
    "say": lambda asked: print("said", asked["echo"]),
}
def deeper(n):
    return deeper(n + 1)
def run(raw_data):
    asked = json.loads(raw_data) if raw_data else {}
    if asked.get("ran"):
        with open(asked["ran"], "a") as file:
            file.write(asked["echo"] + chr(10))
    if asked.get("sleep"):
        time.sleep(asked["sleep"])
    if asked.get("harm"):
        HARM[asked["harm"]](asked)
    return {"pid": os.getpid(), "echo": asked.get("echo")}
"""


@contextmanager
def under_load(front: Front, clients: int = 4) -> Iterator[Load]:
    """A load that runs well before and still runs well after; not one answer of it may be wrong."""
    with Load(front, clients) as load:
        further(load)
        yield load
        further(load)
    assert set(load.seen) == {"right"}, load.seen


def further(load: Load, answers: int = 50) -> None:
    """Wait until the load has had so many more right answers."""
    seen = load.seen["right"]
    eventually(lambda: load.seen["right"] > seen + answers)


def timed(front: Front, content: Any) -> tuple[Answer, float]:
    began = time.monotonic()
    answer = front.score(content, **{"x-request-id": "the-harm"})
    return answer, time.monotonic() - began
