"""A dataset as the input of a submitted script: by its id, or as a folder with its files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exceptions import UserErrorException
from . import records

if TYPE_CHECKING:
    from ..workspace import Workspace

VARIABLE = "MLDEPLOY_RUN_INPUT_"  # + the input's name, in the environment of a submitted script
_NAME = re.compile(r"[A-Za-z_]\w*")


class DatasetConsumptionConfig:
    """The input `name`. Among a script's arguments it becomes the dataset's id, or with a folder its path."""

    def __init__(self, name: str, dataset: Any, mode: str = "direct", path_on_compute: str | None = None) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UserErrorException(f"{name!r} cannot name an input: letters, digits and '_', no digit first.")
        self.name, self.dataset, self.mode, self.path_on_compute = name, dataset, mode, path_on_compute
        self._folder: Path | None = None  # made when it is first needed, and then the same for argument and input

    def __repr__(self) -> str:
        return f"DatasetConsumptionConfig({self.name!r}, {self.dataset!r}, mode={self.mode!r})"

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """A folder with links to the files."""
        return self._in_folder("mount", path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """A folder with copies of the files."""
        return self._in_folder("download", path_on_compute)

    def as_hdfs(self) -> DatasetConsumptionConfig:
        raise UserErrorException("as_hdfs needs a Spark cluster, which is not here. Use as_mount() or as_download().")

    def _in_folder(self, mode: str, path_on_compute: str | None) -> DatasetConsumptionConfig:
        if not hasattr(self.dataset, "to_path"):
            raise UserErrorException(f"as_{mode} is for file datasets; a tabular dataset is given as it is.")
        return DatasetConsumptionConfig(self.name, self.dataset, mode, path_on_compute)

    def _as_argument(self) -> str:
        """What the script gets on its command line."""
        if self.mode == "direct":
            return str(self.dataset.id)
        self._folder = self._folder or self.dataset._in_folder(self.mode)
        return str(self._folder)

    def _as_input(self) -> str:
        """What `input_datasets` is made from in the script."""
        return self._as_argument()


def inputs(workspace: Workspace) -> dict[str, Any]:
    """The inputs of the script that this process runs: datasets, and paths of folders."""
    given = {key[len(VARIABLE) :]: value for key, value in os.environ.items() if key.startswith(VARIABLE)}
    return {name: value if Path(value).is_absolute() else _dataset(workspace, value) for name, value in given.items()}


def _dataset(workspace: Workspace, id: str) -> Any:
    from .dataset_factory import of_record

    return of_record(workspace, records.find(workspace._home, id))
