"""How the removed names come in: libraries are watched while they are imported, moved modules found by old names."""

import sys
import threading
import warnings
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

from . import methods
from .notice import say_once

# Watched module → the module here that knows its removed names, imported when an unknown name is asked for.
WATCHED = {
    "numpy": "numpy_names",
    "pandas": "pandas_names",
    "pandas.io.json": "pandas_names",
    "sklearn": "sklearn_names",
    "sklearn.base": "sklearn_names",
    "sklearn.compose": "sklearn_names",
    "sklearn.datasets": "sklearn_names",
    "sklearn.decomposition": "sklearn_names",
    "sklearn.externals": "sklearn_names",
    "sklearn.feature_extraction": "sklearn_names",
    "sklearn.feature_extraction.text": "sklearn_names",
    "sklearn.metrics": "sklearn_names",
    "sklearn.pipeline": "sklearn_names",
    "sklearn.preprocessing": "sklearn_names",
    "sklearn.utils": "sklearn_names",
}
# Old modules of these packages are looked for where they are now.
MOVED = {"sklearn": "sklearn_modules", "pandas": "pandas_modules"}
Maker = Callable[[], Any]


class Gone(ImportError):
    """A name that cannot be supplied; the message says why, and what there is instead."""


class Layer:
    """Whether the names are supplied; installs itself into the import system when switched on."""

    def __init__(self) -> None:
        self.on = False
        self._watcher, self._moved = Watcher(self), Moved(self)

    def switch(self, on: bool) -> None:
        """Begin or end; a second call changes nothing."""
        if on == self.on:
            return
        self.on = on
        finders: Any = sys.meta_path
        if on:
            finders.insert(0, self._watcher)
            finders.append(self._moved)  # the last to be asked, so that what exists wins
            for name in [name for name in WATCHED if name in sys.modules]:
                supply(self, sys.modules[name])
        else:
            finders.remove(self._watcher)
            finders.remove(self._moved)
            self._moved.forget()


class Watcher:
    """Lets the other finders find a watched module, and sees it once it has been executed."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._asked = threading.local()

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        if fullname not in WATCHED or getattr(self._asked, "name", "") == fullname:
            return None
        before, self._asked.name = getattr(self._asked, "name", ""), fullname
        try:
            spec = find_spec(fullname) if fullname not in sys.modules else None
        finally:
            self._asked.name = before
        if spec is not None and spec.loader is not None:
            wrapped: Any = _Afterwards(spec.loader, self._layer)
            spec.loader = wrapped
        return spec


class _Afterwards:
    """A loader that has something done when its module is there; the module keeps its own loader."""

    def __init__(self, loader: Any, layer: Layer) -> None:
        self._loader, self._layer = loader, layer

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        made: Optional[ModuleType] = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        supply(self._layer, module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


class Moved:
    """Answers for modules that libraries once had, with the module that has their content now."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._given: Dict[str, ModuleType] = {}

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        package, dot, _ = fullname.partition(".")
        if not dot or package not in MOVED:
            return None
        known: Any = import_module("." + MOVED[package], __package__)
        place = known.place_of(fullname)
        loader: Any = self
        return ModuleSpec(fullname, loader, origin=place) if place else None

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Put the module that is meant in the new one's place, as the import system allows."""
        spec = module.__spec__
        assert spec is not None and spec.origin
        real = import_module(spec.origin, __package__)
        self._given[spec.name] = sys.modules[spec.name] = real
        say_once(spec.name, MOVED[spec.name.partition(".")[0]])

    def forget(self) -> None:
        """Take the old names out of the import system again."""
        for name, module in self._given.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
            parent, _, child = name.rpartition(".")
            if vars(sys.modules.get(parent, module)).get(child) is module and module.__name__ != name:
                delattr(sys.modules[parent], child)
        self._given.clear()


def supply(layer: Layer, module: ModuleType) -> None:
    """Let a module answer for the names that it no longer has; what it has, its own `__getattr__` included, wins."""
    own = vars(module).get("__getattr__")
    if hasattr(own, "legacy"):
        return
    table = WATCHED[module.__name__]

    def lookup(name: str) -> Any:
        if not layer.on or name.startswith("__"):
            return _own(module, own, name)
        known: Any = import_module("." + table, __package__)
        makers: Mapping[str, Maker] = known.names(module.__name__)
        if name not in makers:
            return _own(module, own, name)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of names that are to come back one day
                return _own(module, own, name)
        except (AttributeError, ImportError):
            value = makers[name]()
        say_once(f"{module.__name__}.{name}", table)
        return value

    vars(lookup)["legacy"] = True
    vars(module)["__getattr__"] = lookup
    methods.supply(layer, module)


def _own(module: ModuleType, own: Optional[Callable[[str], Any]], name: str) -> Any:
    if own is not None:
        return own(name)
    raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")


LAYER = Layer()
