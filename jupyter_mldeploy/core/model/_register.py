"""Registering a model, from a path or from a run: v1's checks in v1's order, all of them before any work."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ...errors import known
from ...specs import ModelDetails
from .._tags import as_texts
from ..exceptions import (
    FileMissingException,
    ModelPathNotFoundException,
    WebserviceException,
    translated,
)
from ..resource_configuration import ResourceConfiguration

if TYPE_CHECKING:
    from ..run import Run
    from ..workspace import Workspace
    from ._model import Model

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
logger = logging.getLogger(__name__)


class Framework:
    """Names of frameworks, as v1 spells them; other texts are taken as well."""

    CUSTOM = "Custom"
    TENSORFLOW = "TensorFlow"
    SCIKITLEARN = "ScikitLearn"
    ONNX = "Onnx"
    TFKERAS = "TfKeras"
    PYTORCH = "PyTorch"
    MULTI = "Multi"


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What is said about a model when it is registered, by v1's parameter names."""

    tags: Mapping[str, Any] | None = None
    properties: Mapping[str, Any] | None = None
    description: str | None = None
    datasets: Sequence[tuple[str, Any]] | None = None
    model_framework: str | None = None
    model_framework_version: str | None = None
    sample_input_dataset: Any = None
    sample_output_dataset: Any = None
    resource_configuration: ResourceConfiguration | None = None

    def check_framework(self) -> None:
        if self.model_framework_version and not self.model_framework:
            raise WebserviceException(
                f"model_framework_version={self.model_framework_version!r} needs a model_framework, "
                "for example Model.Framework.SCIKITLEARN."
            )
        if self.model_framework == Framework.TFKERAS:
            logger.warning(
                "TfKeras models are served by an entry script only; use Model.Framework.TENSORFLOW otherwise."
            )

    def details(self, *, folder: bool) -> ModelDetails:
        """The same as the registry keeps it; tags or properties that are no JSON dict → WebserviceException."""
        extra = {
            "folder": folder,
            "datasets": dataset_references(self.datasets),
            "resourceConfiguration": resources(self.resource_configuration),
            "sampleInputDatasetId": dataset_id(self.sample_input_dataset),
            "sampleOutputDatasetId": dataset_id(self.sample_output_dataset),
        }
        return ModelDetails(
            description=self.description,
            tags=as_texts("tags", self.tags),
            properties=as_texts("properties", self.properties),
            framework=self.model_framework,
            framework_version=self.model_framework_version,
            extra={key: value for key, value in extra.items() if value},
        )


def check_name(name: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise WebserviceException(
            f"{name!r} cannot name a model: 1 to 255 letters, digits, '-', '.' and '_', a letter or digit first."
        )


def resources(configuration: Any) -> dict[str, Any] | None:
    if configuration is not None and not isinstance(configuration, ResourceConfiguration):
        raise WebserviceException(
            f"resource_configuration is a {type(configuration).__name__}; it must be a ResourceConfiguration."
        )
    return None if configuration is None else configuration.serialize()


def dataset_id(dataset: Any) -> str | None:
    """How a data set is remembered: its id, its name, or its text."""
    return None if dataset is None else str(getattr(dataset, "id", None) or getattr(dataset, "name", None) or dataset)


def dataset_references(datasets: Sequence[tuple[str, Any]] | None) -> dict[str, list[str]]:
    """Pairs of (scenario, data set) as scenario → ids; another shape → WebserviceException."""
    found: dict[str, list[str]] = {}
    for pair in datasets or ():
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise WebserviceException(f"datasets takes pairs of (scenario, data set); {pair!r} is none.")
        found.setdefault(str(pair[0]), []).append(str(dataset_id(pair[1])))
    return found


@translated(WebserviceException)
def register(
    workspace: Workspace,
    model_path: str | Path,
    model_name: str,
    child_paths: Sequence[str] | None,
    registration: Registration,
) -> Model:
    """Copy a file or folder into the registry as the next version of a model."""
    from ._model import Model

    check_name(model_name)
    registration.check_framework()
    source = Path(model_path).expanduser().absolute()
    _check_source(source, str(model_path), child_paths)
    details = registration.details(folder=source.is_dir())
    print(f"Registering model {model_name}")
    children = None if child_paths is None else [str(child) for child in child_paths]
    return Model._of(workspace, workspace._registry.register(model_name, source, child_paths=children, details=details))


def register_path(workspace: Workspace, model: Any) -> Any:
    """A local path as the model that it is registered as, by its base name; anything else as it is."""
    if not isinstance(model, (str, Path)) or not Path(model).exists():
        return model
    name = re.sub(r"[^A-Za-z0-9._-]", "-", Path(model).absolute().name).lstrip("._-")
    return register(workspace, model, name, None, Registration())


def _check_source(source: Path, given: str, child_paths: Sequence[str] | None) -> None:
    if not source.exists():
        near = sorted(path.name for path in source.parent.iterdir()) if source.parent.is_dir() else []
        raise FileMissingException(
            f"No file or folder {given!r} to register; looked for {source}. {known(f'In {source.parent}', near)} "
            "Files of a run are registered with `run.register_model`."
        )
    for child in child_paths or ():
        if not (source / child).exists():
            raise WebserviceException(f"child_paths names {str(child)!r}, which is not in {source}.")


def register_from_run(run: Run, model_name: str, model_path: str | None, registration: Registration) -> Model:
    """Register files that a run has uploaded; `model_path` is their key, or the folder that their keys start with."""
    from ._model import Model

    check_name(model_name)
    registration.check_framework()
    key = str(PurePosixPath(model_path or model_name))
    keys = run.get_file_names()
    _check_key(run, key, keys)
    with translated(WebserviceException):
        details = registration.details(folder=key not in keys)
        return Model._of(run.experiment.workspace, run._registry.register_from_run(model_name, run.id, key, details))


def _check_key(run: Run, key: str, keys: Sequence[str]) -> None:
    if not any(has == key or has.startswith(f"{key}/") for has in keys):
        local = f" {key!r} is a local path: register that with Model.register." if Path(key).exists() else ""
        raise ModelPathNotFoundException(
            f"The run {run.id} has no file or folder {key!r}. {known('It has', keys)} model_path is a key "
            f"inside the run: upload first with `run.upload_file(name, path)`.{local}"
        )
