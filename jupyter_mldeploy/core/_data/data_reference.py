"""DataReference: a path in a datastore as an argument of a script; the script gets the folder or file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import stores

if TYPE_CHECKING:
    from .azure_storage_datastore import AbstractAzureStorageDatastore


class DataReference:
    """Where files lie in a datastore. Mounted, downloaded or uploaded: here it is the same place on disk."""

    def __init__(
        self,
        datastore: AbstractAzureStorageDatastore,
        data_reference_name: str | None = None,
        path_on_datastore: str | None = None,
        mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        self.datastore, self.path_on_datastore = datastore, path_on_datastore or ""
        self.data_reference_name = data_reference_name or datastore.name
        self.mode, self.path_on_compute, self.overwrite = mode, path_on_compute, overwrite

    def __str__(self) -> str:
        return str(stores.inside(self.datastore._folder, self.path_on_datastore))

    def __repr__(self) -> str:
        return f"DataReference({self.datastore.name!r}, path_on_datastore={self.path_on_datastore!r})"

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> DataReference:
        """A reference to a path below this one."""
        joined = "/".join(part.strip("/") for part in (self.path_on_datastore, path or "") if part.strip("/"))
        return self._with(path_on_datastore=joined, data_reference_name=data_reference_name)

    def as_mount(self) -> DataReference:
        return self._with(mode="mount")

    def as_download(self, path_on_compute: str | None = None, overwrite: bool = False) -> DataReference:
        return self._with(mode="download", path_on_compute=path_on_compute, overwrite=overwrite)

    def as_upload(self, path_on_compute: str | None = None, overwrite: bool = False) -> DataReference:
        return self._with(mode="upload", path_on_compute=path_on_compute, overwrite=overwrite)

    def _with(self, **changes: Any) -> DataReference:
        kept = {
            "data_reference_name": self.data_reference_name,
            "path_on_datastore": self.path_on_datastore,
            "mode": self.mode,
            "path_on_compute": self.path_on_compute,
            "overwrite": self.overwrite,
        }
        return DataReference(self.datastore, **{**kept, **{k: v for k, v in changes.items() if v is not None}})
