"""Who a process is: a pid alone is no identity, so pid, start time, boot and host together."""

from __future__ import annotations

import os
import platform
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """One process, for as long as the machine is up. `started` is opaque text, compared for equality only."""

    pid: int
    started: str
    boot: str
    host: str


def identify(pid: int) -> Identity | None:
    """The identity of the live process `pid`; None when there is none, or only its zombie."""
    started = _started(pid)
    return Identity(pid, started, _boot(), platform.node()) if started else None


def alive(identity: Identity) -> bool:
    """Whether that very process still runs; on another host or after a reboot it cannot."""
    return identify(identity.pid) == identity


def other_users() -> list[str]:
    """The people who can log in here, apart from this user: they share the loopback address with it."""
    closed = ("nologin", "false")
    first = 500 if platform.system() == "Darwin" else 1000
    return sorted(
        user.pw_name
        for user in pwd.getpwall()
        if first <= user.pw_uid < 60_000 and user.pw_uid != os.getuid() and not user.pw_shell.endswith(closed)
    )


def _started(pid: int) -> str:
    try:
        # The command name may hold spaces and brackets; what follows its last bracket does not.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "" if Path("/proc/self").exists() else _started_by_ps(pid)
    return "" if fields[0] in "ZX" else fields[19]


def _started_by_ps(pid: int) -> str:
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, env=environment, check=False
    )
    state, _, started = done.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except FileNotFoundError:
        done = subprocess.run(["sysctl", "-n", "kern.boottime"], capture_output=True, text=True, check=False)
        return done.stdout.strip()
