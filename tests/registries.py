"""Debian's image registry over TLS, which wants a login; engines on this machine trust its certificate meanwhile."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from authority import authority

USER, PASSWORD = "somebody", "password-of-the-test"
HASH = "$2y$05$abcdefghijklmnopqrstuuh6vlx8EGBpVnlhK8aZDE.HORtD3Hyy6"
TRUSTED = Path("/etc/docker/certs.d")
HELPER = """#!/bin/sh
[ "$1" = get ] && cat > /dev/null && echo '{answer}'
"""


class Registry(NamedTuple):
    """Its address, and the folder of Docker's settings that the test's environment names."""

    address: str
    config: Path

    def log_in(self, password: str = PASSWORD) -> None:
        """As `docker login` notes it where there is no credential helper."""
        entry = base64.b64encode(f"{USER}:{password}".encode()).decode()
        (self.config / "config.json").write_text(json.dumps({"auths": {self.address: {"auth": entry}}}))

    def log_in_by_helper(self, name: str, commands: Path) -> None:
        """As with `credHelpers`: a program of `commands` knows the password."""
        answer = json.dumps({"ServerURL": self.address, "Username": USER, "Secret": PASSWORD})
        program = commands / f"docker-credential-{name}"
        program.write_text(HELPER.format(answer=answer))
        program.chmod(0o755)
        (self.config / "config.json").write_text(json.dumps({"credHelpers": {self.address: name}}))

    def log_out(self) -> None:
        (self.config / "config.json").write_text("{}")


@contextmanager
def registry(folder: Path, command: str) -> Iterator[Registry]:
    """Serve at an address of this machine that is not its loopback: there engines would check no certificate."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        host = probe.getsockname()[0]
    with socket.socket() as probe:
        probe.bind((host, 0))
        address = f"{host}:{probe.getsockname()[1]}"
    ca = authority(folder)
    ca.issue("registry", host=host)
    trusted = TRUSTED / address
    trusted.mkdir(parents=True)
    shutil.copyfile(ca.own, trusted / "ca.crt")
    (folder / "config").mkdir()
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen([command, "serve", _configured(folder, address, ca.files)], stdout=log, stderr=log)
    try:
        _until_it_listens(folder / "registry.log")
        yield Registry(address, folder / "config")
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(trusted)


def _configured(folder: Path, address: str, tls: tuple[str, str]) -> str:
    (folder / "users").write_text(f"{USER}:{HASH}\n")
    secured = f"tls: {{certificate: '{tls[0]}', key: '{tls[1]}'}}"
    place = folder / "registry.yml"
    place.write_text(
        f"version: 0.1\nhttp: {{addr: '{address}', {secured}}}\n"
        f"storage: {{filesystem: {{rootdirectory: '{folder}/stored'}}}}\n"
        f"auth: {{htpasswd: {{realm: tests, path: '{folder}/users'}}}}\n"
    )
    return str(place)


def _until_it_listens(log: Path) -> None:
    deadline = time.monotonic() + 20
    while b"listening on" not in log.read_bytes():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
