"""`azureml.core` inside a service: Model and the version that scripts print."""

from typing import Any

from .. import missing
from . import model
from .model import Model

VERSION = __version__ = "1.61.0"  # of the SDK whose names these are

__all__ = ["VERSION", "Model", "model"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise ImportError(missing(f"azureml.core.{name}"), name=__name__)
