"""Finding models: by id, by name and version, by v1's filters, and the path of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import NotFound, known
from ...server import modelpath
from ...specs import ModelInfo
from .._data import records
from .._data.dataset_factory import of_record
from .._tags import check_filter, matches
from ..exceptions import ModelNotFoundException, WebserviceException, translated

if TYPE_CHECKING:
    from ..workspace import Workspace


@dataclass(frozen=True)
class Filter:
    """v1's filters over models. `tags` and `properties`: a list of keys or `[key, value]` pairs."""

    tags: Sequence[Any] | None = None
    properties: Sequence[Any] | None = None
    run_id: str | None = None
    model_framework: str | None = None
    dataset_id: str | None = None

    def __bool__(self) -> bool:
        return any((self.tags, self.properties, self.run_id, self.model_framework, self.dataset_id))

    def __str__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value)

    def chosen(self, models: Sequence[ModelInfo]) -> list[ModelInfo]:
        tags, properties = check_filter("tags", self.tags), check_filter("properties", self.properties)
        return [
            model
            for model in models
            if matches(tags, model.tags)
            and matches(properties, model.properties)
            and self.run_id in (None, model.run_id)
            and self.model_framework in (None, model.framework)
            and (self.dataset_id is None or self.dataset_id in datasets(model))
        ]


def datasets(model: ModelInfo) -> list[str]:
    return [dataset for listed in model.extra.get("datasets", {}).values() for dataset in listed]


@translated(WebserviceException)
def find(workspace: Workspace, name: str | None, id: str | None, version: Any, wanted: Filter) -> ModelInfo:
    """The one model of `Model(workspace, …)`: `id` wins, then a version, then the newest that fits."""
    if id:
        name, _, version = str(id).rpartition(":")
    if not name:
        raise WebserviceException(
            f"ModelNotFound: {id!r} is no model id; ids look like name:version."
            if id
            else "Model needs a name or an id."
        )
    if version:
        return workspace._registry.model(name, _number(name, version))
    if not wanted:
        return workspace._registry.model(name)
    found = wanted.chosen(workspace._registry.models(name))
    if not found:
        versions = known("Its versions", (str(model.version) for model in workspace._registry.models(name)))
        raise WebserviceException(f"ModelNotFound: no version of {name!r} fits {wanted}. {versions}")
    return found[0]


def _number(name: str, version: Any) -> int:
    if not str(version).isdecimal():
        raise WebserviceException(f"ModelNotFound: {name!r} has no version {version!r}; versions are numbers.")
    return int(str(version))


@translated(WebserviceException)
def every(workspace: Workspace, name: str | None, wanted: Filter, *, latest: bool) -> list[ModelInfo]:
    """The models that fit, newest first; with `latest` the newest version of each name, if it fits."""
    return wanted.chosen(workspace._registry.models(name, latest=latest))


def model_path(name: str, version: int | None, workspace: Workspace | None) -> str:
    """`Model.get_model_path`: with a workspace from its registry, else by the serving process's search."""
    if version is not None and not isinstance(version, int):
        raise WebserviceException(f"The version of a model is an int, not {type(version).__name__} {version!r}.")
    if workspace is not None:
        with translated(WebserviceException):
            registry = workspace._registry
            return str(registry.fetch(registry.model(name, version)))
    try:
        return modelpath.get_model_path(name, version)
    except modelpath.ModelNotFound as error:
        kind = ModelNotFoundException if version is None else WebserviceException
        raise kind(f"{error.message} In a notebook, `Model(ws, {name!r}).download()` fetches it.") from None
    except modelpath.ModelPathError as error:
        raise WebserviceException(error.message) from None


def sample(workspace: Workspace | None, id: str | None) -> Any:
    """The data set of that id, or the id itself where no such data set is kept."""
    if workspace is None or id is None:
        return id
    try:
        return of_record(workspace, records.find(workspace._home, id))
    except NotFound:
        return id


def services_with(workspace: Workspace, id: str) -> list[str]:
    """The names of the services that serve the model `id`."""
    from ... import services

    home = workspace._home
    return [
        name for name in services.names(home) if any(model.id == id for model in services.record(home, name).models)
    ]
