"""The runs below a run, and the filter that lists of runs share."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..registry import Registry
from ..specs import RunInfo
from ._tags import mapping_filter, matches
from .exceptions import UserErrorException, translated

if TYPE_CHECKING:
    from .experiment import Experiment
    from .run import Run

_MOST_CHILDREN = 100  # v1 SDK, create_children


class RunRelatives:
    """Children of a run."""

    _experiment: Experiment
    _registry: Registry
    _info: RunInfo

    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: str | None = None) -> Run:
        """Start a run below this one."""
        from ._starting import Start, start_run

        return start_run(self._experiment, Start(name, run_id, outputs), parent_id=self._info.id)

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Sequence[Any] | None = None
    ) -> builtins.list[Run]:
        """Start `count` runs below this one, or one per value of a tag; at most 100."""
        by_tag = tag_key is not None and tag_values is not None
        if (count is None) == (not by_tag) or (tag_key is None) != (tag_values is None):
            raise UserErrorException("create_children takes either count, or tag_key together with tag_values.")
        tags = [{str(tag_key): value} for value in tag_values or ()] if by_tag else [{}] * (count or 0)
        if not 1 <= len(tags) <= _MOST_CHILDREN:
            raise UserErrorException(f"create_children makes 1 to {_MOST_CHILDREN} runs at a time, not {len(tags)}.")
        children = [self.child_run() for _ in tags]
        for child, tag in zip(children, tags, strict=True):
            child.set_tags(tag)
        return children

    def get_children(
        self,
        recursive: bool = False,
        tags: str | Mapping[str, Any] | None = None,
        properties: str | Mapping[str, Any] | None = None,
        type: str | None = None,
        status: str | None = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Run]:
        """The runs below this one, newest first; with `recursive` also those below them."""
        from ._starting import as_run

        with translated():
            children = self._registry.runs(self._info.experiment_id, parent_id=self._info.id)
        for info in children:
            child = as_run(self._experiment.workspace, info, self._experiment)
            if wanted(info, type, tags, properties, status):
                yield child
            if recursive:
                yield from child.get_children(True, tags, properties, type, status)


def wanted(
    info: RunInfo,
    type: str | None,
    tags: str | Mapping[str, Any] | None,
    properties: str | Mapping[str, Any] | None,
    status: str | None,
) -> bool:
    """Does a run pass v1's filters: its type (runs that log from a notebook have none), tags, properties and status."""
    return (
        type in (None, info.tags.get("mldeploy.type"))
        and status in (None, info.status)
        and matches(mapping_filter(tags), info.tags)
        and matches(mapping_filter(properties), info.properties)
    )
