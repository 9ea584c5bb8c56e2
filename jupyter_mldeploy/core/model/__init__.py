"""Twin of `azureml.core.model`: registered models, and how a service is made of them."""

from __future__ import annotations

from ._inference import InferenceConfig
from ._model import Model
from ._package import ModelPackage

__all__ = ["InferenceConfig", "Model", "ModelPackage"]
