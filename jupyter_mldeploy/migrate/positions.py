"""Where texts stand in a JSON document, so that a few characters change and every other byte stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

GAP = re.compile(r"[ \t\r\n]*")
ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.S)
_scan = json.JSONDecoder().raw_decode
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Text:
    """A text of the document: where in it, from and to which character between its quotes."""

    path: Path
    start: int
    end: int

    def place(self, document: str, index: int) -> int:
        """The place in the document of the text's character `index`, escapes counted."""
        pieces = ESCAPE.finditer(document, self.start, self.end)
        starts = [match.start() for match in pieces]
        return starts[index] if index < len(starts) else self.end


def texts(document: str) -> Iterator[Text]:
    """Every text that is a value of the document, with the path to it."""
    start = _gap(document, 0)
    yield from _walk(document, start, ())


def _walk(document: str, at: int, path: Path) -> Iterator[Text]:
    opening = document[at]
    if opening == '"':
        _, end = _scan(document, at)
        yield Text(path, at + 1, end - 1)
        return
    if opening not in "{[":
        return
    at = _gap(document, at + 1)
    number = 0
    while document[at] not in "}]":
        step: str | int = number
        if opening == "{":
            step, at = _key(document, at)
        yield from _walk(document, at, (*path, step))
        _, end = _scan(document, at)
        at = _gap(document, end)
        if document[at] == ",":
            at = _gap(document, at + 1)
        number += 1


def _key(document: str, at: int) -> tuple[Any, int]:
    key, end = _scan(document, at)
    colon = _gap(document, end)
    return key, _gap(document, colon + 1)


def _gap(document: str, at: int) -> int:
    found = GAP.match(document, at)
    return found.end() if found else at
