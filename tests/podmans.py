"""Podman's answer to Docker's API for the tests: a service on a socket and storage of its own, with the base image."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import engine as engines

PACKAGES = ("podman",)
MOST = {"nofile": (resource.RLIMIT_NOFILE, 1 << 20), "nproc": (resource.RLIMIT_NPROC, 1 << 15)}


def missing() -> bool:
    return shutil.which("podman") is None


class Podman:
    """Its service, which can be ended and started again; containers go on without it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.host = folder, f"unix://{folder}/podman.sock"
        self._environment = {**os.environ, "CONTAINERS_CONF": str(folder / "containers.conf")}
        self._environment["DISABLE_HC_SYSTEMD"] = "true"  # health checks are timers of systemd's, which may not be here

    process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start the service, and return when it answers."""
        with (self.folder / "log").open("ab") as log:
            serve = self.command("system", "service", "--time=0", self.host)
            self.process = subprocess.Popen(serve, env=self._environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while not (self.folder / "podman.sock").exists() and self.process.poll() is None:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        if self.process.poll() is not None:
            raise engines.Unavailable(f"podman did not start:\n{(self.folder / 'log').read_text()[-2000:]}")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        (self.folder / "podman.sock").unlink(missing_ok=True)

    def command(self, *arguments: str) -> list[str]:
        places = {"root": "storage", "runroot": "run", "tmpdir": "tmp"}
        return ["podman", *(f"--{name}={self.folder / place}" for name, place in places.items()), *arguments]

    def run(self, *arguments: str) -> None:
        subprocess.run(self.command(*arguments), check=False, env=self._environment, capture_output=True)


@contextmanager
def podman() -> Iterator[Podman]:
    """Start one, with the base image in it; nothing of it is left."""
    if missing():
        raise engines.Unavailable(f"podman missing: apt-get install {' '.join(PACKAGES)}")
    if os.getuid():
        raise engines.Unavailable("podman is tested as root; run the tests as root")
    folder = Path(tempfile.mkdtemp(prefix="mldeploy-podman-"))  # a Unix socket's path must be short
    made = Podman(folder)
    limits = [f'"{name}={_soft(*most)}"' for name, most in MOST.items()]
    (folder / "containers.conf").write_text(
        f"[containers]\ndefault_ulimits = [{', '.join(limits)}]\n"
        '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nlock_type = "file"\n'
    )
    try:
        made.start()
        imported = ["docker", "-H", made.host, "import", str(engines.base_tar()), engines.BASE]
        subprocess.run(imported, check=True, stdout=subprocess.DEVNULL)
        yield made
    finally:
        made.run("rm", "--all", "--force", "--time=0")
        engines.end(made.process, folder)
        shutil.rmtree(folder, ignore_errors=True)


def _soft(what: int, most: int) -> str:
    """A limit that may be given on, where Podman's own would be more than this process has."""
    hard = resource.getrlimit(what)[1]
    kept = most if hard == resource.RLIM_INFINITY else min(hard, most)
    return f"{kept}:{kept}"
