"""The published parameter lists of v1 (signatures.txt: names, order and defaults) against ours."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

TABLE = Path(__file__).with_name("signatures.txt")


class Member(NamedTuple):
    owner: str
    module: str
    kind: str  # constructor, static, method, property
    name: str
    parameters: str


def members() -> Iterator[Member]:
    owner = module = ""
    for line in TABLE.read_text().splitlines():
        if not line.startswith(" "):
            owner, module = line.split()
            continue
        found = re.fullmatch(r"  (constructor |static |property setter |property )?(\w*)(\(.*\))?", line)
        assert found, line
        kind = (found[1] or "method").strip()
        name = "__init__" if kind == "constructor" else found[2]
        yield Member(owner, module, kind, name, found[3] or "")


def published(parameters: str) -> list[tuple[str, str]]:
    """Names and defaults as v1 published them, without self and cls and what is private."""
    arguments = ast.parse(f"def f{parameters}: pass").body[0].args  # type: ignore[attr-defined]
    names = [argument.arg for argument in arguments.args]
    defaults = ["" for _ in names[len(arguments.defaults) :]] + [ast.unparse(node) for node in arguments.defaults]
    pairs = list(zip(names, defaults[-len(names) :] if names else [], strict=True))
    extra = [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    extra += [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
    return [p for p in pairs if p[0] not in ("self", "cls") and p[0][0] != "_"] + [(name, "") for name in extra]


def ours(function: Any) -> list[tuple[str, str]]:
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        mark = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        if parameter.kind is parameter.KEYWORD_ONLY or name in ("self", "cls") or name.startswith("_"):
            continue
        found.append((mark + name, "" if parameter.default is parameter.empty else shown(parameter.default)))
    return found


def shown(default: Any) -> str:
    return f"{type(default).__name__}.{default.name}" if isinstance(default, Enum) else repr(default)


@pytest.mark.parametrize("member", list(members()), ids=lambda member: f"{member.owner}.{member.name}-{member.kind}")
def test_a_published_name_takes_what_v1_takes(member: Member) -> None:
    owner = getattr(import_module(f"jupyter_mldeploy.core.{member.module}"), member.owner)
    found = inspect.getattr_static(owner, member.name)
    if member.kind.startswith("property"):
        assert isinstance(found, property), "v1 has a property here"
        assert found.fset or member.kind == "property", "v1 can set it"
        return
    if member.kind == "static":
        assert isinstance(found, (staticmethod, classmethod)), "v1 calls it on the class"
    assert ours(getattr(owner, member.name)) == published(member.parameters)


def test_a_deviation_would_be_noticed() -> None:
    def reordered(self: Any, b: int = 2, a: int = 1) -> None: ...

    def other_default(self: Any, a: int = 1, b: int = 3) -> None: ...

    assert published("(self, a=1, b=2)") == [("a", "1"), ("b", "2")]
    assert ours(reordered) != published("(self, a=1, b=2)")
    assert ours(other_default) != published("(self, a=1, b=2)")
