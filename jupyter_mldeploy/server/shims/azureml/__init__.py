"""The `azureml` names that entry scripts import inside a service; what is missing says so.

First on the worker's path, so that an azureml-core in the user's environment does not hide it.
"""

import sys
from typing import Any


class _Missing:
    """Last of the import system's finders: turns an unknown `azureml…` module into an error that says why."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        if name.startswith("azureml."):
            raise ModuleNotFoundError(missing(name), name=name)


def missing(name: str) -> str:
    """What to say about a name of the v1 SDK that a service does not have."""
    return (
        f"{name} is not available inside a service of jupyter-mldeploy. Entry scripts have azureml.core.Model, "
        "azureml.core.model.Model, azureml.exceptions, azureml.contrib.services.aml_request and aml_response, "
        "and azureml.monitoring.ModelDataCollector. Remove the import, or do this work outside the entry script."
    )


sys.meta_path.append(_Missing)
