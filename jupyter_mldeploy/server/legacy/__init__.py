"""Old code on new libraries: names that NumPy, scikit-learn and pandas have removed, supplied where they are missing.

In notebooks with the alias, and in workers. A name that a library has is never touched; nothing is imported for it.
"""

import os

from .finder import LAYER, Gone

VARIABLE = "MLDEPLOY_LEGACY"  # "false" in a process's environment keeps the layer off there

__all__ = ["VARIABLE", "Gone", "switch", "wanted"]


def switch(on: bool = True) -> None:
    """Supply the removed names in this process from now on, or no longer; names already taken stay as they are."""
    LAYER.switch(on)


def wanted() -> bool:
    """Whether this process's environment leaves the layer on."""
    return os.environ.get(VARIABLE, "").lower() not in ("0", "off", "f", "false", "n", "no")
