"""Wheels that were built for NumPy 1 do not load beside NumPy 2, and their metadata does not say so."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

# The first version of each whose wheels load with NumPy 2, by the release notes of each.
FIRST_FOR_TWO = {
    "h5py": "3.11",
    "matplotlib": "3.8.4",
    "onnxruntime": "1.19",
    "pandas": "2.2.2",
    "pyarrow": "16.0",
    "scikit-image": "0.24",
    "scikit-learn": "1.4.2",
    "scipy": "1.13",
    "statsmodels": "0.14.2",
    "torch": "2.3",
}
CONSTRAINT = "numpy<2"


def broken(requirements: Sequence[str], pins: Sequence[str]) -> tuple[str, ...]:
    """The pins that do not load with the NumPy 2 beside them; none when `requirements` say which NumPy they want."""
    if not any(pin.startswith("numpy==") and Version(pin[7:]) >= Version("2") for pin in pins):
        return ()
    return () if any(_states_numpy(line) for line in requirements) else tuple(pin for pin in pins if _is_older(pin))


def _is_older(pin: str) -> bool:
    name, _, version = pin.partition("==")
    return name in FIRST_FOR_TWO and Version(version.split(" ")[0]) < Version(FIRST_FOR_TWO[name])


def _states_numpy(line: str) -> bool:
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return False
    return canonicalize_name(requirement.name) == "numpy" and bool(requirement.specifier or requirement.url)
