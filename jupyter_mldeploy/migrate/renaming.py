"""Which names of the SDK a cell has, where in it, and what they are called here."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from ..azureml import finder
from .magics import apart

OURS = "jupyter_mldeploy"
ROOT_TWIN = "core"  # `import azureml` gave its users azureml.core too


@dataclass(frozen=True)
class Change:
    """`old` becomes `new` at a line (from 1) and column (in characters) of a cell; without `new` it stays."""

    line: int
    column: int
    old: str
    new: str = ""


def renamed(source: str) -> tuple[list[Change], list[str]]:
    """The names of the SDK in a cell that have one of ours, and those that stay because nothing here has them."""
    parts = apart(source)
    if parts.written or finder.ROOT not in parts.python:
        return [], []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(parts.python)
    except (SyntaxError, ValueError):
        return [], [f"a cell that is no Python 3: {source.strip().splitlines()[0]}"]
    lines = parts.python.split("\n")
    found: dict[tuple[int, int], Change] = {}
    for change in (change for node in ast.walk(tree) for change in _named(node, lines)):
        place = change.line, change.column
        if place not in found or len(change.old) > len(found[place].old):  # of nested names the longest
            found[place] = change
    changes = [change for change in found.values() if change.new]
    return changes, [change.old for change in found.values() if not change.new]


def line_starts(text: str) -> list[int]:
    """The index of each line's first character."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _named(node: ast.AST, lines: list[str]) -> Iterator[Change]:
    """What names a module of the SDK."""
    if isinstance(node, ast.ImportFrom) and node.module and not node.level and _is_sdk(node.module):
        column = _column(lines, node.lineno, node.col_offset)
        yield from _written(lines, node.lineno, column, node.module, _of_import(node))
    elif isinstance(node, ast.Import):
        for alias in node.names:
            if _is_sdk(alias.name):
                column = _column(lines, alias.lineno, alias.col_offset)
                new = "" if alias.asname and alias.name == finder.ROOT else _ours(alias.name)
                yield from _written(lines, alias.lineno, column, alias.name, new)
    elif isinstance(node, ast.Attribute):
        name = _dotted(node)
        column = _column(lines, node.lineno, node.col_offset)
        if finder.TABLE.get(name) and lines[node.lineno - 1].startswith(name, column):
            yield Change(node.lineno, column, name, _ours(name))


def _of_import(node: ast.ImportFrom) -> str:
    """Our name for the module, when all that is imported from it is there."""
    names = [alias.name for alias in node.names]
    module = str(node.module)
    if module == finder.ROOT:
        return OURS if names == [ROOT_TWIN] else ""
    twin = finder.twin_of(module) if finder.TABLE.get(module) else None
    there = twin and all(name == "*" or hasattr(twin, name) or _is_below(module, name) for name in names)
    return _ours(module) if there else ""


def _is_below(module: str, name: str) -> bool:
    """Whether it is a module that lies below ours under the same name."""
    return finder.TABLE.get(f"{module}.{name}") == f"{finder.TABLE[module]}.{name}"


def _ours(module: str) -> str:
    twin = ROOT_TWIN if module == finder.ROOT else finder.TABLE.get(module)
    return f"{OURS}.{twin}" if twin else ""


def _written(lines: list[str], line: int, column: int, old: str, new: str) -> Iterator[Change]:
    """Where the name itself stands, from that column on."""
    at = lines[line - 1].find(old, column)
    if at >= 0:
        yield Change(line, at, old, new)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := _dotted(node.value)):
        return f"{left}.{node.attr}"
    return ""


def _is_sdk(name: str) -> bool:
    return name == finder.ROOT or name.startswith(f"{finder.ROOT}.")


def _column(lines: list[str], line: int, offset: int) -> int:
    """ast counts bytes, we count characters."""
    return len(lines[line - 1].encode()[:offset].decode())
