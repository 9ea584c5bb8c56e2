"""What an `azureml` name is here: read from the alias and the classes behind it, which are the only source."""

from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from ..azureml import corners, finder
from ..errors import MLDeployError
from .standing_in import STAND_INS


@dataclass(frozen=True)
class Value:
    """What an expression is: a `module`, a `class`, a `function`, an `instance` of a class, `elements` of such, or
    a `mapping` of names to such.

    A name from a far corner of the SDK is a `corner`: it can be imported, and not used.
    """

    kind: str
    of: Any
    name: str = ""
    also: tuple[Any, ...] = ()  # what it may be as well: the method of the classes below


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a name; `hand` when the user has to do something."""

    text: str
    hand: bool


def module(name: str) -> Value | None:
    """The module of that SDK name, when the alias has it."""
    try:
        return Value("module", import_module(name), name)
    except (ImportError, MLDeployError):
        return None


def missing(name: str) -> str:
    """The sentence for a module that the alias does not have."""
    try:
        import_module(name)
    except (ImportError, MLDeployError) as error:
        return _first(error)
    return ""


def _first(error: Exception) -> str:
    """What an error says, without the list of what exists."""
    return str(getattr(error, "message", error)).partition(" What exists")[0]


def member(owner: Value, name: str) -> Value | Verdict | None:
    """What `owner.name` is; a Verdict when there is no such name, None when nothing is known of it."""
    if owner.kind == "module":
        return _of_module(owner, name)
    if owner.kind in ("class", "instance"):
        return _of_class(owner, name)
    return _of_corner(owner) if owner.kind == "corner" else None


def judged(function: Value) -> Verdict | None:
    """What is to be said of calling this; None when it simply runs."""
    if function.kind == "corner":
        return _of_corner(function)
    if function.kind == "function" and _never_returns(function.of):
        return Verdict(_sentence(function.of), hand=True)
    title = function.name.partition(".")[0]
    return Verdict(STAND_INS[title], hand=False) if title in STAND_INS else None


def unknown_keywords(function: Value, given: list[str]) -> list[str]:
    """Those of the keyword names that the function or class does not take."""
    taken = [_takes(each, given) for each in (function.of, *function.also)]
    return [name for name in given if not any(name in names for names in taken)]


def _takes(function: Any, given: list[str]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return given
    any_name = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    return given if any_name else [*parameters]


def result(function: Value) -> Value | None:
    """What calling it gives, as far as its annotation tells."""
    if function.kind == "class":
        return Value("instance", function.of, function.name)
    if function.kind != "function":
        return None
    return annotated(getattr(function.of, "__annotations__", {}).get("return"))


def annotated(annotation: Any) -> Value | None:
    """The value that an annotation of ours describes: a class of the SDK, or a collection of such."""
    if isinstance(annotation, type):
        annotation = annotation.__name__
    if not isinstance(annotation, str):
        return None
    tree = ast.parse(annotation, mode="eval").body
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    found = next((name for name in names if name in _classes()), None)
    if found is None:
        return None
    return Value(_shape(tree.left if isinstance(tree, ast.BinOp) else tree), _classes()[found], found)


def _shape(annotation: ast.expr) -> str:
    """Whether an annotation means one of a class, several, or several by name."""
    if not isinstance(annotation, ast.Subscript):
        return "instance"
    return "mapping" if ast.unparse(annotation.value).endswith(("dict", "Mapping")) else "elements"


@cache
def _classes() -> dict[str, type]:
    """Every class that can be imported under an SDK name, by its own name."""
    found = {}
    for name in [key for key, twin in finder.TABLE.items() if twin]:
        place = module(name)
        for public in finder.public_names(name) if place else ():
            value = getattr(place.of, public, None) if place else None
            if isinstance(value, type):
                found[value.__name__] = value
    return found


def _of_module(owner: Value, name: str) -> Value | Verdict | None:
    if f"{owner.name}.{name}" in finder.TABLE:
        return module(f"{owner.name}.{name}")
    try:
        found = getattr(owner.of, name)
    except (AttributeError, ImportError, MLDeployError) as error:
        return Verdict(_first(error), hand=True)
    if isinstance(found, ModuleType):
        return Value("module", found, f"{owner.name}.{name}")
    return _value(found, name)


def _of_corner(owner: Value) -> Verdict:
    return Verdict(corners.sentence(owner.of.__module__, owner.of.__name__), hand=True)


def _value(found: Any, name: str) -> Value | None:
    if isinstance(found, corners.Absent):
        return Value("corner", found, name)
    if isinstance(found, type):
        return Value("class", found, name)
    return Value("function", found, name) if callable(found) else annotated(type(found))


def _of_class(owner: Value, name: str) -> Value | Verdict | None:
    kind: type = owner.of
    for each in (kind, *_below(kind)):
        found = inspect.getattr_static(each, name, None)
        if found is None:
            continue
        if isinstance(found, property):
            return annotated(getattr(found.fget, "__annotations__", {}).get("return"))
        value = _value(getattr(each, name, None), f"{each.__name__}.{name}")
        return value and replace(value, also=tuple(vars(low)[name] for low in _below(each) if name in vars(low)))
    if name.startswith("_") or name in _assigned(kind) or _answers_any(kind):
        return _of_field(kind, name)
    return Verdict(f"{kind.__name__} has no {name!r} here", hand=True)


def _of_field(kind: type, name: str) -> Value | None:
    annotations = [getattr(each, "__annotations__", {}).get(name) for each in kind.__mro__]
    return annotated(next((annotation for annotation in annotations if annotation), None))


def _answers_any(kind: type) -> bool:
    return any("__getattr__" in vars(each) for each in kind.__mro__)


def _below(kind: type) -> tuple[type, ...]:
    """The classes below: a call often answers with one of them, as `Model.deploy` does."""
    direct: list[type] = type.__subclasses__(kind)
    return (*direct, *(lower for each in direct for lower in _below(each)))


def _assigned(kind: type) -> frozenset[str]:
    """The attributes that methods of the class, of those above and below it, give to `self`."""
    names = set[str]()
    for each in {*kind.__mro__, *_below(kind)} - {object}:
        names.update(getattr(each, "__annotations__", ()))
        names.update(_assigned_in(each))
    return frozenset(names)


@cache
def _assigned_in(kind: type) -> set[str]:
    place = sys.modules.get(kind.__module__)
    try:
        tree = ast.parse(inspect.getsource(place)) if place else ast.Module([], [])
    except (OSError, TypeError):
        return set()
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == kind.__name__]
    return {
        node.attr
        for each in classes
        for node in ast.walk(each)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }


def _never_returns(function: Any) -> bool:
    return str(getattr(function, "__annotations__", {}).get("return", "")).endswith("NoReturn")


def _sentence(function: Any) -> str:
    """What a call that is not available says: such functions do nothing but raise it."""
    required = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    try:
        function(*(None for _ in required))
    except MLDeployError as error:
        return error.message
    except (TypeError, AttributeError):
        return f"{function.__qualname__} is not available here."
    return ""
