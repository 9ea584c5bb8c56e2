"""Methods that libraries removed from their classes, put back where they are missing."""

import functools
from importlib import import_module
from types import MethodType, ModuleType
from typing import Any, Callable

from .notice import say_once

# Module whose import brings the classes → the module here with their removed methods, and the table of the notice.
CLASSES = {
    "pandas": ("pandas_methods", "pandas_names"),
    "sklearn.compose": ("sklearn_methods", "sklearn_names"),
    "sklearn.feature_extraction": ("sklearn_methods", "sklearn_names"),
    "sklearn.feature_extraction.text": ("sklearn_methods", "sklearn_names"),
    "sklearn.pipeline": ("sklearn_methods", "sklearn_names"),
    "sklearn.preprocessing": ("sklearn_methods", "sklearn_names"),
}


class Removed:
    """A removed method in its class, there only while the layer is on. A column of its name goes first, as ever."""

    def __init__(self, layer: Any, function: Callable[..., Any], name: str, table: str) -> None:
        self._layer, self._name = layer, name

        @functools.wraps(function)
        def telling(owner: Any, *args: Any, **options: Any) -> Any:
            say_once(f"{type(owner).__name__}.{name}", table)
            return function(owner, *args, **options)

        self._function = telling

    def __get__(self, owner: Any, kind: Any) -> Any:
        if not self._layer.on or (owner is not None and self._name in _labels(owner)):
            raise AttributeError(f"{kind.__name__!r} object has no attribute {self._name!r}")
        return self._function if owner is None else MethodType(self._function, owner)


def supply(layer: Any, module: ModuleType) -> None:
    """Give a module's classes the methods that they have no more; what they have is left alone."""
    if module.__name__ == "sklearn.base":
        attributes: Any = import_module(".sklearn_attributes", __package__)
        attributes.supply(layer, module)
    if module.__name__ not in CLASSES:
        return
    place, table = CLASSES[module.__name__]
    known: Any = import_module("." + place, __package__)
    for name, methods in known.METHODS.items():
        kind = getattr(module, name, None)
        for method, function in methods.items() if kind is not None else ():
            if method not in dir(kind):
                setattr(kind, method, Removed(layer, function, method, table))


def _labels(owner: Any) -> Any:
    """The columns of a frame, the index of a series; they are found by attribute too."""
    return getattr(owner, "columns", None) if hasattr(owner, "columns") else getattr(owner, "index", ())
