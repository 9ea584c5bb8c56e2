"""Twin of `azureml.data`: datasets and datastores over files of this machine, read with pandas."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_NAMES = {
    "DataType": "dataset_factory",
    "FileDataset": "file_dataset",
    "OutputFileDatasetConfig": "output_dataset_config",
    "TabularDataset": "tabular_dataset",
}
__all__ = sorted(_NAMES)  # noqa: PLE0605 - names, all of them texts


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f".{_NAMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
