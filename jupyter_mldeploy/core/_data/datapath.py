"""DataPath: a path in a datastore, as the factories of datasets take it."""

from __future__ import annotations

from typing import Any


class DataPath:
    """`path_on_datastore` of a datastore; may hold `*` and `**`."""

    def __init__(self, datastore: Any = None, path_on_datastore: str | None = None, name: str | None = None) -> None:
        self._datastore, self.path_on_datastore = datastore, path_on_datastore or ""
        self.datastore_name = getattr(datastore, "name", None)
        self.name = name

    def __repr__(self) -> str:
        return f"DataPath({self.datastore_name!r}, {self.path_on_datastore!r})"
