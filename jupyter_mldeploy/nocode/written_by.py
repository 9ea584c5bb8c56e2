"""Which scikit-learn wrote a model file, read from its bytes: nothing in it is loaded or run."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from packaging.version import InvalidVersion, Version

SUFFIXES = (".pkl", ".pickle", ".joblib", ".sav", ".model")
CHUNK = 1 << 20
OVERLAP = 200  # bytes; what is looked for is shorter
# The key in an estimator's state, as pickle protocols 0 to 5 write it, and the version text behind it.
VERSION = re.compile(
    rb"_sklearn_version(?:\x94|q.|r.{4}|\np\d+\n)?(?:\x8c.|X.{4}|V)(\d+\.\d+(?:\.\d+)?(?:\.?(?:dev|rc|post)\d+)?)",
    re.DOTALL,
)
OPENERS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7z": lzma.open,
    b"\x5d\0\0": lzma.open,
}
# The first scikit-learn with wheels for a minor Python, by PyPI; before the first of them it was another Python.
WHEELS = {8: "0.22", 9: "0.24", 10: "1.0", 11: "1.1.3", 12: "1.3.1", 13: "1.5.2", 14: "1.7.2"}


@dataclass(frozen=True)
class Writer:
    """What a file tells: the version of scikit-learn (empty: nothing), whether its model knows column names, whether
    NumPy 2 wrote it, which NumPy 1 cannot read, and whether decision trees are in it, whose form has changed."""

    version: str = ""
    names: bool = False
    numpy_two: bool = False
    trees: bool = False

    @staticmethod
    def python(version: str) -> str:
        """The Python to ask for, where scikit-learn `version` is too old for this one; else empty."""
        try:
            wanted = Version(version)
        except InvalidVersion:
            return ""
        here = sys.version_info.minor
        if wanted >= Version(WHEELS.get(here, "0")):
            return ""
        fitting = [minor for minor, first in WHEELS.items() if Version(first) <= wanted]
        return f"3.{max(fitting, default=min(WHEELS))}"


def writer(path: Path) -> Writer:
    """What the model file at `path`, or the one in that folder, tells of its writer."""
    version, names, numpy_two, trees = "", False, False, False
    for part in _parts(_file(path)):
        if not version and (found := VERSION.search(part)):
            version = found[1].decode()
        names = names or b"feature_names_in_" in part
        numpy_two = numpy_two or b"numpy._core" in part
        trees = trees or b"sklearn.tree._tree" in part
    return Writer(version, names, numpy_two, trees)


def _file(path: Path) -> Path | None:
    if path.is_file():
        return path
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return next((file for file in files if file.suffix in SUFFIXES), files[0] if len(files) == 1 else None)


def _parts(path: Path | None) -> Iterator[bytes]:
    """The content, unpacked, in pieces that overlap; of a file that is damaged, as much as can be read."""
    if path is None:
        return
    last = b""
    try:
        for part in _unpacked(path):
            yield last + part
            last = part[-OVERLAP:]
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return  # its own error will say more when it is loaded


def _unpacked(path: Path) -> Iterator[bytes]:
    with path.open("rb") as plain:
        head = plain.read(3)
        plain.seek(0)
        if head[:1] == b"\x78":  # joblib's own compression: a bare zlib stream
            yield from _inflated(plain)
            return
        opener = next((opener for magic, opener in OPENERS.items() if head.startswith(magic)), None)
        with opener(path) if opener else path.open("rb") as file:
            while part := file.read(CHUNK):
                yield part


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj()
    while part := file.read(CHUNK):
        while part:
            yield stream.decompress(part, CHUNK)
            part = stream.unconsumed_tail
