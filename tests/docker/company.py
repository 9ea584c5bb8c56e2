"""A company's network in small: a package index over TLS that wants a password, and a proxy that wants another."""

from __future__ import annotations

import base64
import http.server
import re
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

INDEX, PROXY = "reader:password-of-the-index", "clerk:password-of-the-proxy"


def basic(login: str) -> str:
    return f"Basic {base64.b64encode(login.encode()).decode()}"


class Index(http.server.ThreadingHTTPServer):
    """The wheels of a folder, for those who know the password; `asked` are the paths that were given out."""

    daemon_threads = True

    def __init__(self, host: str, wheels: Path, certificate: tuple[str, str]) -> None:
        super().__init__((host, 0), _Pages)
        self.wheels, self.asked = wheels, list[str]()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


class _Pages(http.server.BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != basic(INDEX):
            return self._answer(401, b"")
        self.server.asked.append(self.path)
        name = self.path.strip("/").rsplit("/", 1)[-1]
        if name.endswith(".whl"):
            return self._answer(200, (self.server.wheels / name).read_bytes())
        files = sorted(path.name for path in self.server.wheels.glob("*.whl"))
        page = "".join(f'<a href="/files/{file}">{file}</a>' for file in files if _project(file) == name)
        return self._answer(200 if page else 404, page.encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Content-Type": "text/html"}.items():
            self.send_header(name, value)
        if status == 401:
            self.send_header("WWW-Authenticate", "Basic")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class Proxy(socketserver.ThreadingTCPServer):
    """Connects those who know the password, and notes where to."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, host: str) -> None:
        super().__init__((host, 0), _Tunnel)
        self.connected: list[str] = []


class _Tunnel(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        verb, target, _ = self.rfile.readline().decode().split()
        lines = [line.decode().strip() for line in iter(self.rfile.readline, b"\r\n")]
        headers = dict(re.split(r":\s*", line.lower(), maxsplit=1) for line in lines)
        if verb != "CONNECT" or headers.get("proxy-authorization") != basic(PROXY).lower():
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        self.server.connected.append(target)
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as there:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _joined(self.connection, there)


def _joined(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    while True:
        for ready in select.select([one, other], [], [], 60)[0]:
            if not (piece := ready.recv(1 << 16)):
                return
            (other if ready is one else one).sendall(piece)


def _project(file: str) -> str:
    return re.sub(r"[-_.]+", "-", file.split("-")[0]).lower()


@contextmanager
def serving(*servers: Any) -> Iterator[None]:
    """Each on a thread of its own for as long as this lasts."""
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
