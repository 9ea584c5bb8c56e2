"""A real Docker engine for the tests: dockerd on a data root and a socket of its own, and an image to build on.

`python tests/engine.py FOLDER` starts one by hand, prints its DOCKER_HOST, and ends it on Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock

CACHE = Path.home() / ".cache" / "jupyter-mldeploy-tests"
BASE = "mldeploy-test-base:3.11"  # there is no registry to pull from
INCLUDED = "python3,python3-venv,ca-certificates"
PACKAGES = ("docker.io", "iptables", "debootstrap", "tini")
COMMANDS = ("dockerd", "iptables", "debootstrap")


class Unavailable(Exception):
    """No engine can be started here; the text says why."""


def missing() -> list[str]:
    """The commands that an engine needs and that are not here."""
    return [name for name in COMMANDS if _found(name) is None]


def install(*packages: str) -> None:
    """Install what an engine needs, or other packages, from Debian; needs root."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *(packages or PACKAGES)]):
        subprocess.run(["apt-get", "-q", *command], check=False, env=environment, stdout=subprocess.DEVNULL)


@contextmanager
def engine(folder: Path) -> Iterator[str]:
    """Start a dockerd that keeps everything in `folder`, with the base image in it; yields its DOCKER_HOST."""
    if names := missing():
        raise Unavailable(f"{', '.join(names)} missing: apt-get install {' '.join(PACKAGES)}")
    if os.getuid():
        raise Unavailable("dockerd wants root; run the tests as root, or give MLDEPLOY_TEST_DOCKER_HOST")
    rootfs, bridge = base_tar(), Path("/sys/class/net/docker0")
    was_there = bridge.exists()
    try:
        with dockerd(folder) as (host, _):
            subprocess.run(["docker", "-H", host, "import", str(rootfs), BASE], check=True, stdout=subprocess.DEVNULL)
            yield host
    finally:
        if not was_there and _found("ip"):
            subprocess.run([_found("ip") or "ip", "link", "delete", bridge.name], check=False, capture_output=True)


@contextmanager
def shared(folder: Path) -> Iterator[str]:
    """One engine for all processes that name this folder: the first starts it, and ends it when the others are done."""
    lock, users, address = FileLock(folder / "engine.lock"), folder / "engine-users", folder / "engine-address"
    with ExitStack() as stack:
        with lock:
            if first := not address.exists():
                address.write_text(stack.enter_context(engine(folder / "engine")))
            _count(users, 1)
        try:
            yield address.read_text()
        finally:
            with lock:
                _count(users, -1)
            deadline = time.monotonic() + 900
            while first and int(users.read_text()) and time.monotonic() < deadline:
                time.sleep(0.2)


def _count(users: Path, more: int) -> None:
    users.write_text(str(int(users.read_text() if users.exists() else "0") + more))


@contextmanager
def dockerd(folder: Path, *before: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The bare daemon, run by the command `before` if there is one; yields its DOCKER_HOST and its process."""
    with daemon(folder, before=before) as made:
        yield made.host, made.process


@contextmanager
def daemon(folder: Path, *flags: str, before: Sequence[str] = ()) -> Iterator[Daemon]:
    """A daemon with more flags, which can be ended and started again."""
    folder.mkdir(parents=True, exist_ok=True)
    sockets = Path(tempfile.mkdtemp(prefix="mldeploy-engine-"))  # a Unix socket's path must be short
    made = Daemon(folder, sockets, flags, before)
    try:
        made.start()
        yield made
    finally:
        end(made.process, folder, sockets)
        shutil.rmtree(sockets, ignore_errors=True)


class Daemon:
    """One dockerd, with its data in a folder and its sockets in another."""

    process: subprocess.Popen[bytes]

    def __init__(self, folder: Path, sockets: Path, flags: Sequence[str], before: Sequence[str]) -> None:
        self.folder, self.sockets, self.host = folder, sockets, f"unix://{sockets}/docker.sock"
        self._command = [*before, *_command(folder, sockets, self.host), *flags]

    def start(self) -> None:
        """Start it, and return when it answers."""
        log = self.folder / "dockerd.log"
        # One that was killed may still be there as a zombie, which dockerd would wait for.
        (self.sockets / "exec/containerd/containerd.pid").unlink(missing_ok=True)
        with log.open("ab") as output:
            self.process = subprocess.Popen(self._command, stdout=output, stderr=output)
        _until_it_answers(self.process, self.sockets / "docker.sock", log)

    def end(self, how: signal.Signals) -> None:
        """End it by a signal, and return when it is gone."""
        self.process.send_signal(how)
        self.process.wait(60)


def base_tar() -> Path:
    """A root file system of Debian with Python, made once a machine."""
    CACHE.mkdir(parents=True, exist_ok=True)
    made = CACHE / "bookworm-python.tar"
    with FileLock(f"{made}.lock"):
        if not made.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as aside:
                _bootstrap(Path(aside) / "rootfs")
                subprocess.run(["tar", "-C", f"{aside}/rootfs", "-cf", f"{aside}/made.tar", "."], check=True)
                Path(f"{aside}/made.tar").rename(made)
    return made


def end(process: subprocess.Popen[bytes], *folders: Path) -> None:
    """Stop a daemon and let go of what it mounted in its folders."""
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(30)
    if process.poll() is None:
        process.kill()
        process.wait()
    for left in _processes(folders):  # a daemon that was killed leaves what it started
        with suppress(ProcessLookupError):
            os.kill(left, signal.SIGKILL)
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    own = tuple(f"{folder}/" for folder in folders)
    for place in sorted((place for place in mounts if place.startswith(own)), reverse=True):
        subprocess.run(["umount", "-l", place], check=False)


def _processes(folders: Sequence[Path]) -> list[int]:
    """The processes whose command names one of these folders."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if any(f"{folder}/".encode() in place.read_bytes() for folder in folders):
                found.append(int(place.parent.name))
    return [number for number in found if number != os.getpid()]


def _command(folder: Path, sockets: Path, host: str) -> list[str]:
    return [
        _found("dockerd") or "dockerd",
        *("--data-root", str(folder / "data"), "--exec-root", str(sockets / "exec")),
        *("--pidfile", str(sockets / "pid"), "-H", host),
    ]


def _bootstrap(rootfs: Path) -> None:
    command = [_found("debootstrap") or "", "--variant=minbase", f"--include={INCLUDED}", "bookworm", str(rootfs)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=900)
    shutil.rmtree(rootfs / "var/cache/apt", ignore_errors=True)
    shutil.rmtree(rootfs / "var/lib/apt/lists", ignore_errors=True)


def _found(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _until_it_answers(process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        asked = subprocess.run(["docker", "-H", f"unix://{socket}", "version"], check=False, capture_output=True)
        if asked.returncode == 0:
            return
        time.sleep(0.2)
    raise Unavailable(f"dockerd did not start:\n{log.read_text(errors='replace')[-2000:]}")


if __name__ == "__main__":
    with engine(Path(sys.argv[1])) as where:
        print(f"export DOCKER_HOST={where}", flush=True)
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))  # not before: dockerd inherits it
        signal.sigwait((signal.SIGINT, signal.SIGTERM))
