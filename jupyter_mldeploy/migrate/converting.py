"""`convert`: a notebook or script with our names in place of the SDK's; every other byte stays as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..disk import write_bytes
from .positions import Text, texts
from .renaming import Change, line_starts, renamed
from .sources import notebook_of, source_of, text_of


@dataclass(frozen=True)
class Converted:
    """The written text, how many names changed, and those of the SDK that stay because nothing here has them."""

    text: str
    changed: int
    kept: tuple[str, ...] = ()


def convert(path: Path, out: Path | None = None) -> Converted:
    """Write `path` with our names to `out`, by default onto itself. Raises `FileMissing` or `Unreadable`.

    Scripts that cells write stay as they are: entry scripts and submitted scripts find `azureml` wherever they run.
    """
    text = text_of(path)
    made = _script(text) if path.suffix == ".py" else _notebook(path, text)
    if out is not None or made.text != text:
        mark = "\ufeff" if path.read_bytes().startswith(b"\xef\xbb\xbf") else ""
        write_bytes(out or path, (mark + made.text).encode())
    return made


def _script(text: str) -> Converted:
    changes, kept = renamed(text)
    starts = line_starts(text)
    places = [(starts[change.line - 1] + change.column, change) for change in changes]
    return _applied(text, places, kept)


def _notebook(path: Path, document: str) -> Converted:
    content = notebook_of(path, document)
    places, left = list[tuple[int, Change]](), list[str]()
    by_cell: dict[int, list[Text]] = {}
    for text in texts(document):
        if len(text.path) >= 3 and text.path[0] == "cells" and text.path[2] == "source":
            by_cell.setdefault(int(text.path[1]), []).append(text)
    for number, cell in enumerate(content["cells"]):
        if cell.get("cell_type") == "code":
            changes, kept = renamed(source_of(cell))
            left += kept
            places += _placed(document, by_cell.get(number, []), source_of(cell), changes)
    return _applied(document, places, left)


def _placed(document: str, lines: list[Text], source: str, changes: list[Change]) -> Iterator[tuple[int, Change]]:
    """Where each change is in the document; a cell's source is one text or one for each line."""
    starts = line_starts(source)
    for change in changes:
        index = starts[change.line - 1] + change.column
        for text in lines:
            length = len(json.loads(f'"{document[text.start : text.end]}"', strict=False))
            if index < length:
                yield text.place(document, index), change
                break
            index -= length


def _applied(document: str, places: list[tuple[int, Change]], kept: list[str]) -> Converted:
    for place, change in sorted(places, key=lambda found: -found[0]):
        document = document[:place] + change.new + document[place + len(change.old) :]
    return Converted(document, len(places), tuple(dict.fromkeys(kept)))
