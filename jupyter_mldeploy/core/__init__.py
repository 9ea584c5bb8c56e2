"""v1's nouns, in modules named as their azureml.core twins; the names are resolved on first use (PEP 562)."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

VERSION = "1.61.0"  # the v1 release whose contract is kept; notebooks print it
__version__ = VERSION

_NAMES = {
    "ComputeTarget": "compute",
    "ContainerRegistry": "container_registry",
    "Dataset": "dataset",
    "Datastore": "datastore",
    "Environment": "environment",
    "Experiment": "experiment",
    "Image": "image",
    "Keyvault": "keyvault",
    "Model": "model",
    "Run": "run",
    "RunConfiguration": "runconfig",
    "ScriptRun": "script_run",
    "ScriptRunConfig": "script_run_config",
    "Webservice": "webservice",
    "Workspace": "workspace",
    "get_run": "run",
}
__all__ = ["VERSION", "__version__", *sorted(_NAMES)]  # noqa: PLE0604 - names, all of them texts


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f".{_NAMES[name]}", __name__), name)
    if not name.startswith("_") and find_spec(f".{name}", __name__):
        return import_module(f".{name}", __name__)  # `import azureml.core` brought its modules along
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
