"""Experiment: a name under which runs are logged. Creates or opens on construction, as v1 does."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any, NoReturn

from ..registry.answers import without_credentials
from ..specs import ExperimentInfo
from ._tags import as_texts, mapping_filter, matches
from ._unavailable import unavailable
from .exceptions import UserErrorException, translated

if TYPE_CHECKING:
    from .run import Run
    from .workspace import Workspace

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")


class ViewType(Enum):
    """Which experiments `Experiment.list` shows."""

    ActiveOnly = "ActiveOnly"
    ArchivedOnly = "ArchivedOnly"
    All = "All"


class Experiment:
    """The experiment `name` of a workspace, made when there is none of that name yet."""

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        _skip_name_validation: bool = False,
        _id: str | None = None,
        _archived_time: float | None = None,
        _create_in_cloud: bool = True,
        _experiment_dto: ExperimentInfo | None = None,
        **kwargs: Any,
    ) -> None:
        if not _skip_name_validation:
            _check_name(name)
        self._workspace = workspace
        with translated():
            self._info = _experiment_dto or workspace._registry.experiment(name, create=_create_in_cloud)

    def __repr__(self) -> str:
        return f"Experiment(Name: {self.name},\nWorkspace: {self._workspace.name})"

    @property
    def workspace(self) -> Workspace:
        return self._workspace

    @property
    def workspace_object(self) -> Workspace:
        """The same as `workspace`; v1 has both."""
        return self._workspace

    @property
    def name(self) -> str:
        return self._info.name

    @property
    def id(self) -> str:
        return self._info.id

    @property
    def archived_time(self) -> datetime | None:
        seconds = self._info.archived_time
        return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._info.tags)

    def start_logging(self, *args: Any, **kwargs: Any) -> Run:
        """Start a run: `name, run_id, outputs, snapshot_directory, display_name, description`, by name.

        No snapshot of the current folder is taken: `snapshot_directory` is accepted and not used.
        Files that lie in the folder `outputs`, when given, are uploaded at the run's end.
        """
        from ._starting import Start, start_run

        return start_run(self, Start(*args, **kwargs))

    def submit(self, config: Any, tags: Mapping[str, Any] | None = None, **kwargs: Any) -> Run:
        """Run the script of a ScriptRunConfig in a process of its own, which outlives this one; returns at once."""
        from ._starting import as_run
        from ._submission.submitting import submit

        return as_run(self._workspace, submit(self, config, tags, **kwargs)._refresh(), self)

    def get_runs(
        self,
        type: str | None = None,
        tags: str | Mapping[str, Any] | None = None,
        properties: str | Mapping[str, Any] | None = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """The experiment's runs, newest first; those of other runs only with `include_children`."""
        from .run import Run

        return iter(Run.list(self, type, tags, properties, include_children=include_children))

    @translated()
    def archive(self) -> None:
        """Hide the experiment from lists; its runs and models stay."""
        self._workspace._registry.archive_experiment(self.id, archived=True)
        self.refresh()

    @translated()
    def reactivate(self, new_name: str | None = None) -> None:
        """Show an archived experiment again. It cannot be renamed on the way → UserErrorException."""
        if new_name is not None:
            raise UserErrorException(
                f"An experiment is reactivated under its own name; new_name={new_name!r} was given."
            )
        self._workspace._registry.archive_experiment(self.id, archived=False)
        self.refresh()

    def tag(self, key: str, value: Any = None) -> None:
        self.set_tags({key: value})

    @translated()
    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags, or change those that exist."""
        self._workspace._registry.tag_experiment(self.id, as_texts("tags", tags, UserErrorException))
        self.refresh()

    @translated()
    def remove_tags(self, tags: builtins.list[str]) -> None:
        self._workspace._registry.tag_experiment(self.id, dict.fromkeys(_listed(tags)))
        self.refresh()

    @translated()
    def refresh(self) -> None:
        """Read again what another process may have changed."""
        self._info = self._workspace._registry.experiment(self.name)

    def get_portal_url(self) -> str:
        """Where the experiment can be looked at: its page on a tracking server, else the workspace's folder."""
        return self._page()

    def _page(self, below: str = "") -> str:
        uri = self._workspace._registry.tracking_uri
        if uri.startswith("http"):
            return f"{without_credentials(uri)}/#/experiments/{self.id}{below}"
        return self._workspace._home.path.as_uri()

    @staticmethod
    def from_directory(path: str, auth: object | None = None) -> NoReturn:
        unavailable("Experiment.from_directory", "Open it by name: `Experiment(Workspace.from_config(), name)`.")

    @staticmethod
    @translated()
    def list(
        workspace: Workspace,
        experiment_name: str | None = None,
        view_type: ViewType | str = ViewType.ActiveOnly,
        tags: str | Mapping[str, Any] | None = None,
    ) -> builtins.list[Experiment]:
        """The experiments, archived ones only when `view_type` says so."""
        view = ViewType(getattr(view_type, "value", view_type))
        found = [] if view is ViewType.ArchivedOnly else [*workspace._registry.experiments()]
        if view is not ViewType.ActiveOnly:
            found += workspace._registry.experiments(archived=True)
        wanted = mapping_filter(tags)
        return [
            Experiment(workspace, info.name, _skip_name_validation=True, _experiment_dto=info)
            for info in found
            if experiment_name in (None, info.name) and matches(wanted, info.tags)
        ]

    @staticmethod
    @translated()
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Delete an experiment by its id, with its runs; registered models stay."""
        workspace._registry.delete_experiment(experiment_id)

    @classmethod
    def get_docs_url(cls) -> str:
        """The page of v1's reference for this class."""
        return "https://learn.microsoft.com/python/api/azureml-core/azureml.core.experiment.experiment"


def _listed(names: str | builtins.list[str]) -> builtins.list[str]:
    return [names] if isinstance(names, str) else [*names]


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UserErrorException(
            f"{name!r} cannot name an experiment: 1 to 255 letters, digits, '-' and '_', "
            "starting with a letter or digit."
        )
