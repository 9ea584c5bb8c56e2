"""The far corners of the SDK: importing any name from them does no harm, using one says what it was and what to use.

A table of names and sentences; the longest name that fits counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn

from ..core.exceptions import NotAvailableException

_TRAIN = "Train in the notebook, or submit the script with ScriptRunConfig and compute_target='local'."
_SEARCH = (
    "Search in the notebook with scikit-learn's RandomizedSearchCV or with Optuna, and log each try as a child run."
)
_AUTOML = "Train with scikit-learn's own searches, FLAML or AutoGluon, and register the model with Model.register."
_PIPELINE = (
    "Call the steps one after another in the notebook, or as scripts with ScriptRunConfig; Papermill, Prefect and "
    "Dagster schedule them."
)
_EXPLAIN = "Use interpret-community, interpret or shap on the model itself, and log pictures with `run.log_image`."
_FILES = "Read files with pandas or `Dataset.Tabular`, which lie in the workspace's own datastores here."

_COMPUTE = ("the kinds of compute that Azure had", "Scripts and services run on this machine: compute_target='local'.")
_COMPUTES = (
    *("AdlaCompute", "BatchCompute", "ComputeInstance", "DataFactoryCompute", "DatabricksCompute", "DsvmCompute"),
    *("HDInsightCompute", "RemoteCompute", "SynapseCompute"),
)

# Name → what it was, and what to do today.
CORNERS = {
    **{f"azureml.core.compute.{name}": _COMPUTE for name in _COMPUTES},
    **{f"azureml.core.compute.{name.lower().removesuffix('compute')}": _COMPUTE for name in _COMPUTES},
    "azureml.accel": ("models on Azure's FPGAs", "Deploy the model with Model.deploy."),
    "azureml.automl": ("the automated machine learning of Azure", _AUTOML),
    "azureml.contrib": ("an experimental package of the SDK", "Nothing here depends on it: remove the import."),
    "azureml.contrib.automl": ("the automated machine learning of Azure", _AUTOML),
    "azureml.contrib.dataset": ("an experimental part of the datasets", _FILES),
    "azureml.contrib.explain": ("the explanation of models", _EXPLAIN),
    "azureml.contrib.fairness": ("the upload of fairness metrics", "Use fairlearn, and log its metrics to the run."),
    "azureml.contrib.functions": (
        "the packaging of models for Azure Functions",
        "Model.package(ws, models, inference_config, generate_dockerfile=True) writes a folder that any host builds.",
    ),
    "azureml.contrib.interpret": ("the explanation of models", _EXPLAIN),
    "azureml.contrib.iot": ("deployment to Azure IoT Edge", "Deploy the model with Model.deploy on the device itself."),
    "azureml.contrib.notebook": ("the run of notebooks on a compute", "Run notebooks with papermill."),
    "azureml.contrib.pipeline": ("the pipelines of Azure", _PIPELINE),
    "azureml.contrib.services": (
        "the raw HTTP interface of entry scripts",
        "It works inside a service: deploy the script, or start it with mldeploy-server --entry_script FILE.",
    ),
    "azureml.contrib.train": ("training on Azure's clusters", _TRAIN),
    "azureml.core.diagnostic_log": ("the debug log of the SDK", "Use Python's own logging."),
    "azureml.core.databricks": ("the settings of Azure Databricks", _TRAIN),
    "azureml.core.LinkedService": ("the link to another Azure service", "A workspace here is a folder and has none."),
    "azureml.core.linked_service": ("the link to another Azure service", "A workspace here is a folder and has none."),
    "azureml.core.private_endpoint": ("the private network of a workspace", "A workspace here is a folder on disk."),
    "azureml.core.PrivateEndPoint": ("the private network of a workspace", "A workspace here is a folder on disk."),
    "azureml.core.PrivateEndPointConfig": (
        "the private network of a workspace",
        "A workspace here is a folder on disk.",
    ),
    "azureml.core.runconfig.DataReferenceConfiguration": (
        "the settings of data on a compute",
        "Give the script a path: arguments=['--data', datastore.path('folder').as_mount()].",
    ),
    "azureml.core.runconfig.EnvironmentDefinition": (
        "the settings of environments",
        "Use azureml.core.Environment, as run_config.environment.",
    ),
    "azureml.data": ("a part of the datasets of Azure", _FILES),
    "azureml.datadrift": ("the watch for drift between datasets", "Use Evidently or scipy.stats on what is collected."),
    "azureml.dataprep": ("the data preparation engine of the SDK", _FILES),
    "azureml.designer": ("the designer of Azure", _PIPELINE),
    "azureml.explain": ("the explanation of models", _EXPLAIN),
    "azureml.featurestore": ("the feature store of Azure", "Use Feast, or keep the features as a registered dataset."),
    "azureml.fsspec": ("the file system of Azure's datastores", _FILES),
    "azureml.interpret": ("the explanation of models", _EXPLAIN),
    "azureml.mlflow": (
        "the bridge from MLflow to Azure",
        "mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri()) is all.",
    ),
    "azureml.monitoring": (
        "the collection of model data in entry scripts",
        "It works inside a service: deploy the script, or start it with mldeploy-server --entry_script FILE.",
    ),
    "azureml.opendatasets": (
        "the download of Azure's open datasets",
        "Fetch the data with sklearn.datasets.fetch_openml, or download the file and read it with pandas.",
    ),
    "azureml.pipeline": ("the pipelines of Azure", _PIPELINE),
    "azureml.responsibleai": (
        "the dashboards for responsible AI",
        "Use the responsibleai package on the model itself.",
    ),
    "azureml.studio": ("the studio of Azure", _PIPELINE),
    "azureml.tensorboard": ("TensorBoard over runs", "Start TensorBoard on the folder that the run wrote."),
    "azureml.train": ("training on Azure's clusters", _TRAIN),
    "azureml.train.automl": ("the automated machine learning of Azure", _AUTOML),
    "azureml.train.dnn": ("training of deep networks on Azure's clusters", _TRAIN),
    "azureml.train.estimator": ("training of a script on Azure's clusters", _TRAIN),
    "azureml.train.hyperdrive": ("the search for hyperparameters on Azure's clusters", _SEARCH),
    "azureml.train.sklearn": ("training of a scikit-learn script on Azure's clusters", _TRAIN),
    "azureml.training": ("training on Azure's clusters", _TRAIN),
}


class CornerUsed(NotAvailableException, AttributeError):
    """A name from a far corner was used; an AttributeError too, so that looking whether it is there does no harm."""


class Absent(type):
    """The type of a name from a corner: a class that can be imported, annotated with and inherited from."""

    def __call__(cls, *args: Any, **options: Any) -> NoReturn:
        raise CornerUsed(sentence(cls.__module__, cls.__name__))

    def __getattr__(cls, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(f"{cls.__module__}.{cls.__name__} has no attribute {name!r}")
        raise CornerUsed(sentence(cls.__module__, cls.__name__))

    def __repr__(cls) -> str:
        return f"<{cls.__module__}.{cls.__name__}: not available here>"


class Corner(ModuleType):
    """A module of a far corner: any name can be had from it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return absent(self.__name__, name)


def known(fullname: str) -> bool:
    """Whether the name lies in a corner."""
    return _row(fullname) is not None


def absent(module: str, name: str) -> Any:
    """What stands for `name` of a module."""
    return Absent(name, (), {"__module__": module, "__doc__": sentence(module, name)})


def sentence(module: str, name: str) -> str:
    """What it was, and what to use today."""
    row = _row(f"{module}.{name}")
    was, instead = row or ("a part of the SDK", "Remove it.")
    return f"{module}.{name} belonged to {was}, which is not here. {instead}"


def _row(fullname: str) -> Sequence[str] | None:
    parts = fullname.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 1, -1))
    return next((CORNERS[name] for name in names if name in CORNERS), None)
