"""The name `azureml` in the environment of a submitted script: what it asks for is done by the process that runs it."""

from __future__ import annotations

import sys
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

NAME = "mldeploy_legacy"


class Finder(Loader):
    """Last of the finders: a module of the SDK that is no file here has the SDK's classes by reference."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        return ModuleSpec(name, Finder(), is_package=True) if name.startswith("azureml.") else None

    def create_module(self, spec: Any) -> Any:
        return Named(spec.name)

    def exec_module(self, module: Any) -> None:
        """There is nothing to run: its names are looked up when they are asked for."""


class Named(ModuleType):
    """A module whose names are looked up in the other process."""

    def __getattr__(self, name: str) -> Any:
        return named(self.__name__, name)


def named(module: str, name: str) -> Any:
    """A class of the SDK, a constant, or an ImportError that says what there is."""
    if name.startswith("_"):
        raise AttributeError(name)
    from .core._line import Class, ask

    try:
        found = ask(path=[module, name])
    except AttributeError as error:  # it would be looked for as a module, and any module can be imported
        raise ImportError(str(error)) from None
    return Class(module, name) if found in ({"class": True}, {"method": True}) else found


def _legacy() -> Any:
    """The layer for old code, which needs the standard library only, loaded from beside us."""
    folder = Path(__file__).parents[4] / "server" / "legacy"
    spec = spec_from_file_location(NAME, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        return None
    module = sys.modules[NAME] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def legacy(on: bool = True) -> None:
    """Supply names that libraries have removed, or no longer."""
    if layer := sys.modules.get(NAME) or _legacy():
        layer.switch(on)


sys.meta_path.append(Finder)
layer = _legacy()
if layer is not None and layer.wanted():
    legacy()
