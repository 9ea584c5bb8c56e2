"""Follows the SDK's names through cells: which variable holds what, and what is to be said of each use."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from . import removed, sdk
from .sdk import Value, Verdict

ROOT = "azureml"
OTHER = "other"  # the kind of a module that is not of the SDK
SAME_ELEMENTS = ("list", "sorted", "tuple", "reversed", "iter", "set")
Say = Callable[[int, str, Verdict], None]


class Follower(ast.NodeVisitor):
    """Visits cell after cell of one notebook; variables stay from cell to cell, and each cell has its own `say`."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self._names: dict[str, Value] = {}

    # Names come in.

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            first = alias.name.partition(".")[0]
            value = self._imported(node.lineno, alias.name)
            if alias.asname:
                self._bind(alias.asname, value)
            else:
                self._bind(first, sdk.module(ROOT) if first == ROOT else Value(OTHER, None, first))

    def _imported(self, line: int, name: str) -> Value | None:
        if name.partition(".")[0] != ROOT:
            self._note(line, name, removed.of_import(name))
            return Value(OTHER, None, name)
        found = sdk.module(name)
        if found is None:
            self._note(line, name, Verdict(sdk.missing(name), hand=True))
        return found

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or not node.module:
            return
        module = self._imported(node.lineno, node.module)
        for alias in node.names:
            found = self._part(node.lineno, module, alias.name) if module else None
            self._bind(alias.asname or alias.name, found)

    def _part(self, line: int, module: Value, name: str) -> Value | None:
        if module.kind == OTHER:
            self._note(line, f"{module.name}.{name}", removed.of_name(module.name, name))
            return Value(OTHER, None, f"{module.name}.{name}")
        if name == "*":
            return None
        found = sdk.member(module, name)
        if isinstance(found, Verdict):
            self._note(line, f"{module.name}.{name}", found)
            return None
        return found

    # Names are given.

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        value = self.value_of(node.value)
        for target in node.targets:
            self._give(target, value)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self._give(item.optional_vars, self.value_of(item.context_expr))
        for statement in node.body:
            self.visit(statement)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self._give(node.target, self._element(self.value_of(node.iter)))
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        with self._inside({argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}):
            for statement in node.body:
                self.visit(statement)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        with self._inside(set()):
            for loop in node.generators:
                self._give(loop.target, self._element(self.value_of(loop.iter)))
            self.generic_visit(node)

    @contextmanager
    def _inside(self, hidden: set[str]) -> Iterator[None]:
        """A scope of its own, in which `hidden` names mean something else."""
        before = self._names
        self._names = {name: value for name, value in before.items() if name not in hidden}
        yield
        self._names = before

    def _give(self, target: ast.expr, value: Value | None) -> None:
        if isinstance(target, ast.Name):
            self._bind(target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self._give(part, self._element(value))

    def _bind(self, name: str, value: Value | None) -> None:
        if value is None:
            self._names.pop(name, None)
        else:
            self._names[name] = value

    # Names are used.

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.generic_visit(node)
        owner = self.value_of(node.value)
        if owner is None or not isinstance(node.ctx, ast.Load):
            return
        if owner.kind == OTHER:
            self._note(node.lineno, f"{owner.name}.{node.attr}", removed.of_name(owner.name, node.attr))
            return
        found = sdk.member(owner, node.attr)
        if isinstance(found, Verdict):
            self._note(node.lineno, f"{owner.name}.{node.attr}", found)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        function = self.value_of(node.func)
        if function is None or function.kind not in ("class", "function", "corner"):
            return
        self._note(node.lineno, function.name, sdk.judged(function))
        given = [keyword.arg for keyword in node.keywords if keyword.arg and function.kind != "corner"]
        if unknown := sdk.unknown_keywords(function, given):
            self._note(node.lineno, function.name, Verdict(f"takes no {', '.join(unknown)} here", hand=True))

    def _note(self, line: int, name: str, verdict: Verdict | None) -> None:
        if verdict is not None:
            self.say(line, name, verdict)

    # What an expression is.

    def value_of(self, node: ast.expr) -> Value | None:
        """What is known of an expression without running it."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Call):
            return self._answer(node)
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            return self._element(self._values(self.value_of(node.value)))
        return None

    def _attribute(self, node: ast.Attribute) -> Value | None:
        owner = self.value_of(node.value)
        if owner is None:
            return None
        if owner.kind == OTHER:
            return Value(OTHER, None, f"{owner.name}.{node.attr}")
        found = sdk.member(owner, node.attr)
        return found if isinstance(found, Value) else None

    def _answer(self, node: ast.Call) -> Value | None:
        if isinstance(node.func, ast.Name) and node.args and node.func.id not in self._names:
            given = self.value_of(node.args[0])
            if node.func.id in SAME_ELEMENTS:
                return given
            return self._element(given) if node.func.id == "next" else None
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("values", "items", "get"):
            owner = self._values(self.value_of(node.func.value))
            if owner is not None and owner.kind == "elements":
                return self._element(owner) if node.func.attr == "get" else owner
        function = self.value_of(node.func)
        return sdk.result(function) if function else None

    @staticmethod
    def _values(value: Value | None) -> Value | None:
        """What stands under the names of a mapping; going through one gives its names, which are texts."""
        return replace(value, kind="elements") if value is not None and value.kind == "mapping" else value

    @staticmethod
    def _element(value: Value | None) -> Value | None:
        return Value("instance", value.of, value.name) if value is not None and value.kind == "elements" else None
