"""Bodies of the shape `{"data": [row, …]}` as text: recognised, joined, and the result of a joined run cut again.

The rows stay the text that the client sent: what the script parses is what it would have parsed, number for number.
"""

import json
import re
from typing import Any, Callable, Iterable, Iterator, List, NamedTuple, Optional, Tuple

_BLANK = r" \t\n\r"
_S = rf"[{_BLANK}]*"
SPACE = re.compile(_S)
OPENING = re.compile(rf'{_S}\{{{_S}"data"{_S}:{_S}\[')
CLOSING = re.compile(rf"{_S}\}}{_S}\Z")
# Rows of numbers and nothing else. Their brackets can be counted, which takes two fifths of the time that reading
# the numbers does; whether these are numbers the script's own reading tells.
_ROW = rf"\[[-+.0-9eE,{_BLANK}]*\]"
FLAT = re.compile(rf"{OPENING.pattern}({_S}{_ROW}(?:{_S},{_S}{_ROW})*{_S})\]{CLOSING.pattern}")
# C code that builds the value which starts at a place of a text, and says where it ends.
_scan: Callable[[str, int], Tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
FOREIGN = (ValueError, StopIteration, RecursionError)  # what it raises where the text is not JSON


class Rows(NamedTuple):
    """What stands between the brackets of a body, and how many rows that is."""

    text: str
    number: int


def rows(body: bytes) -> Optional[Rows]:
    """The rows of a body with the one key "data" and at least one row; None for any other body, valid or not."""
    try:
        text = str(body, "utf-8")
        if flat := FLAT.match(text):
            return Rows(flat[1], flat[1].count("["))
        opening = OPENING.match(text)
        if opening is None:
            return None
        content, end = _scan(text, opening.end() - 1)
    except FOREIGN:
        return None
    if not content or not CLOSING.match(text, end):
        return None
    return Rows(text[opening.end() : end - 1], len(content))


def joined(texts: Iterable[str]) -> bytes:
    """One body of the rows of several."""
    return ('{"data":[%s]}' % ",".join(texts)).encode()


def split(text: str) -> List[str]:
    """The rows in the text between a body's brackets, each as text."""
    listed = f"[{text}]"
    return [listed[start:end] for start, end in _items(listed) or ()]


def cut(value: Any, counts: List[int]) -> Optional[List[Any]]:
    """What each of several requests with so many rows would have got alone; None unless there is one item a row.

    A text is cut where it holds a JSON list, as `json.dumps(list)` and pandas' `to_json` make it.
    """
    if isinstance(value, str):
        return _cut_text(value, counts)
    if not isinstance(value, (list, tuple)) or len(value) != sum(counts):
        return None
    return [list(value[start:end]) for start, end in _spans(counts)]


def _cut_text(text: str, counts: List[int]) -> Optional[List[str]]:
    items = _items(text)
    if items is None or len(items) != sum(counts):
        return None
    before, after = text[: items[0][0]], text[items[-1][1] :]
    return [before + text[items[start][0] : items[end - 1][1]] + after for start, end in _spans(counts)]


def _spans(counts: List[int]) -> Iterator[Tuple[int, int]]:
    start = 0
    for count in counts:
        yield start, start + count
        start += count


def _items(text: str) -> Optional[List[Tuple[int, int]]]:
    """Where each item of the list that `text` holds starts and ends; None when it holds no list, or an empty one."""
    found: List[Tuple[int, int]] = []
    at, mark = _skip(text, 0), "["
    try:
        while text.startswith(mark, at):
            start = _skip(text, at + 1)
            _, end = _scan(text, start)
            found.append((start, end))
            at, mark = _skip(text, end), ","
    except FOREIGN:
        return None
    whole = found and text.startswith("]", at) and _skip(text, at + 1) == len(text)
    return found if whole else None


def _skip(text: str, at: int) -> int:
    space = SPACE.match(text, at)
    return space.end() if space else at
