"""Little wheels made on the spot, and a package index over HTTP that can ask for a password or take its time."""

from __future__ import annotations

import base64
import http.server
import threading
import zipfile
from pathlib import Path

USER, PASSWORD = "reader", "s3cret-of-the-index"


def make_wheel(folder: Path, name: str, version: str = "1.0", needs: tuple[str, ...] = (), says: str = "") -> Path:
    """A wheel with one module `name` that holds `VERSION` and `SAYS`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\nSAYS = {says!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{inner},,\n" for inner in (*files, f"{info}/RECORD")))
    return path


class Index(http.server.ThreadingHTTPServer):
    """A simple index over the wheels of a folder; with `slow` a wheel's bytes come only after `release`."""

    daemon_threads = True

    def __init__(self, folder: Path, locked: bool = False, slow: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.locked, self.slow = folder, locked, slow
        self.asked, self.release = threading.Event(), threading.Event()
        self.command_lines: set[str] = set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}/simple"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.command_lines |= _command_lines()
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.server.locked and self.headers.get("Authorization") != expected:
            return self._answer(401, b"", **{"WWW-Authenticate": "Basic"})
        name = self.path.strip("/").split("/")[-1]
        if name.endswith(".whl"):
            if self.server.slow and self.command == "GET":
                self.server.asked.set()
                self.server.release.wait(30)
            return self._answer(200, (self.server.folder / name).read_bytes())
        wheels = [path.name for path in self.server.folder.glob(f"{name}-*.whl")]
        page = "".join(f'<a href="/files/{wheel}">{wheel}</a>' for wheel in wheels)
        return self._answer(200 if wheels else 404, page.encode(), **{"Content-Type": "text/html"})

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def _command_lines() -> set[str]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found
