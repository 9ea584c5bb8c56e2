"""How a deployment parameter is declared, once: its JSON key, its default, its least value; and what follows from that.

The JSON keys are those of v1's deployment configuration files (`computeType` and so on).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from numbers import Real
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SECRETS = frozenset({"primary_key", "secondary_key"})


@dataclass(frozen=True)
class Rule:
    """What an annotation says of its parameter; numbers must lie `above` one, or be at `least` another.

    `default` is what a service takes when nothing is given; `effect` is False for what is only recorded here.
    """

    key: str = ""
    default: Any = None
    above: float | None = None
    least: float | None = None
    effect: bool = True

    def problem(self, name: str, value: Any) -> str:
        """What is wrong with `value`, or nothing."""
        low = self.above if self.least is None else self.least
        if value is None or low is None:
            return ""
        wanted = f"it must be a number {'above' if self.least is None else 'of at least'} {low:g}"
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            return f"{name} is {value!r}: {wanted}."
        fits = float(value) > low if self.least is None else float(value) >= low
        return "" if fits else f"{name} is {value!r}: {wanted}."


def rules(configuration: DataclassInstance) -> Mapping[str, Rule]:
    """Each parameter's name and rule, in published order."""
    return declared(type(configuration))


@cache
def declared(kind: type[Any]) -> Mapping[str, Rule]:
    """The same for a class."""
    hints = get_type_hints(kind, include_extras=True)
    found = ((f.name, getattr(hints[f.name], "__metadata__", ())) for f in fields(kind))
    return {name: metadata[0] for name, metadata in found if metadata}


def problems(configuration: DataclassInstance) -> list[str]:
    """What is wrong with single values, one sentence each."""
    found = (rule.problem(name, getattr(configuration, name)) for name, rule in rules(configuration).items())
    return [sentence for sentence in found if sentence]


def given(configuration: DataclassInstance) -> dict[str, Any]:
    """The parameters that were given, by name; never the keys."""
    values = ((name, getattr(configuration, name)) for name in rules(configuration))
    return {name: value for name, value in values if value is not None and name not in SECRETS}


def effective(configuration: DataclassInstance, name: str) -> Any:
    """The value of one parameter, its default where none was given."""
    value = getattr(configuration, name)
    return rules(configuration)[name].default if value is None else value


def tree(configuration: DataclassInstance) -> dict[str, Any]:
    """The parameters as v1's nested JSON, defaults filled in; never the keys."""
    content: dict[str, Any] = {}
    for name, rule in rules(configuration).items():
        if rule.key and name not in SECRETS:
            *groups, last = rule.key.split(".")
            place = content
            for group in groups:
                place = place.setdefault(group, {})
            place[last] = effective(configuration, name)
    return content


def look_up(content: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key, or None."""
    value: Any = content
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
