"""What a row of the table is: one request to one group's servers, and the answer that the wire contract wants."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ANY = "~(?s).*"


@dataclass(frozen=True)
class Expected:
    """A status, headers and a body. A text that begins with `~` is a pattern; a header of None must be absent."""

    status: int
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Any = ANY


@dataclass(frozen=True)
class Row:
    """`section` of the wire contract, the rule in words, the group whose servers are asked, the request, the answer.

    `ours` is what our server answers on purpose, as one of the README's improvements; `improvement` names it. `own`
    marks a message whose wording is each server's own, `logged` a pattern of the log that the request leaves.
    """

    section: int
    rule: str
    group: str
    method: str
    path: str
    status: int
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Any = ANY
    sent: Any = b""
    send: Mapping[str, str] = field(default_factory=dict)
    improvement: str = ""
    ours: Expected | None = None
    own: bool = False
    logged: str = ""
    keep: bool = False  # send no `Connection: close`
    health: bool = False  # to the health port
    chunks: tuple[bytes, ...] = ()  # of a stream, one a yield
    torn: bool = False  # the connection ends before the stream does

    @property
    def expected(self) -> Expected:
        return Expected(self.status, self.headers, self.body)

    @property
    def request(self) -> bytes:
        """The request as it goes over the line."""
        body = self.sent if isinstance(self.sent, bytes) else str(self.sent).encode()
        lines = {"Host": "localhost"} | ({} if self.keep else {"Connection": "close"}) | dict(self.send)
        if self.method not in ("GET", "HEAD", "OPTIONS") and "Transfer-Encoding" not in self.send:
            lines["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body

    def __str__(self) -> str:
        return f"{self.section}-{self.rule}"


@dataclass(frozen=True)
class Boot:
    """A start that fails: script or files, settings, the exit code, and a pattern of what is logged by both."""

    section: int
    rule: str
    code: int
    script: str | None = "def init(): pass\ndef run(data): return data\n"
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    logged: str = ""

    def __str__(self) -> str:
        return f"{self.section}-{self.rule}"


@dataclass(frozen=True)
class Group:
    """One script under one set of settings: what both servers are started with once."""

    script: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    place: str = "score.py"  # where the script lies under the folder that the server is started in
    health: bool = False


def matches(expected: Any, found: Any) -> bool:
    """Whether a value is the expected one, patterns and parts of objects included."""
    if isinstance(expected, str) and expected.startswith("~"):
        return re.fullmatch(expected[1:], found if isinstance(found, str) else json.dumps(found)) is not None
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(matches(expected[name], found[name]) for name in expected)
    return bool(expected == found) and type(expected) is type(found)
