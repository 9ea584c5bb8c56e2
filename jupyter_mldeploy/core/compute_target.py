"""Twin of `azureml.core.compute_target`, from where notebooks import the exception."""

from .exceptions import ComputeTargetException

__all__ = ["ComputeTargetException"]
