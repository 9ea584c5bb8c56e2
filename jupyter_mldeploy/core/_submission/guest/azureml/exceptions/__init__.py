"""The SDK's exceptions by their names, made when they are asked for."""

from __future__ import annotations

from typing import Any


class AzureMLException(Exception):
    """What the other process refused, in its own words."""

    def __init__(self, message: str = "", **kwargs: Any) -> None:
        super().__init__(message)
        self.message = message


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    made = globals()[name] = type(name, (AzureMLException,), {"__module__": __name__})
    return made
