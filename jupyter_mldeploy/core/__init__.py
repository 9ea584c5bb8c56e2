"""v1's nouns, in modules named as their azureml.core twins; the names are resolved on first use (PEP 562)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

VERSION = "1.61.0"  # the v1 release whose contract is kept; notebooks print it
__version__ = VERSION

_NAMES = {
    "ComputeTarget": "compute",
    "ContainerRegistry": "container_registry",
    "Environment": "environment",
    "Experiment": "experiment",
    "Keyvault": "keyvault",
    "Model": "model",
    "Run": "run",
    "Webservice": "webservice",
    "Workspace": "workspace",
    "get_run": "run",
}
__all__ = ["VERSION", "__version__", *sorted(_NAMES)]  # noqa: PLE0604 - names, all of them texts


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f".{_NAMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
