"""`mldeploy-server --security`: auth, secrets, certificate and issuer from one file, its paths relative to it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..server.front.fronts import ECHO, KEYS, eventually
from .parts import PASSWORD

COMMAND = [sys.executable, "-m", "jupyter_mldeploy.server.cli"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "score.py").write_text(ECHO)
    (tmp_path / "safe").mkdir()
    (tmp_path / "safe" / "secrets.json").write_text(json.dumps({"keys": [PASSWORD, KEYS[1]]}))
    yield tmp_path


def command(folder: Path, content: object, port: int = 5001) -> list[str]:
    (folder / "safe" / "security.json").write_text(json.dumps(content))
    return [*COMMAND, "--entry_script", "score.py", "--port", str(port), "--security", "safe/security.json"]


def answered(port: int, key: str) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
            head = f"GET /score HTTP/1.0\r\nAuthorization: Bearer {key}\r\n\r\n"
            link.sendall(head.encode())
            return link.recv(65536).partition(b"\r\n")[0]
    except ConnectionError:
        return b""


def test_it_guards_the_server(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    asked = command(folder, {"auth": "key", "secrets": "secrets.json"}, port)
    with subprocess.Popen(asked, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            eventually(lambda: b"200" in answered(port, PASSWORD))
            assert b"401" in answered(port, "wrong")
        finally:
            server.terminate()
            output, _ = server.communicate(timeout=20)
    assert server.returncode == 0
    assert PASSWORD not in output


@pytest.mark.parametrize(
    ("content", "said", "code"),
    [
        ({"auth": "key", "port": 1}, "auth, secrets, tls, oidc", 3),
        ([], "auth, secrets, tls, oidc", 3),
        ({"auth": "maybe"}, "none, key, token", 3),
        ({"auth": "token", "secrets": "secrets.json"}, "signing", 1),
        ({"auth": "key", "secrets": "gone.json"}, "gone.json cannot be read", 1),
        ({"tls": {"certificate": "gone.crt", "key": "gone.key"}}, "gone.crt or key", 1),
        ({"tls": {"certificate": "gone.crt"}}, "tls.key", 3),
    ],
)
def test_a_file_that_cannot_work_is_named(folder: Path, content: object, said: str, code: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    done = subprocess.run(command(folder, content, port), cwd=folder, capture_output=True, text=True, timeout=30)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
