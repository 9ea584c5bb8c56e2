"""Pins that could not read the models of a deployment, which this notebook wrote with newer versions.

Old specifications pin what their notebook had when it was written. Only what is certain to fail is named here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..nocode.written_by import Writer, writer
from ..specs import Lock
from . import here
from .asked import named
from .outdated import held_back, replaced
from .pythons import this

OF_MODELS = ("joblib", "numpy", "pandas", "scikit-learn", "scipy")  # what is inside a pickled model
READS_NUMPY_TWO = Version("1.26")  # it knows the new names of NumPy's modules
READS_TREES = Version("1.3")  # since then trees know missing values, and have one field more


def reason(models: Sequence[Path], lock: Lock) -> str:
    """Which of `models` cannot be loaded by what `lock` holds, and why; empty when none is certain to fail."""
    if lock.interpreter or not models or not _reads_numpy_two():
        return ""
    held = _versions(lock)
    return next((why for path in models if (why := _why(path.name, writer(path), held))), "")


def current(requirements: Sequence[str]) -> tuple[str, ...]:
    """`requirements` with the versions of this notebook in the place of stale ones."""
    stale = [line for line in held_back(requirements) if (found := named(line)) and _is_of_models(found.name)]
    return tuple(replaced(line, this()) if line in stale else line for line in requirements)


def _is_of_models(name: str) -> bool:
    return canonicalize_name(name) in OF_MODELS


def _reads_numpy_two() -> bool:
    """Can this notebook itself read what NumPy 2 writes? Else its versions are no way out."""
    own = here.version_of("numpy")
    return bool(own) and Version(own) >= READS_NUMPY_TWO


def _why(model: str, written: Writer, held: dict[str, Version]) -> str:
    numpy, scikit = held.get("numpy"), held.get("scikit-learn")
    if written.numpy_two and numpy and numpy < READS_NUMPY_TWO:
        return f"numpy {numpy} cannot read {model}, which NumPy 2 wrote"
    if not (written.trees and written.version and scikit):
        return ""
    if scikit < READS_TREES <= Version(written.version):
        return f"scikit-learn {scikit} cannot read the trees in {model}, which scikit-learn {written.version} wrote"
    return ""


def _versions(lock: Lock) -> dict[str, Version]:
    """What `lock` holds of them, from PyPI's pins and from the file names of conda's packages."""
    pins = [pin.split(" ")[0].partition("==")[::2] for pin in lock.requirements]
    files = [line.partition("#")[0].rpartition("/")[2].rsplit("-", 2) for line in lock.conda]
    found = {}
    for name, version in (*pins, *((file[0], file[1]) for file in files if len(file) == 3)):
        if name in OF_MODELS:
            try:
                found[name] = Version(version)
            except InvalidVersion:
                continue
    return found
