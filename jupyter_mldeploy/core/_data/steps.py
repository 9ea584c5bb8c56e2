"""What a dataset does with its rows, or a file dataset with its files: each step by its name and options."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from ...errors import InvalidInput, known

Options = Mapping[str, Any]
Steps = Sequence[tuple[str, Options]]


def positions(count: int, steps: Steps) -> list[int]:
    """Which of `count` items are left after the steps that only choose."""
    left = list(range(count))
    for name, options in steps:
        left = _CHOOSING[name](left, options)
    return left


def applied(frame: Any, steps: Steps) -> Any:
    """The frame after the steps."""
    for name, options in steps:
        if name in _CHOOSING:
            frame = frame.iloc[_CHOOSING[name](list(range(len(frame))), options)]
        else:
            frame = _ON_FRAMES[name](frame, options)
    return frame.reset_index(drop=True)


def _take(items: list[int], options: Options) -> list[int]:
    return items[: options["count"]]


def _skip(items: list[int], options: Options) -> list[int]:
    return items[options["count"] :]


def _sample(items: list[int], options: Options) -> list[int]:
    chance = random.Random(options["seed"])
    return [item for item in items if chance.random() < options["probability"]]


def _split(items: list[int], options: Options) -> list[int]:
    """The first part of a shuffled order, or the rest; both in the order of the rows."""
    order = list(items)
    random.Random(options["seed"]).shuffle(order)
    cut = round(len(order) * options["percentage"])
    return sorted(order[:cut] if options["first"] else order[cut:])


def _keep(frame: Any, options: Options) -> Any:
    return frame[_columns(frame, options["columns"])]


def _drop(frame: Any, options: Options) -> Any:
    return frame.drop(columns=_columns(frame, options["columns"]))


def _between(frame: Any, options: Options) -> Any:
    """Rows whose time lies between two, both given or not, the bounds among them or not."""
    pd = import_module("pandas")
    (column,) = _columns(frame, [options["column"]])
    times = pd.to_datetime(frame[column], utc=True)
    kept = times.notna()
    comparisons = (operator.ge, operator.le) if options.get("boundary", True) else (operator.gt, operator.lt)
    for key, compare in zip(("start", "end"), comparisons, strict=True):
        if options.get(key):
            kept &= compare(times, pd.to_datetime(options[key], utc=True))
    return frame[kept]


def _filter(frame: Any, options: Options) -> Any:
    return frame[value_of(frame, options["expression"])]


_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    **{name: getattr(operator, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")},
    "and": operator.and_,
    "or": operator.or_,
}


def value_of(frame: Any, expression: Any) -> Any:
    """The value of `{"column": name}`, `{"not": …}`, `{"op": …, "of": [a, b]}`, or of a plain value."""
    if not isinstance(expression, Mapping):
        return expression
    if "column" in expression:
        (column,) = _columns(frame, [expression["column"]])
        return frame[column]
    if "not" in expression:
        return ~value_of(frame, expression["not"])
    left, right = (value_of(frame, part) for part in expression["of"])
    return _OPERATORS[expression["op"]](left, right)


def _columns(frame: Any, asked: Sequence[str]) -> list[str]:
    missing = [name for name in asked if name not in frame.columns]
    if missing:
        raise InvalidInput(f"No column {missing[0]!r}. {known('Columns', map(str, frame.columns))}")
    return list(asked)


_CHOOSING: Mapping[str, Callable[[list[int], Options], list[int]]] = {
    "take": _take,
    "skip": _skip,
    "sample": _sample,
    "split": _split,
}
_ON_FRAMES: Mapping[str, Callable[[Any, Options], Any]] = {
    "keep": _keep,
    "drop": _drop,
    "between": _between,
    "filter": _filter,
}
