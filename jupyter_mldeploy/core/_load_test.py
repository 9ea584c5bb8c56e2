"""A load test over one connection, and the cores and memory that the service's processes take meanwhile."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

LEAST_SECONDS, MOST_SECONDS = 3.0, 120.0  # every row is sent once, unless that takes longer than the latter
ANSWER_LIMIT = 300.0  # seconds for one answer, as at Azure
EVERY = 0.1  # seconds between two looks at the processes


@dataclass
class Load:
    """Latencies in ms, cores and bytes at their peak, seconds all in all, and the first answer that was no success."""

    latencies: list[float] = field(default_factory=list)
    successes: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0
    error: str = ""

    def answered(self, status: int, content: bytes, seconds: float) -> None:
        self.latencies.append(seconds * 1000)
        if status == 200:
            self.successes += 1
        elif not self.error:
            self.error = f"status {status}: {content[:500].decode(errors='replace')}"


def run(url: str, key: str, bodies: Sequence[bytes], front: int) -> Load:
    """Send the bodies in turn, each when the one before is answered; `front` is the pid of the service's front.

    The first request is sent once before, unmeasured: it pays for what a script loads at its first run.
    """
    load, over = Load(), threading.Event()
    address = urlsplit(url)
    with closing(HTTPConnection(str(address.hostname), address.port, timeout=ANSWER_LIMIT)) as connection:
        _send(connection, address.path, key, bodies[0])
        watcher = threading.Thread(target=_watch, args=(front, load, over), daemon=True)
        watcher.start()
        began = time.perf_counter()
        for number, body in enumerate(cycle(bodies)):
            passed = time.perf_counter() - began
            if passed > MOST_SECONDS or (passed > LEAST_SECONDS and number >= len(bodies)):
                break
            start = time.perf_counter()
            status, content = _send(connection, address.path, key, body)
            load.answered(status, content, time.perf_counter() - start)
        load.seconds = time.perf_counter() - began
    over.set()
    watcher.join()
    return load


def _send(connection: HTTPConnection, path: str, key: str, body: bytes) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, HTTPException) as error:
        connection.close()  # the next request opens it anew
        return 0, str(error or type(error).__name__).encode()


def _watch(front: int, load: Load, over: threading.Event) -> None:
    """Note the peaks until it is over; a look costs less than a millisecond on Linux."""
    last, since = usage(front)[0], time.perf_counter()
    while True:
        ended = over.wait(EVERY)
        seconds, memory = usage(front)
        now = time.perf_counter()
        if now - since > EVERY / 2:  # a shorter span says little: the system counts in hundredths of a second
            load.cpu = max(load.cpu, (seconds - last) / (now - since))
            last, since = seconds, now
        load.memory = max(load.memory, memory)
        if ended:
            return


def usage(front: int) -> tuple[float, int]:
    """Processor seconds and resident bytes of a front and its workers together."""
    if not Path("/proc/self/stat").exists():
        return _by_ps(front)
    seconds, memory = 0.0, 0
    for pid in [front, *_children(front)]:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        memory += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return seconds, memory


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, path.read_text().split())
        except OSError:
            continue
    return found


def _by_ps(front: int) -> tuple[float, int]:
    """The same by `ps`, as macOS has it: `[hours:]minutes:seconds` and kilobytes."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss=,time="], capture_output=True, text=True, check=True)
    seconds, memory = 0.0, 0
    for pid, parent, resident, spent in (line.split() for line in listed.stdout.splitlines()):
        if str(front) in (pid, parent):
            memory += int(resident) * 1024
            seconds += sum(float(part) * 60**place for place, part in enumerate(reversed(spent.split(":"))))
    return seconds, memory
