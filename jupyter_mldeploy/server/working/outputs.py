"""From what `run` returned to the body of the answer (wire contract, section 4), and what to say when JSON has no form
for it."""

import datetime
import decimal
import json
from typing import Any, Callable, Iterator, Mapping, Optional, Tuple

from .tracebacks import summary

PLAIN = (str, int, float, bool, type(None))


def encode(value: Any) -> bytes:
    """The JSON text of a result; None is `{}`. Raises TypeError, ValueError or RecursionError."""
    if value is None:
        return b"{}"
    try:
        return _text(value).encode("ascii")
    except (TypeError, ValueError, RecursionError):  # why, `json.dumps` says better
        return json.dumps(value).encode("ascii")


def _writer() -> Callable[[Any], str]:
    """What `json.dumps` does, without making its encoder anew for each value, which is two thirds of the time for a
    small one; `json.dumps` itself where this Python has no such encoder in C, or another one."""
    try:
        chunks = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
            None, _refuse, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True
        )
        known = {"a": [1, 2.5, None, True, "\u00e9"]}
        return (
            (lambda value: "".join(chunks(value, 0))) if "".join(chunks(known, 0)) == json.dumps(known) else json.dumps
        )
    except (AttributeError, TypeError):
        return json.dumps


def _refuse(value: Any) -> None:
    raise TypeError(f"Object of type {_name(value)} is not JSON serializable")


_text = _writer()


def encoder(switches: Mapping[str, Any]) -> Callable[[Any], bytes]:
    """The `encode` that these switches ask for."""
    default = _plain if switches.get("encode_more") else None
    no_nan = bool(switches.get("nan_as_null"))
    if default is None and not no_nan:
        return encode

    def encode_so(value: Any) -> bytes:
        text = "{}" if value is None else json.dumps(value, default=default)
        if no_nan and ("NaN" in text or "Infinity" in text):
            text = json.dumps(json.loads(text, parse_constant=lambda _: None))
        return text.encode("ascii")

    return encode_so


def _plain(value: Any) -> Any:
    """What JSON can hold instead of a value of numpy, pandas, datetime or decimal; told by what it can do."""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if hasattr(value, "tolist"):  # arrays, scalars, Series, Index
        return value.tolist()
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict(orient="records")
    raise TypeError(f"Object of type {_name(value)} is not JSON serializable")


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
