"""From what `run` returned to the body of the answer (wire contract, section 4), and what to say when JSON has no form
for it."""

import json
from typing import Any, Iterator, Optional, Tuple

from .tracebacks import summary

PLAIN = (str, int, float, bool, type(None))


def encode(value: Any) -> bytes:
    """The JSON text of a result; None is `{}`. Raises TypeError, ValueError or RecursionError."""
    return b"{}" if value is None else json.dumps(value).encode("ascii")


def why_not(value: Any, error: BaseException) -> str:
    """Name the type that JSON cannot hold and where it stands, for the log."""
    try:
        culprit = _culprit(value, "") if isinstance(error, TypeError) else None
    except Exception:  # noqa: BLE001 (the script's own objects, which may raise when looked at)
        culprit = None
    if culprit is None:
        return f"run() returned a {_name(value)} that cannot be written as JSON: {summary(error)}"
    return (
        f"run() returned a value that cannot be written as JSON: {culprit}. "
        "Convert it first, for example by .tolist(), float() or str()."
    )


def _culprit(value: Any, place: str) -> Optional[str]:
    if isinstance(value, PLAIN):
        return None
    if not isinstance(value, (dict, list, tuple)):
        return f"{_name(value)} at result{place}" if place else _name(value)
    for key, item in _items(value):
        if isinstance(value, dict) and not isinstance(key, PLAIN):
            return f"a key of type {_name(key)} in result{place}"
        found = _culprit(item, f"{place}[{key!r}]")
        if found:
            return found
    return None


def _items(value: Any) -> Iterator[Tuple[Any, Any]]:
    return iter(value.items() if isinstance(value, dict) else enumerate(value))


def _name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
