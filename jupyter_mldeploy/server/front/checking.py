"""Checks of what a front is told, in files and messages: each error names the value and what it should be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class ConfigError(ValueError):
    """A configuration that cannot work; the message names the value."""


def read_json(path: str, what: str) -> Any:
    """The content of a JSON file; `what` it is begins the message of an error, which never repeats the content."""
    try:
        with open(path, "rb") as file:
            return json.load(file)
    except OSError as error:
        raise ConfigError(f"The {what} {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigError(f"The {what} {path} is not JSON: {error}.") from error


def mapping(value: Any, name: str) -> Mapping[str, Any]:
    """`value`, when it is an object."""
    if not isinstance(value, dict):
        raise ConfigError(f"{name} is {value!r}; it must be an object.")
    return value


def typed(name: str, value: Any, wanted: type) -> Any:
    """`value`, when it is of exactly the wanted type: `true` is no number."""
    if type(value) is not wanted:
        raise ConfigError(f"{name} is {value!r}; it must be of type {wanted.__name__}.")
    return value
