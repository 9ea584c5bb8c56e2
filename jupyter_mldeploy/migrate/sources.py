"""Notebooks and scripts as cells of text, read without running anything."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import FileMissing, InvalidInput

MARK = re.compile(r"^# ?%%.*$", re.M)  # between the cells of a script


class Unreadable(InvalidInput):
    """A file that is no notebook and no script."""


@dataclass(frozen=True)
class Cell:
    """One code cell: its place among all cells, from 1 on, and its text; `first` is its first line in a script."""

    number: int
    text: str
    first: int = 1


def text_of(path: Path) -> str:
    """The file's text. Raises `FileMissing` or `Unreadable`."""
    if not path.is_file():
        raise FileMissing(f"There is no file {path.absolute()}.")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path} is not UTF-8 text ({error.reason}): no notebook and no Python script.") from None


def cells_of(path: Path) -> list[Cell]:
    """The code cells of a notebook, or of a script, which is one cell where no `# %%` parts it."""
    text = text_of(path)
    if path.suffix == ".py":
        return _of_script(text)
    content = notebook_of(path, text)
    listed = content["cells"]
    code = ((number, cell) for number, cell in enumerate(listed, 1) if cell.get("cell_type") == "code")
    return [Cell(number, source_of(cell)) for number, cell in code]


def notebook_of(path: Path, text: str) -> dict[str, Any]:
    """A Python notebook's content, with `cells`. Raises `Unreadable` with what it is instead."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise Unreadable(f"{path} is no notebook: {error}. Notebooks (.ipynb) and scripts (.py) can be read.") from None
    if isinstance(content, dict) and isinstance(content.get("worksheets"), list):
        raise Unreadable(
            f"{path} has the format of 2013 (nbformat 3). Convert it first: jupyter nbconvert --to notebook."
        )
    if not isinstance(content, dict) or not _is_cells(content.get("cells")):
        raise Unreadable(f"{path} is no notebook: it has no list of cells.")
    language = _language(content.get("metadata"))
    if language.lower() not in ("", "python"):
        raise Unreadable(f"{path} is a notebook in {language}; only Python notebooks can be read.")
    return content


def source_of(cell: dict[str, Any]) -> str:
    """A cell's text, kept as one text or as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _is_cells(listed: Any) -> bool:
    return isinstance(listed, list) and all(isinstance(cell, dict) and _is_source(cell) for cell in listed)


def _is_source(cell: dict[str, Any]) -> bool:
    source = cell.get("source", "")
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source))


def _language(metadata: Any) -> str:
    found = metadata if isinstance(metadata, dict) else {}
    named = [found.get("kernelspec", {}), found.get("language_info", {})]
    languages = [each.get(key) for each, key in zip(named, ("language", "name"), strict=True) if isinstance(each, dict)]
    return str(next((language for language in languages if language), ""))


def _of_script(text: str) -> list[Cell]:
    starts = [0, *(match.start() for match in MARK.finditer(text) if match.start())]
    ends = [*starts[1:], len(text)]
    pieces = [(text[start:end], text.count("\n", 0, start) + 1) for start, end in zip(starts, ends, strict=True)]
    return [Cell(number, piece, first) for number, (piece, first) in enumerate(pieces, 1)]
