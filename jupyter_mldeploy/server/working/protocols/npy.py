"""numpy's `.npy` files without numpy: a header that says type, order and shape, and the values."""

import re
import struct
from math import prod
from typing import Any, List, NamedTuple

from ..inputs import Refused
from .tensors import BYTES, FORMATS, Tensor, from_bytes, shown, tensor

MAGIC = b"\x93NUMPY"
# The type letters of numpy with their sizes in bytes, by datatype.
LETTERS = {"BOOL": "b1", "FP16": "f2", "FP32": "f4", "FP64": "f8"}
LETTERS.update({f"INT{size * 8}": f"i{size}" for size in (1, 2, 4, 8)})
LETTERS.update({f"UINT{size * 8}": f"u{size}" for size in (1, 2, 4, 8)})
DATATYPES = {letters: datatype for datatype, letters in LETTERS.items()}
WIDTHS = {1: "<H", 2: "<I", 3: "<I"}  # how the header's length is written, by the format's version
ALIGNED = 64
# The header is a Python dict's text. Three patterns read it, as Python's own parser can be made to overflow.
DESCR = re.compile(r"'descr': *'([^']*)'")
ORDER = re.compile(r"'fortran_order': *(True|False)")
SHAPE = re.compile(r"'shape': *\(([0-9, ]*)\)")
SIZE = re.compile(r"[0-9]{1,18}")
LONGEST = 65_536  # of a header: more than any type and shape takes that is read here


def read(data: bytes) -> Tensor:
    """The array of a file. Raises Refused for what is none, and for types that are no numbers or texts."""
    descr, by_column, shape, start = _header(data)
    order, letters, content = descr[:1], descr[1:], data[start:]
    if re.fullmatch(r"U\d{1,6}", letters):
        found = _texts(tensor("array", BYTES, shape), content, order, int(letters[1:]))
    elif letters in DATATYPES:
        empty = tensor("array", DATATYPES[letters], shape)
        found = from_bytes(empty, _swapped(content, letters) if order == ">" else content)
    else:
        raise Refused(415, f"The array has the type {shown(descr)}; numbers and texts are read.")
    return found._replace(flat=_row_major(found)) if by_column else found


def write(full: Tensor) -> bytes:
    """A file that holds the tensor."""
    if full.datatype == BYTES:
        width = max((len(value) for value in full.flat), default=1) or 1
        letters = f"<U{width}"
        data = b"".join(value.encode("utf-32-le").ljust(4 * width, b"\0") for value in full.flat)
    else:
        letters = ("|" if LETTERS[full.datatype].endswith("1") else "<") + LETTERS[full.datatype]
        data = struct.pack(f"<{len(full.flat)}{FORMATS[full.datatype]}", *full.flat)
    said = repr({"descr": letters, "fortran_order": False, "shape": tuple(full.shape)})
    before = len(MAGIC) + 4 + len(said) + 1
    header = (said + " " * (-before % ALIGNED) + "\n").encode("latin-1")
    return MAGIC + bytes((1, 0)) + struct.pack("<H", len(header)) + header + data


class Header(NamedTuple):
    """What the file says of its array, and where the values begin."""

    descr: str
    by_column: bool
    shape: List[int]
    start: int


def _header(data: bytes) -> Header:
    version = data[len(MAGIC)] if data.startswith(MAGIC) and len(data) > len(MAGIC) + 6 else 0
    if version not in WIDTHS:
        raise Refused(400, "The body is no .npy file, as its content type says.")
    start = len(MAGIC) + 2 + struct.calcsize(WIDTHS[version])
    length = struct.unpack_from(WIDTHS[version], data, len(MAGIC) + 2)[0]
    said = data[start : start + min(length, LONGEST)].decode("latin-1")
    found = [pattern.search(said) for pattern in (DESCR, ORDER, SHAPE)]
    descr, order, shape = (match[1] if match else "" for match in found)
    if not all(found):
        raise Refused(415, f"The header of the .npy file is {shown(said)}; arrays of numbers and texts are read.")
    return Header(descr, order == "True", [int(size) for size in SIZE.findall(shape)], start + length)


def _swapped(content: bytes, letters: str) -> bytes:
    """The same values with the least byte first."""
    width = int(letters[1:])
    swapped = bytearray(len(content))
    if len(content) % width == 0:
        for at in range(width):
            swapped[at::width] = content[width - 1 - at :: width]
    return bytes(swapped)


def _texts(empty: Tensor, content: bytes, order: str, width: int) -> Tensor:
    if len(content) != prod(empty.shape) * width * 4:
        raise Refused(400, f"The array has {len(content)} bytes of texts, which its shape does not take.")
    encoding = "utf-32-be" if order == ">" else "utf-32-le"
    starts = range(0, len(content), width * 4 or 1)
    try:
        texts = [content[start : start + width * 4].decode(encoding).rstrip("\0") for start in starts]
    except UnicodeDecodeError:
        raise Refused(400, "The array holds texts that are no Unicode.") from None
    return empty._replace(flat=texts if width else [""] * prod(empty.shape))


def _row_major(found: Tensor) -> List[Any]:
    """The values of an array whose first index runs fastest, so that its last one does."""
    places, stride = [0], 1
    for size in found.shape:
        places = [place + index * stride for place in places for index in range(size)]
        stride *= size
    return [found.flat[place] for place in places]
