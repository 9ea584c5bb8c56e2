"""Tags and properties: what callers may give, how it becomes text, and v1's filters over it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .exceptions import AzureMLException, UserErrorException, WebserviceException


def as_texts(
    what: str, values: Mapping[str, Any] | None, error: type[AzureMLException] = WebserviceException
) -> dict[str, str]:
    """The values as texts: numbers by `str`, lists and dicts as JSON. Not a dict, or not JSON → `error`."""
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise error(f"{what} must be a dict of name to value, not {type(values).__name__}: {values!r}")
    return {str(name): _as_text(what, name, value, error) for name, value in values.items()}


def _as_text(what: str, name: str, value: Any, error: type[AzureMLException]) -> str:
    if isinstance(value, str):
        return value
    value = python_number(value)
    try:
        text = json.dumps(value)
    except (TypeError, ValueError) as reason:
        raise error(f"{what}[{name!r}] cannot be stored: {reason}. Give a text or a number.") from None
    return text if isinstance(value, (dict, list, tuple)) else "" if value is None else str(value)


def python_number(value: Any) -> Any:
    """A NumPy scalar as the Python number it holds; anything else as it is. Does not import NumPy."""
    scalar = type(value).__module__.partition(".")[0] == "numpy" and getattr(value, "shape", None) == ()
    return value.item() if scalar else value


def check_filter(what: str, wanted: Any) -> list[tuple[str, str | None]]:
    """v1's list filter: each item a key, or a `[key, value]` pair. Another shape → UserErrorException."""
    if wanted is None:
        return []
    if not isinstance(wanted, list):
        raise UserErrorException(
            f"{what} must be a list of keys or [key, value] pairs, not {type(wanted).__name__}: {wanted!r}"
        )
    return [_pair(what, item) for item in wanted]


def _pair(what: str, item: Any) -> tuple[str, str | None]:
    if isinstance(item, str):
        return item, None
    if isinstance(item, Sequence) and len(item) == 2:
        return str(item[0]), str(item[1])
    raise UserErrorException(f"{item!r} in {what} is neither a key nor a [key, value] pair.")


def mapping_filter(wanted: str | Mapping[str, Any] | None) -> list[tuple[str, str | None]]:
    """The filter of runs and experiments: one key, or a dict of key → value (None: any)."""
    if wanted is None:
        return []
    if isinstance(wanted, str):
        return [(wanted, None)]
    return [(key, None if value is None else str(value)) for key, value in wanted.items()]


def matches(wanted: Sequence[tuple[str, str | None]], values: Mapping[str, str]) -> bool:
    return all(key in values and (value is None or values[key] == value) for key, value in wanted)
