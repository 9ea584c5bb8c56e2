"""`azureml.monitoring` inside a service."""

from .modeldatacollector import ModelDataCollector

__all__ = ["ModelDataCollector"]
