"""`azureml.core` inside a service: Model and the version that scripts print."""

from typing import Any

from ..absent import stand_in
from . import model
from .model import Model

VERSION = __version__ = "1.61.0"  # of the SDK whose names these are

__all__ = ["VERSION", "Model", "model"]


def __getattr__(name: str) -> Any:
    return stand_in(__name__, name)
