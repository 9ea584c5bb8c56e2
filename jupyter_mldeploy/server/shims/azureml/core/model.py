"""`azureml.core.model` inside a service: where a deployed model lies."""

from typing import Any, Optional

from mldeploy_server import modelpath  # type: ignore[import-not-found]

from ..absent import stand_in
from ..exceptions import ModelNotFoundException, WebserviceException


class Model:
    """Only the lookup of a path: models are registered and fetched outside of a service."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise WebserviceException(
            "A registered model cannot be fetched inside a service. Use Model.get_model_path(name) for its file."
        )

    @staticmethod
    def get_model_path(model_name: str, version: Optional[int] = None, _workspace: Any = None) -> str:
        """Find the file or folder of a deployed model; see spec section 6.4 for the order of the search."""
        try:
            return str(modelpath.get_model_path(model_name, version))
        except modelpath.ModelNotFound as error:
            kind = ModelNotFoundException if version is None else WebserviceException
            raise kind(error.message) from None
        except modelpath.ModelPathError as error:
            raise WebserviceException(error.message) from None


def __getattr__(name: str) -> Any:
    return stand_in(__name__, name)
