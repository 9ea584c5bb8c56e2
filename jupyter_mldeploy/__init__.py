"""From a trained model in a notebook to a service that answers; the public names, resolved on first use (PEP 562)."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # what type checkers know by its name; importing typing would take most of this import's time
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

_NAMES = {
    "Workspace": "core.workspace",
    "Experiment": "core.experiment",
    "Run": "core.run",
    "Model": "core.model",
    "InferenceConfig": "core.model",
    "Environment": "core.environment",
    "CondaDependencies": "core.conda_dependencies",
    "Webservice": "core.webservice",
    "LocalWebservice": "core.webservice",
    "AciWebservice": "core.webservice",
    "AksWebservice": "core.webservice",
    "ComputeTarget": "core.compute",
    "AksCompute": "core.compute",
    "MLDeployError": "errors",
}
__all__ = [*sorted(_NAMES), "__version__"]  # noqa: PLE0604 - names, all of them texts


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f".{_NAMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext jupyter_mldeploy`: register the magics."""
    import_module(".notebook.magics", __name__).register(shell)
