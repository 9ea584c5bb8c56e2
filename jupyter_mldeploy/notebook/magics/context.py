"""What a magic knows of the notebook that it stands in: the line, the cell, the variables, the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from typing import Any

from ...core.authentication import say_once
from ...core.workspace import Workspace
from .arguments import HelpShown, MagicError, Parser, words


@dataclass(frozen=True)
class Names:
    """The variables that a line may use: those of the notebook, and the local ones where a function calls a magic."""

    globals: dict[str, Any]
    locals: Mapping[str, Any]

    def get(self, name: str) -> Any:
        """The variable's value, or None."""
        return self.locals.get(name, self.globals.get(name))

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of the notebook's. Raises `MagicError` with what Python said."""
        known = {**self.globals, **self.locals}  # in one, because a comprehension sees only the globals of an eval
        try:
            return eval(expression.strip(), known)  # noqa: S307 - the user's own, in their kernel
        except Exception as error:
            raise MagicError(f"{expression.strip()!r} cannot be used: {type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class Notebook:
    """One call of a magic."""

    names: Names
    line: str
    cell: str = ""

    def parse(self, parser: Parser) -> Any:
        """The line's arguments. Raises `MagicError`, or `HelpShown`."""
        return parser.parse_args(words(self.line, self.names.evaluate))

    def workspace(self) -> Workspace:
        """The notebook's variable `ws` when it holds a workspace, else what `Workspace.from_config()` finds."""
        if isinstance(ws := self.names.get("ws"), Workspace):
            return ws
        with redirect_stdout(StringIO()) as said:
            workspace = Workspace.from_config()
        if text := said.getvalue().strip():
            say_once(text)  # which workspace was opened is worth one line, not one for each magic
        return workspace


def call(magic: str, user: dict[str, Any], local: Mapping[str, Any] | None, line: str, cell: str) -> Any:
    """Run the magic of that name; None when its help was asked for."""
    notebook = Notebook(Names(user, user if local is None else local), line, cell)
    try:
        return import_module(f".{magic}", __package__).run(notebook)
    except HelpShown:
        return None
