"""A workspace's datastores and datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._data import stores
from .exceptions import translated

if TYPE_CHECKING:
    from ..disk import Home
    from ._data.azure_storage_datastore import AbstractAzureStorageDatastore


class WorkspaceData:
    """The part of Workspace that deals with data."""

    _home: Home

    @property
    def datastores(self) -> dict[str, Any]:
        """All datastores, those that every workspace has among them."""
        from .datastore import Datastore

        return {name: Datastore.get(self, name) for name in stores.names(self._home)}  # type: ignore[arg-type]

    @property
    def datasets(self) -> dict[str, Any]:
        """The latest version of each registered dataset."""
        from .dataset import Dataset

        return Dataset.get_all(self)  # type: ignore[arg-type]

    def get_default_datastore(self) -> AbstractAzureStorageDatastore:
        from .datastore import Datastore

        return Datastore.get_default(self)  # type: ignore[arg-type]

    @translated()
    def set_default_datastore(self, name: str) -> None:
        """Let `get_default_datastore` give this one; UserErrorException lists those that exist."""
        stores.set_default(self._home, name)
