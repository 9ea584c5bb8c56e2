"""Which names of the SDK an entry script finds inside a service: read from the modules that stand there."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .. import server
from .following import OTHER, ROOT, Follower
from .sdk import Value, Verdict

SHIMS = Path(server.__file__).parent / "shims"
STANDING_IN = ("azureml.core.", "azureml.exceptions.")  # names of these can be imported there
ELSEWHERE = "is not there inside a service. Take it out of the entry script; model files: Model.get_model_path(name)"


def is_entry_script(tree: ast.Module) -> bool:
    """Whether it has the two functions that a service calls."""
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return {"init", "run"} <= names


class InService(Follower):
    """Follows the names of an entry script: those of the SDK are the service's own."""

    _used: frozenset[str] = frozenset()

    def visit_Module(self, node: ast.Module) -> None:
        self._used = frozenset(one.id for one in ast.walk(node) if isinstance(one, ast.Name))
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        super().visit_Import(node)
        self._look_up(node.lineno, {alias.name: alias.asname or ROOT for alias in node.names})

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        super().visit_ImportFrom(node)
        self._look_up(node.lineno, {f"{node.module}.{alias.name}": alias.asname or alias.name for alias in node.names})

    def _imported(self, line: int, name: str) -> Value | None:
        return Value(OTHER, None, name) if _of_sdk(name) else super()._imported(line, name)

    def _look_up(self, line: int, names: Mapping[str, str]) -> None:
        """Judge imported names, each with what it is bound to; one that stands in does no harm until it is used."""
        for name, bound in names.items():
            harmless = name.startswith(STANDING_IN) and bound not in self._used
            if _of_sdk(name) and not _has(name) and not harmless:
                self.say(line, name, Verdict(ELSEWHERE, hand=True))


def _of_sdk(name: str) -> bool:
    return name.partition(".")[0] == ROOT


def _has(name: str) -> bool:
    """Whether the name is a module there, or a name of one."""
    parent, _, last = name.rpartition(".")
    return _file(name) is not None or (last == "*" and _file(parent) is not None) or last in _names(parent)


def _file(module: str) -> Path | None:
    place = SHIMS.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


@cache
def _names(module: str) -> frozenset[str]:
    """What a module of the service binds at its top."""
    path = _file(module)
    found = set[str]()
    for node in ast.parse(path.read_text()).body if path else ():
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            found.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return frozenset(found)
