"""Azure's curated environments by name, and the packages that each stands for today."""

from __future__ import annotations

# Beginning of the name, lower case → packages. Their versions are left open: what the notebook has, else the newest.
_STANDS_FOR = (
    ("azureml-minimal", ()),
    ("azureml-tutorial", ("scikit-learn", "pandas", "numpy", "matplotlib", "joblib")),
    ("azureml-sklearn", ("scikit-learn", "pandas", "numpy", "joblib")),
    ("azureml-scikit-learn", ("scikit-learn", "pandas", "numpy", "joblib")),
    ("azureml-responsibleai", ("scikit-learn", "pandas", "numpy", "joblib")),
    ("azureml-lightgbm", ("lightgbm", "scikit-learn", "pandas", "numpy")),
    ("azureml-xgboost", ("xgboost", "scikit-learn", "pandas", "numpy")),
    ("azureml-onnxruntime", ("onnxruntime", "numpy")),
    ("azureml-pytorch", ("torch", "torchvision", "numpy")),
    ("azureml-acpt-pytorch", ("torch", "torchvision", "numpy")),
    ("azureml-tensorflow", ("tensorflow", "numpy")),
    ("azureml-dask", ("dask[complete]", "pandas", "numpy")),
)
# The names that listings show; others with the same beginning are found, too.
NAMES = (
    "AzureML-Minimal",
    "AzureML-Tutorial",
    "AzureML-sklearn-1.5",
    "AzureML-lightgbm-3.3",
    "AzureML-xgboost-0.9-ubuntu18.04-py37-cpu-inference",
    "AzureML-onnxruntime-1.6-ubuntu18.04-py37-cpu-inference",
    "AzureML-pytorch-1.10-ubuntu18.04-py38-cuda11-gpu",
    "AzureML-tensorflow-2.7-ubuntu20.04-py38-cuda11-gpu",
)


def packages(name: str) -> tuple[str, ...] | None:
    """What the curated environment `name` stands for, or None when there is none of that name."""
    lowered = name.lower()
    return next((found for beginning, found in _STANDS_FOR if lowered.startswith(beginning)), None)
