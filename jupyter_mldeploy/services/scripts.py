"""Looking at an entry script without running it: does it parse, and does it have `init` and `run`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ..errors import FileMissing, ScriptInvalid
from ..specs import ScriptSpec

NEEDED = {"init": "def init():", "run": "def run(raw_data):"}


def path_of(script: ScriptSpec) -> Path:
    """Where the entry script lies."""
    return Path(script.source_directory or "", script.entry_script)


def check(script: ScriptSpec) -> None:
    """Raise `FileMissing` or `ScriptInvalid`, with file and line, before any work."""
    path = path_of(script)
    if not path.is_file():
        raise FileMissing(
            f"The entry script {script.entry_script!r} does not exist: {path.absolute()}. "
            "Its path is relative to the source folder when one is given, else to the current folder."
        )
    check_text(path.read_bytes(), str(path))


def check_text(text: str | bytes, name: str) -> None:
    """Raise `ScriptInvalid` when `text` does not parse, or defines no `init` or `run`."""
    try:
        tree = ast.parse(text, name)
    except (SyntaxError, ValueError) as error:
        raise ScriptInvalid(_where(error, name)) from error
    defined = set(_names(tree.body))
    missing = [name for name in NEEDED if name not in defined]
    if missing and "*" not in defined and "driver_module" not in defined:
        found = ", ".join(sorted(n for n in defined if not n.startswith("_"))) or "nothing"
        raise ScriptInvalid(
            f"{name} has no {' and no '.join(f'`{m}`' for m in missing)}. It defines: {found}. "
            f"Add {' and '.join(f'`{NEEDED[m]}`' for m in missing)}."
        )


def _where(error: SyntaxError | ValueError, name: str) -> str:
    if not isinstance(error, SyntaxError):
        return f"{name} cannot be read as Python: {error}."
    line = (error.text or "").rstrip("\n")
    mark = " " * max((error.offset or 1) - 1, 0) + "^"
    shown = f"\n    {line}\n    {mark}" if line else ""
    return f"{name}, line {error.lineno}: {error.msg}.{shown}"


def _names(body: list[ast.stmt]) -> Iterator[str]:
    """The names that a module's statements bind, also inside if, try and with; `*` for a star import."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (leaf.id for t in targets for leaf in ast.walk(t) if isinstance(leaf, ast.Name))
        else:
            for part in ("body", "orelse", "finalbody"):
                yield from _names(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from _names(handler.body)
