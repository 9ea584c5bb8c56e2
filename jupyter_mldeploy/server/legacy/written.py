"""Which version of scikit-learn wrote a pickle: read from its bytes, without executing it."""

import os
import re
import sys
import zlib
from functools import lru_cache
from importlib import import_module
from typing import Any, Callable, Iterator, Optional, Set

# The key of scikit-learn's version in an estimator's state, and the text after it: protocols 4, 2 and 3, 1, 0.
VERSION = re.compile(
    rb"_sklearn_version(?:\x94|q.|r....)?(?:\x95.{8})?(?:\x8c(.)|X(.)\x00\x00\x00|U(.))([0-9][\w.+-]*)"
    rb"|_sklearn_version'?\r?\np\d+\r?\n[SV]'?([0-9][\w.+-]*)",
    re.S,
)
MOVED_BY_NUMPY_2 = re.compile(rb"numpy\._core")
PIECE, LIMIT, OVERLAP = 1 << 20, 1 << 28, 64


def about(path: str) -> str:
    """A sentence on the versions that wrote the pickle in `path` when they differ from those here."""
    try:
        written, newer = _read(path, os.stat(path).st_mtime_ns)
    except (OSError, EOFError, ValueError, zlib.error, ImportError):
        return ""
    name, here = os.path.basename(path), _version("sklearn", "scikit-learn")
    if written and here not in written:
        now = f"here is scikit-learn {here}" if here else "here is no scikit-learn"
        return (
            f"{name} was written by scikit-learn {' and '.join(sorted(written))}; {now}. Train and register the model "
            f"again with the version here, or put scikit-learn=={sorted(written)[-1]} into the environment."
        )
    numpy = _version("numpy", "numpy")
    if newer and numpy.startswith("1."):
        return f"{name} was written with NumPy 2 or newer; here is NumPy {numpy}. Put numpy>=2 into the environment."
    return ""


@lru_cache(64)
def _read(path: str, changed: int) -> Any:
    """The versions of scikit-learn in a pickle, packed or not, and whether it needs NumPy 2."""
    found: Set[str] = set()
    newer, rest = False, b""
    for piece in _pieces(path):
        text = rest + piece
        for match in VERSION.finditer(text):
            length = match[1] or match[2] or match[3]
            value = match[4][: length[0]] if length else match[5]
            found.add(value.decode("ascii", "replace"))
        newer = newer or bool(MOVED_BY_NUMPY_2.search(text))
        rest = text[-OVERLAP:]
    return found, newer


def _pieces(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        head = file.read(6)
    zipped = head[:1] == b"\x78" and head[1:2] in (b"\x01", b"\x5e", b"\x9c", b"\xda")  # joblib's own packing
    unpack = zlib.decompressobj() if zipped else None
    rest, left = b"", LIMIT
    with _opener(head)(path, "rb") as file:
        while left > 0:
            piece = rest or file.read(PIECE)
            if not piece:
                return
            if unpack is not None:
                piece, rest = unpack.decompress(piece, PIECE), unpack.unconsumed_tail
            left -= len(piece)
            yield piece


def _opener(head: bytes) -> Callable[..., Any]:
    for magic, module in ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\xfd7zXZ", "lzma"), (b"\x5d\x00", "lzma")):
        if head.startswith(magic):
            opener: Callable[..., Any] = import_module(module).open
            return opener
    return open


def _version(module: str, distribution: str) -> str:
    """The version of a library in this interpreter; empty when it is not there."""
    loaded: Optional[str] = getattr(sys.modules.get(module), "__version__", None)
    if loaded:
        return loaded
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
