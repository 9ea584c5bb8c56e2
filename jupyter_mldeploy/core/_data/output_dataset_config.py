"""OutputFileDatasetConfig: a folder of a datastore that a submitted script writes into."""

from __future__ import annotations

import uuid
from typing import Any

from ..exceptions import UserErrorException
from . import stores
from .dataset_factory import FileDatasetFactory
from .file_dataset import FileDataset


class OutputFileDatasetConfig:
    """The folder `(datastore, path)`, without one a new folder; among a script's arguments it becomes its path."""

    def __init__(
        self,
        name: str | None = None,
        destination: Any = None,
        source: Any = None,
        partition_format: str | None = None,
    ) -> None:
        self.name = name or f"output_{uuid.uuid4().hex[:8]}"
        self.destination, self.source, self.partition_format = destination, source, partition_format

    def as_mount(self, disable_metadata_cache: bool = False) -> OutputFileDatasetConfig:
        return self

    def as_upload(self, overwrite: bool = False, source_globs: Any = None) -> OutputFileDatasetConfig:
        return self

    def as_input(self, name: str | None = None) -> Any:
        """What was written, as an input of another script."""
        return self._dataset().as_named_input(name or self.name)

    def _dataset(self) -> FileDataset:
        return FileDatasetFactory.from_files(self._place(), validate=False)

    def _place(self) -> tuple[Any, str]:
        if self.destination is None:
            raise UserErrorException(
                f"The output {self.name!r} has no destination: give destination=(datastore, 'folder')."
            )
        store, path = self.destination
        return store, str(path or self.name).replace("{output-name}", self.name).replace("{run-id}", self.name)

    def _as_argument(self) -> str:
        store, path = self._place()
        folder = stores.inside(store._folder, path)
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)
