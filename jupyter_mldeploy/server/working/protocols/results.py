"""From what `run` returned to plain values and to tensors. A v1 script's JSON text counts as what it says."""

import json
from itertools import chain
from typing import Any, Callable, List, Optional

from .tensors import BYTES, FORMATS, MOST_DIMENSIONS, Tensor, integer_range

OUTPUT = "output-0"  # the name of a result that is one tensor, unless the client asks for it by another
NESTED = {list, tuple}
LARGEST = 2**1023


def decoded(value: Any) -> Any:
    """The object or list that a text holds as JSON; anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def tensors(value: Any, encode: Callable[[Any], bytes]) -> List[Tensor]:
    """The outputs that a result comes to: one array, the named arrays of an object or of a table, else its JSON text.

    Raises what `encode` does for a result that has no JSON form.
    """
    found = tensor(OUTPUT, value)
    if found is not None:
        return [found]
    columns = _columns(value)
    lists = {str(name): part for name, part in columns.items() if hasattr(part, "tolist") or type(part) in NESTED}
    whole = [one for one in (tensor(name, part) for name, part in lists.items()) if one is not None]
    if columns and len(whole) == len(columns):
        return whole
    return [Tensor(OUTPUT, BYTES, [1], [encode(value).decode("ascii")])]


def tensor(name: str, value: Any) -> Optional[Tensor]:
    """The tensor that a value is, or None where its parts differ in length or kind. An array keeps its datatype."""
    if hasattr(value, "dtype") and hasattr(value, "reshape"):  # numpy's, told by what it can do
        datatype = str(value.dtype).upper().replace("FLOAT", "FP")
        if datatype in FORMATS:
            return Tensor(name, datatype, list(value.shape) or [1], value.reshape(-1).tolist())
    shape: List[int] = []
    flat = _plain([value])
    while flat and set(map(type, flat)) <= NESTED and len(shape) < MOST_DIMENSIONS:
        lengths = set(map(len, flat))
        if len(lengths) > 1:
            return None
        shape += lengths
        flat = _plain(list(chain.from_iterable(flat)))
    kind = _datatype(flat)
    return Tensor(name, kind, shape or [1], flat) if kind else None


def _plain(flat: List[Any]) -> List[Any]:
    """The same with Python's own values in the place of numpy's and pandas'."""
    if not any(hasattr(kind, "tolist") for kind in set(map(type, flat))):
        return flat
    return [value.tolist() if hasattr(value, "tolist") else value for value in flat]


def _columns(value: Any) -> Any:
    """The columns by name of an object of lists, of a list of objects alike, or of a data frame; else nothing."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict(orient="list")
    if isinstance(value, dict):
        return value
    alike = isinstance(value, list) and set(map(type, value)) == {dict} and len(set(map(frozenset, value))) == 1
    return {name: [record[name] for record in value] for name in value[0]} if alike else {}


def _datatype(flat: List[Any]) -> str:
    kinds = set(map(type, flat))
    if kinds == {bool}:
        return "BOOL"
    if kinds == {str}:
        return BYTES
    if kinds == {int}:
        least, most = min(flat), max(flat)
        fitting = (kind for kind in ("INT64", "UINT64") if least in integer_range(kind) and most in integer_range(kind))
        return next(fitting, "")
    return "FP64" if kinds <= {int, float} and _is_finite(flat) else ""


def _is_finite(flat: List[Any]) -> bool:
    """Whether each whole number among the others has a float's range."""
    return all(type(value) is float or abs(value) < LARGEST for value in flat)
