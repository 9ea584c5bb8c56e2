"""The finder of imports behind the alias: a table of modules, and light modules that share their twins' names."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from . import corners

ROOT = "azureml"
FOLDER = Path(__file__).parent / "on_path"  # goes on PYTHONPATH; holds nothing but the folder `azureml`
_OURS = __name__.partition(".")[0]

# Module of the SDK → its twin in this package; an empty text is a package that only holds others.
TABLE = {
    "azureml.core": "core",
    "azureml.core.authentication": "core.authentication",
    "azureml.core.compute": "core.compute",
    "azureml.core.compute.aks": "core.compute.aks",
    "azureml.core.compute.amlcompute": "core.compute.amlcompute",
    "azureml.core.compute.compute": "core.compute.compute",
    "azureml.core.compute.kubernetescompute": "core.compute.kubernetescompute",
    "azureml.core.compute_target": "core.compute_target",
    "azureml.core.conda_dependencies": "core.conda_dependencies",
    "azureml.core.container_registry": "core.container_registry",
    "azureml.core.dataset": "core.dataset",
    "azureml.core.datastore": "core.datastore",
    "azureml.core.environment": "core.environment",
    "azureml.core.experiment": "core.experiment",
    "azureml.core.image": "core.image",
    "azureml.core.image.container": "core.image.container",
    "azureml.core.image.image": "core.image.image",
    "azureml.core.keyvault": "core.keyvault",
    "azureml.core.model": "core.model",
    "azureml.core.profile": "core.profile",
    "azureml.core.resource_configuration": "core.resource_configuration",
    "azureml.core.run": "core.run",
    "azureml.core.runconfig": "core.runconfig",
    "azureml.core.script_run": "core.script_run",
    "azureml.core.script_run_config": "core.script_run_config",
    "azureml.core.webservice": "core.webservice",
    "azureml.core.webservice.aci": "core.webservice.aci",
    "azureml.core.webservice.aks": "core.webservice.aks",
    "azureml.core.webservice.local": "core.webservice.local",
    "azureml.core.webservice.unknown_webservice": "core.webservice.unknown_webservice",
    "azureml.core.webservice.webservice": "core.webservice.webservice",
    "azureml.core.workspace": "core.workspace",
    "azureml.data": "core._data",
    "azureml.data.abstract_dataset": "core._data.abstract_dataset",
    "azureml.data.azure_storage_datastore": "core._data.azure_storage_datastore",
    "azureml.data.data_reference": "core._data.data_reference",
    "azureml.data.datapath": "core._data.datapath",
    "azureml.data.dataset_consumption_config": "core._data.dataset_consumption_config",
    "azureml.data.dataset_factory": "core._data.dataset_factory",
    "azureml.data.dataset_type_definitions": "core._data.dataset_type_definitions",
    "azureml.data.file_dataset": "core._data.file_dataset",
    "azureml.data.output_dataset_config": "core._data.output_dataset_config",
    "azureml.data.tabular_dataset": "core._data.tabular_dataset",
    "azureml.exceptions": "core.exceptions",
    "azureml.telemetry": "core._telemetry",
    "azureml.widgets": "notebook.widgets",
    "azureml._common": "",
    "azureml._common.exceptions": "core.exceptions",
}


class Twin(ModuleType):
    """A module under an SDK name whose names are those of its twin, looked up when asked for."""

    def __getattr__(self, name: str) -> Any:
        child = f"{self.__name__}.{name}"
        if child in TABLE:
            return import_module(child)
        if name == "__all__":
            return public_names(self.__name__)
        missing = object()
        twin = twin_of(self.__name__) if TABLE[self.__name__] else None
        found = getattr(twin, name, missing)
        if found is missing:
            if corners.known(child) and not name.startswith("_"):
                return corners.absent(self.__name__, name)
            raise AttributeError(_missing(child))
        return found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *public_names(self.__name__)})


class Finder:
    """Answers for every `azureml…` name: with a twin, or with an ImportError that says what exists.

    A finder and loader by its methods: `importlib.abc` alone takes as long to import as all of the alias.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == ROOT:
            package = FOLDER / ROOT
            return spec_from_file_location(ROOT, package / "__init__.py", submodule_search_locations=[str(package)])
        if not fullname.startswith(f"{ROOT}."):
            return None
        if fullname not in TABLE and not corners.known(fullname):
            # Without `name`, because `from azureml.core import X` would swallow one that carries it.
            raise ModuleNotFoundError(_missing(fullname))
        loader: Any = self
        return ModuleSpec(fullname, loader, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Twin(spec.name) if spec.name in TABLE else corners.Corner(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Import the twin, so that what is wrong with it shows at the import and not at the first name."""
        if TABLE.get(module.__name__):
            twin_of(module.__name__)


FINDER = Finder()


def twin_of(name: str) -> ModuleType:
    """The module of ours that stands behind an SDK name."""
    return import_module(f"{_OURS}.{TABLE[name]}")


def public_names(name: str) -> list[str]:
    """What can be imported from the SDK name: its twin's names, and modules below it."""
    names = {key.rpartition(".")[2] for key in TABLE if key.rpartition(".")[0] == name}
    if TABLE.get(name):
        twin = twin_of(name)
        names.update(getattr(twin, "__all__", None) or _defined(twin))
    return sorted(n for n in names if not n.startswith("_"))


def is_ours(module: ModuleType) -> bool:
    """Whether a loaded `azureml…` module came from here."""
    return isinstance(module, (Twin, corners.Corner)) or str(getattr(module, "__file__", "")).startswith(str(FOLDER))


def _defined(module: ModuleType) -> list[str]:
    return [n for n, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]


def _missing(fullname: str) -> str:
    parent, _, name = fullname.rpartition(".")
    return (
        f"{parent} has no {name!r} in jupyter-mldeploy, which stands in for the Azure ML SDK here. "
        f"What exists in {parent}: {', '.join(public_names(parent))}."
    )
