"""What tabular and file datasets share: registering, versions, tags, choosing rows or files, and being an input."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from ...disk import Home
from .._tags import as_texts
from ..exceptions import UserErrorException, translated
from . import places, records
from .dataset_consumption_config import DatasetConsumptionConfig
from .records import DatasetRecord, Definition

if TYPE_CHECKING:
    from ..workspace import Workspace

D = TypeVar("D", bound="AbstractDataset")


class AbstractDataset:
    """Files with what is done to them. Nothing is read before it is asked for; each change gives a new dataset."""

    def __init__(
        self, definition: Definition, workspace: Workspace | None = None, record: DatasetRecord | None = None
    ) -> None:
        self._definition, self._workspace, self._record = definition, workspace, record

    def __repr__(self) -> str:
        registered = f"name={self.name!r}, version={self.version}, " if self.name else ""
        return f"{type(self).__name__}({registered}source={self._sources()}, steps={[s for s, _ in self._steps]})"

    @property
    def _steps(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return self._definition.steps

    def _sources(self) -> list[str]:
        shown = self._definition.places
        return [place.get("url") or place.get("file") or f"{place['datastore']}/{place['path']}" for place in shown]

    def _then(self: D, step: str, **options: Any) -> D:
        return type(self)(self._definition.then(step, **options), self._workspace)

    @property
    def _home(self) -> Home | None:
        return None if self._workspace is None else self._workspace._home

    # Identity.

    @property
    def name(self) -> str | None:
        """The registered name; None before."""
        return self._record.name or None if self._record else None

    @property
    def version(self) -> int | None:
        return self._record.version or None if self._record else None

    @property
    def id(self) -> str:
        """What `Dataset.get_by_id` finds this dataset by; asking keeps an unregistered one."""
        return self._record.id if self._record else records.save(self._home, self._definition)

    @property
    def description(self) -> str | None:
        return self._record.description or None if self._record else None

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._record.tags) if self._record else {}

    @property
    def data_changed_time(self) -> datetime | None:
        """When the newest of its files was written."""
        times = [found.file.stat().st_mtime for found in self._files()]
        return datetime.fromtimestamp(max(times), timezone.utc) if times else None

    # Registering.

    @translated()
    def register(
        self: D,
        workspace: Workspace,
        name: str,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        create_new_version: bool = False,
    ) -> D:
        """Keep the dataset under a name; with `create_new_version` as the next version of it.

        The name in use for other content, and no `create_new_version` → UserErrorException. The files stay in place.
        """
        texts = as_texts("tags", tags, UserErrorException)
        asked = DatasetRecord("", self._definition, name, description=description or "", tags=texts)
        self._check_stores(workspace)
        return type(self)(
            self._definition, workspace, records.register(workspace._home, asked, new_version=create_new_version)
        )

    def _check_stores(self, workspace: Workspace) -> None:
        stores = [place for place in self._definition.places if "datastore" in place]
        if stores and self._workspace is not None and self._workspace._home != workspace._home:
            raise UserErrorException(
                f"This dataset reads the datastore {stores[0]['datastore']!r} of the workspace "
                f"{self._workspace.name!r}; register it there."
            )

    @translated()
    def update(self, description: str | None = None, tags: Mapping[str, Any] | None = None) -> None:
        """Set the description or the tags (replaced) of this version."""
        record = self._registered()
        texts = record.tags if tags is None else as_texts("tags", tags, UserErrorException)
        self._write(replace(record, description=record.description if description is None else description, tags=texts))

    @translated()
    def add_tags(self, tags: Mapping[str, Any] | None = None) -> None:
        record = self._registered()
        self._write(replace(record, tags={**record.tags, **as_texts("tags", tags, UserErrorException)}))

    @translated()
    def remove_tags(self, tags: Sequence[str] | None = None) -> None:
        record = self._registered()
        self._write(replace(record, tags={key: v for key, v in record.tags.items() if key not in (tags or ())}))

    @translated()
    def unregister_all_versions(self) -> None:
        """Forget the name with all versions; the files stay."""
        record = self._registered()
        assert self._home is not None
        records.unregister(self._home, record.name)
        self._record = None

    def _registered(self) -> DatasetRecord:
        if self._record is None or not self._record.name:
            raise UserErrorException("This dataset is not registered: register it with dataset.register(ws, name).")
        return self._record

    def _write(self, record: DatasetRecord) -> None:
        assert self._home is not None
        records.change(self._home, record)
        self._record = record

    # Choosing.

    def take(self: D, count: int) -> D:
        """The first `count`."""
        return self._then("take", count=_counted("take", count))

    def skip(self: D, count: int) -> D:
        """All but the first `count`."""
        return self._then("skip", count=_counted("skip", count))

    def sample(self: D, probability: float, seed: int | None = None) -> D:
        """Each with this probability; the same ones at every reading."""
        return self._then("sample", probability=_share("probability", probability), seed=_seed(seed))

    def random_split(self: D, percentage: float, seed: int | None = None) -> tuple[D, D]:
        """Two datasets: this share (0 to 1), and the rest; the same ones at every reading."""
        options = {"percentage": _share("percentage", percentage), "seed": _seed(seed)}
        return self._then("split", first=True, **options), self._then("split", first=False, **options)

    # As an input.

    def as_named_input(self, name: str) -> DatasetConsumptionConfig:
        """This dataset as the input `name` of a submitted script: `Run.get_context().input_datasets[name]`."""
        return DatasetConsumptionConfig(name, self)

    @translated()
    def _files(self) -> list[places.Found]:
        return places.files(self._definition.places, self._workspace)


def _counted(call: str, count: int) -> int:
    if not isinstance(count, int) or count < 0:
        raise UserErrorException(f"{call}({count!r}): count is a whole number, 0 or more.")
    return count


def _share(name: str, value: float) -> float:
    if not 0 <= float(value) <= 1:
        raise UserErrorException(f"{name}={value!r} is outside 0 to 1.")
    return float(value)


def _seed(seed: int | None) -> int:
    return random.randrange(2**31) if seed is None else int(seed)
