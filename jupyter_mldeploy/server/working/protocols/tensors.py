"""Tensors: flat values in row-major order with a shape, their nested lists, and their little-endian bytes.

What a client says of a tensor is checked here before anything is made of it. Standard library only: of what `run` gets
as lists or as JSON text, an array would be no more than a detour.
"""

import struct
import sys
from itertools import chain
from math import prod
from typing import Any, Dict, List, NamedTuple, Set

from ..inputs import Refused

FORMATS = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
BYTES = "BYTES"  # texts; as bytes each is preceded by its length
DATATYPES = (*FORMATS, BYTES)
KINDS: Dict[str, Set[type]] = {
    "BOOL": {bool},
    "FP16": {int, float},
    "FP32": {int, float},
    "FP64": {int, float},
    BYTES: {str},
}
MOST_DIMENSIONS = 32
MOST_EMPTY = 65_536  # rows of a tensor that has no element: they cost the client nothing, and a list each here
LENGTH = struct.Struct("<I")
SHOWN = 100  # characters of a client's value in a message


class Tensor(NamedTuple):
    """A named array; `flat` holds as many values as `shape` says."""

    name: str
    datatype: str
    shape: List[int]
    flat: List[Any]

    def nested(self) -> Any:
        """Lists in lists, as JSON and `numpy.array` have them."""
        if not self.shape:
            return self.flat[0]
        nested = self.flat
        for depth in range(len(self.shape) - 1, 0, -1):
            size = self.shape[depth]
            nested = [nested[n * size : (n + 1) * size] for n in range(prod(self.shape[:depth]))]
        return nested


def tensor(name: str, datatype: Any, shape: Any) -> Tensor:
    """A tensor without its values yet. Raises Refused for a datatype or shape that cannot be."""
    if datatype not in DATATYPES:
        known = ", ".join(DATATYPES)
        raise Refused(400, f"The input {name!r} has the datatype {shown(datatype)}; there are: {known}.")
    sizes: List[Any] = shape if isinstance(shape, list) else [None]
    if len(sizes) > MOST_DIMENSIONS or not all(type(size) is int and size >= 0 for size in sizes):
        sized = f"a list of up to {MOST_DIMENSIONS} sizes, none negative"
        raise Refused(400, f"The input {name!r} has the shape {shown(shape)}; a shape is {sized}.")
    if 0 in sizes and prod(sizes[: sizes.index(0)]) > MOST_EMPTY:
        raise Refused(400, f"The input {name!r} of shape {shown(shape)} is too large for one without elements.")
    return Tensor(name, datatype, sizes, [])


def size(empty: Tensor) -> int:
    """How many bytes the values of a datatype of fixed size take."""
    return prod(empty.shape) * struct.calcsize(FORMATS[empty.datatype])


def from_bytes(empty: Tensor, data: bytes) -> Tensor:
    """The tensor with the values that `data` holds. Raises Refused when they are not as many as its shape says."""
    if empty.datatype == BYTES:
        return _counted(empty, _texts(empty.name, data))
    if len(data) != size(empty):
        what = f"{len(data)} bytes of data; {empty.datatype} of shape {shown(empty.shape)} takes {size(empty)}"
        raise Refused(400, f"The input {empty.name!r} has {what}.")
    return empty._replace(flat=_numbers(FORMATS[empty.datatype], data))


def from_json(empty: Tensor, data: Any) -> Tensor:
    """The tensor with the values of a list, flat or nested. Raises Refused when they do not fit it."""
    if not isinstance(data, list):
        raise Refused(400, f"The input {empty.name!r} has no list as its data, but {shown(data)}.")
    flat = data
    while flat and isinstance(flat[0], list):
        if set(map(type, flat)) != {list}:
            raise Refused(400, f"The data of the input {empty.name!r} is lists in some places and values in others.")
        flat = list(chain.from_iterable(flat))
    _check_values(empty, flat)
    return _counted(empty, flat)


def to_bytes(full: Tensor) -> bytes:
    """The values as bytes."""
    if full.datatype != BYTES:
        return struct.pack(f"<{len(full.flat)}{FORMATS[full.datatype]}", *full.flat)
    texts = [text.encode("utf-8", "surrogatepass") for text in full.flat]
    return b"".join(chain.from_iterable((LENGTH.pack(len(text)), text) for text in texts))


def shown(value: Any) -> str:
    """A value of the client's, in a message: not longer than it has to be."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def integer_range(datatype: str) -> range:
    """The values of an integer datatype, or an empty range for another one."""
    sign, found, bits = datatype.partition("INT")
    if not found:
        return range(0)
    return range(1 << int(bits)) if sign else range(-(1 << int(bits) - 1), 1 << int(bits) - 1)


def _check_values(empty: Tensor, flat: List[Any]) -> None:
    allowed = KINDS.get(empty.datatype, {int})
    found = set(map(type, flat))
    if not found <= allowed:
        wrong = next(value for value in flat if type(value) not in allowed)
        raise Refused(400, f"The input {empty.name!r} of datatype {empty.datatype} has the value {shown(wrong)}.")
    if flat and allowed == {int}:
        possible = integer_range(empty.datatype)
        for value in (min(flat), max(flat)):
            if value not in possible:
                raise Refused(400, f"The input {empty.name!r} has the value {value}, too large for {empty.datatype}.")


def _counted(empty: Tensor, flat: List[Any]) -> Tensor:
    if len(flat) != prod(empty.shape):
        what = f"{len(flat)} values; its shape {shown(empty.shape)} has {prod(empty.shape)}"
        raise Refused(400, f"The input {empty.name!r} has {what}.")
    return empty._replace(flat=flat)


def _numbers(form: str, data: bytes) -> List[Any]:
    """By the shortest way, for pictures are long; half floats came to `memoryview` with Python 3.12."""
    if sys.byteorder == "little" and form != "e":
        return memoryview(data).cast(form).tolist()  # type: ignore[no-any-return, call-overload]
    return list(struct.unpack(f"<{len(data) // struct.calcsize(form)}{form}", data))


def _texts(name: str, data: bytes) -> List[str]:
    texts: List[str] = []
    position = 0
    while position < len(data):
        start = position + LENGTH.size
        end = start + LENGTH.unpack_from(data, position)[0] if start <= len(data) else start
        if end > len(data):
            raise Refused(400, f"The data of the input {name!r} ends within its element {len(texts)}.")
        try:
            texts.append(str(data[start:end], "utf-8"))
        except UnicodeDecodeError:
            advice = "Send bytes that are no text as UINT8, or as base64."
            raise Refused(400, f"The element {len(texts)} of the input {name!r} is not UTF-8. {advice}") from None
        position = end
    return texts
