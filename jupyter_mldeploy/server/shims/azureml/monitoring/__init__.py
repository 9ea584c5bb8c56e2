"""`azureml.monitoring` inside a service."""

from .collector import ModelDataCollector

__all__ = ["ModelDataCollector"]
