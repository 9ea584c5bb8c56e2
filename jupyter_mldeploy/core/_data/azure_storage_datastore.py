"""Datastores by the names of Azure's storage: each is a folder on this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exceptions import UserErrorException, translated
from . import stores, transfer
from .data_reference import DataReference

if TYPE_CHECKING:
    from ..workspace import Workspace


class AbstractAzureStorageDatastore:
    """A folder with files. `as_mount`, `as_download` and `path` refer to it in the arguments of a script."""

    def __init__(self, workspace: Workspace, record: stores.StoreRecord) -> None:
        self.workspace, self._record = workspace, record
        self.name, self.datastore_type = record.name, record.type

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, folder={str(self._folder)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AbstractAzureStorageDatastore) and self._folder == other._folder

    def __hash__(self) -> int:
        return hash(self._folder)

    @property
    def _folder(self) -> Path:
        return stores.folder(self.workspace._home, self.name)

    @property
    def is_default(self) -> bool:
        return stores.default(self.workspace._home) == self.name

    @property
    def account_name(self) -> str:
        return self._record.asked.get("account_name", "local")

    def set_as_default(self) -> None:
        """Make it what `ws.get_default_datastore()` gives."""
        stores.set_default(self.workspace._home, self.name)

    def unregister(self) -> None:
        """Forget the datastore; its files stay on disk."""
        stores.remove(self.workspace._home, self.name)

    @translated()
    def upload(
        self, src_dir: str, target_path: str | None = None, overwrite: bool = False, show_progress: bool = True
    ) -> DataReference:
        """Copy a folder's content below `target_path`; files that are there stay unless `overwrite`."""
        top = Path(src_dir).expanduser().absolute()
        if not top.is_dir():
            raise UserErrorException(f"No folder {src_dir!r} to upload. Single files go by upload_files([…]).")
        target = stores.inside(self._folder, target_path)
        pairs = [(path, target / path.relative_to(top)) for path in transfer.files_below(top)]
        transfer.upload(pairs, overwrite=overwrite, show=show_progress)
        return self.path(target_path)

    @translated()
    def upload_files(
        self,
        files: Sequence[str],
        relative_root: str | None = None,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Copy files below `target_path`, under their paths relative to `relative_root`.

        Without one that is the deepest folder that holds them all. Files that are there stay unless `overwrite`.
        """
        if isinstance(files, str):
            raise UserErrorException(f"files is a list of paths; give upload_files([{files!r}]).")
        sources = transfer.checked(files)
        given = relative_root or os.path.commonpath([path.parent for path in sources] or [Path()])
        root = Path(given).expanduser().absolute()
        outside = [str(path) for path in sources if not path.is_relative_to(root)]
        if outside:
            raise UserErrorException(f"{outside[0]} does not lie below relative_root={str(relative_root)!r}.")
        target = stores.inside(self._folder, target_path)
        pairs = [(path, target / path.relative_to(root)) for path in sources]
        transfer.upload(pairs, overwrite=overwrite, show=show_progress)
        return self.path(target_path)

    @translated()
    def download(
        self, target_path: str, prefix: str | None = None, overwrite: bool = False, show_progress: bool = True
    ) -> int:
        """Copy the files whose paths begin with `prefix` below `target_path`; the number of files copied."""
        stores.inside(self._folder, prefix)
        chosen = [
            (path, Path(target_path) / path.relative_to(self._folder))
            for path in transfer.files_below(self._folder)
            if path.relative_to(self._folder).as_posix().startswith((prefix or "").removeprefix("./").lstrip("/"))
        ]
        return transfer.upload(chosen, overwrite=overwrite, show=show_progress)

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> DataReference:
        """A reference to a path in this datastore."""
        return DataReference(self, data_reference_name, path_on_datastore=path)

    def as_mount(self) -> DataReference:
        return self.path().as_mount()

    def as_download(self, path_on_compute: str | None = None) -> DataReference:
        return self.path().as_download(path_on_compute)

    def as_upload(self, path_on_compute: str | None = None) -> DataReference:
        return self.path().as_upload(path_on_compute)


class AzureBlobDatastore(AbstractAzureStorageDatastore):
    """Stands in for a container of Azure Blob Storage."""

    @property
    def container_name(self) -> str:
        return self._record.asked.get("container_name", self.name)


class AzureFileDatastore(AbstractAzureStorageDatastore):
    """Stands in for an Azure file share."""

    @property
    def container_name(self) -> str:
        return self._record.asked.get("file_share_name", self.name)


def opened(workspace: Workspace, record: stores.StoreRecord) -> Any:
    """The datastore of a record, by its type."""
    kind = AzureFileDatastore if record.type == stores.FILE_SHARE else AzureBlobDatastore
    return kind(workspace, record)
