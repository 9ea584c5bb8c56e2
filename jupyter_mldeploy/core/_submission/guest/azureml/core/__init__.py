"""`azureml.core` for the script: Run, and every other class by reference."""

from __future__ import annotations

from typing import Any

from .. import named
from .run import Run, get_run

VERSION = "1.61.0"
__version__ = VERSION
__all__ = ["VERSION", "Run", "get_run"]


def __getattr__(name: str) -> Any:
    return named("azureml.core", name)
