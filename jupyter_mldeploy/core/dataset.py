"""Dataset: named, versioned references to files, read with pandas or as files."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from ._data import records
from ._data.abstract_dataset import AbstractDataset
from ._data.dataset_factory import FileDatasetFactory, TabularDatasetFactory, of_record
from ._unavailable import unavailable
from .exceptions import translated

if TYPE_CHECKING:
    from .workspace import Workspace

__all__ = ["Dataset"]


class Scenario:
    """What a dataset was to a model, as `Model.register(datasets=[(Dataset.Scenario.TRAINING, dataset)])` says it."""

    TRAINING = "training"
    VALIDATION = "validation"
    INFERENCE = "inferencing"
    MODEL_OUTPUT = "model output"


class Dataset:
    """Makes datasets by `Dataset.Tabular` and `Dataset.File`, and fetches registered ones.

    `Dataset(ws, name)` is the latest version of that name.
    """

    Tabular = TabularDatasetFactory
    File = FileDatasetFactory
    Scenario = Scenario

    def __new__(cls, workspace: Workspace, name: str | None = None, id: str | None = None) -> Any:
        return cls.get(workspace, name, id)

    @staticmethod
    @translated()
    def get_by_name(workspace: Workspace, name: str, version: Any = "latest", **kwargs: Any) -> Any:
        """A registered dataset; UserErrorException lists the names, or the versions."""
        return of_record(workspace, records.get(workspace._home, name, version))

    @staticmethod
    @translated()
    def get_by_id(workspace: Workspace, id: str, **kwargs: Any) -> Any:
        """The dataset of this id, registered or not."""
        return of_record(workspace, records.find(workspace._home, id))

    @staticmethod
    def get_all(workspace: Workspace) -> dict[str, Any]:
        """The latest version of each registered dataset, by name."""
        return {name: Dataset.get_by_name(workspace, name) for name in records.names(workspace._home)}

    @staticmethod
    def get(workspace: Workspace, name: str | None = None, id: str | None = None) -> Any:
        """By name, or by id."""
        return Dataset.get_by_id(workspace, id) if id else Dataset.get_by_name(workspace, str(name))

    @staticmethod
    def list(workspace: Workspace) -> builtins.list[AbstractDataset]:
        """The latest version of each registered dataset."""
        return [*Dataset.get_all(workspace).values()]

    @staticmethod
    def from_delimited_files(path: Any, separator: str = ",", header: Any = True, encoding: str = "utf8") -> Any:
        """The older name of `Dataset.Tabular.from_delimited_files`."""
        return TabularDatasetFactory.from_delimited_files(path, separator=separator, header=header, encoding=encoding)

    @staticmethod
    def from_parquet_files(path: Any, include_path: bool = False) -> Any:
        """The older name of `Dataset.Tabular.from_parquet_files`."""
        return TabularDatasetFactory.from_parquet_files(path, include_path=include_path)

    @staticmethod
    def from_pandas_dataframe(dataframe: Any, path: Any = None, in_memory: bool = False) -> Any:
        """The older name of `Dataset.Tabular.from_pandas_dataframe`."""
        return TabularDatasetFactory.from_pandas_dataframe(dataframe, path, in_memory)

    @staticmethod
    def from_json_files(path: Any, encoding: str = "utf8", flatten_nested_arrays: bool = False) -> Any:
        """The older name of `Dataset.Tabular.from_json_lines_files`."""
        return TabularDatasetFactory.from_json_lines_files(path, encoding=encoding)

    @staticmethod
    def auto_read_files(path: Any, include_path: bool = False, partition_format: str | None = None) -> NoReturn:
        unavailable("Dataset.auto_read_files", "Say what the files are: `Dataset.Tabular.from_delimited_files(path)`.")

    @staticmethod
    def register_pandas_dataframe(dataframe: Any, target: Any, name: str, tags: Mapping[str, Any] | None = None) -> Any:
        """The same as `Dataset.Tabular.register_pandas_dataframe`."""
        return TabularDatasetFactory.register_pandas_dataframe(dataframe, target, name, tags=tags)
