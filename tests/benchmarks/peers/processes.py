"""A server's processes: all that descends from the one started, what they use, and their end (Linux)."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 8.0  # seconds that a server gets to end by itself
CALMING = 30.0  # seconds that it gets to do what it still holds


def family(root: int) -> dict[int, int]:
    """The started process, its descendants and those of its session: pid to start time, which tells pids apart."""
    seen = {int(name): _stat(int(name)) for name in os.listdir("/proc") if name.isdigit()}
    found = {pid for pid, stat in seen.items() if stat and (pid == root or int(stat[3]) == root)}
    grew = True
    while grew:
        more = {pid for pid, stat in seen.items() if stat and int(stat[1]) in found} - found
        found |= more
        grew = bool(more)
    return {pid: int(stat[19]) for pid in found if (stat := seen[pid])}


def cpu(pids: Iterable[int]) -> float:
    """Seconds of processor time, those of ended and reaped children included."""
    ticks = 0
    for pid in pids:
        if stat := _stat(pid):
            ticks += sum(int(value) for value in stat[11:15])
    return ticks / TICK


def everybody() -> float:
    """Seconds of processor time of all programs of this machine, and what a host took from it."""
    _, user, nice, system, _, _, _, _, steal, *_ = Path("/proc/stat").read_text().split()
    return sum(map(int, (user, nice, system, steal))) / TICK


def memory(pids: Iterable[int]) -> float:
    """Proportional set size in MiB."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has just ended
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def calm(pids: Iterable[int], idle: float = 0.0, patience: float = CALMING) -> None:
    """Wait until the processes have done what clients that left had still asked of them, and use no more of a core
    than `idle` and a little."""
    pids = list(pids)
    end = time.monotonic() + patience
    while time.monotonic() < end:
        before = cpu(pids)
        time.sleep(0.1)
        if cpu(pids) - before <= 0.02 + idle / 10:
            return


def send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and whatever of its processes stays behind."""
    members = family(process.pid)
    process.terminate()
    send(members, signal.SIGCONT)  # one that was held could not end
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    end = time.monotonic() + 1
    while _left(members) and time.monotonic() < end:
        time.sleep(0.05)
    send(_left(members), signal.SIGKILL)


def _left(members: dict[int, int]) -> list[int]:
    stats = {pid: _stat(pid) for pid in members}
    return [pid for pid, stat in stats.items() if stat and int(stat[19]) == members[pid] and stat[0] != "Z"]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name (which may hold spaces), the state first; empty for none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
