"""Names of azureml-core that a service does not have: scripts may import them, and what uses one is told why not.

On Azure `azureml-defaults` brought the whole of it, and entry scripts import more than they use.
"""

from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Dict, NoReturn, Optional

CORE = "azureml.core."


def missing(name: str) -> str:
    """What to say about a name of the v1 SDK that a service does not have."""
    return (
        f"{name} is not available inside a service of jupyter-mldeploy. Entry scripts have azureml.core.Model, "
        "azureml.core.model.Model, azureml.exceptions, azureml.contrib.services.aml_request and aml_response, "
        "and azureml.monitoring.ModelDataCollector. Do without it, or do this work outside the entry script."
    )


class _Absent(type):
    """A class that cannot be used: not called, and nothing of it looked at."""

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        cls._refuse()

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        cls._refuse()

    def _refuse(cls) -> NoReturn:
        from .exceptions import WebserviceException

        raise WebserviceException(missing(f"{cls.__module__}.{cls.__name__}"))


_made: Dict[str, Any] = {}


def stand_in(module: str, name: str) -> Any:
    """The class that stands for `module.name`; for an exception one that nothing raises, and that can be caught."""
    if name.startswith("__"):
        raise AttributeError(name)
    full = f"{module}.{name}"
    if full not in _made:
        from .exceptions import AzureMLException

        kind, bases = (type, (AzureMLException,)) if name.endswith(("Exception", "Error")) else (_Absent, ())
        _made[full] = kind(name, bases, {"__module__": module})
    return _made[full]


class Finder:
    """Last of the import system's finders: modules of azureml-core stand in, other unknown `azureml…` say why not."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> Optional[ModuleSpec]:
        if name.startswith(CORE):
            loader: Any = cls
            return ModuleSpec(name, loader, is_package=True)
        if name.startswith("azureml."):
            raise ModuleNotFoundError(missing(name), name=name)
        return None

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        module: Any = ModuleType(spec.name)
        module.__getattr__ = lambda name: stand_in(spec.name, name)
        return module  # type: ignore[no-any-return]

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        """Nothing: there is no code behind it."""
