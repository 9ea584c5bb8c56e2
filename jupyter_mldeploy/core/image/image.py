"""Image: models, script and environment as one thing with a version, which services are deployed from."""

from __future__ import annotations

import builtins
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ... import bundle as bundles
from ... import environments
from ...errors import MLDeployError
from ...specs import Bundle, EnvironmentSpec, ScriptSpec
from .._tags import as_texts, check_filter, matches
from ..exceptions import WebserviceException, translated
from ..model import Model
from . import _records
from ._records import ImageRecord

if TYPE_CHECKING:
    from ..webservice._planning import Served
    from ..workspace import Workspace


class ImageConfig(ABC):
    """What an image is made of, apart from its models."""

    description: str | None = None
    tags: Mapping[str, Any] | None = None
    properties: Mapping[str, Any] | None = None

    @abstractmethod
    def validate_configuration(self) -> None:
        """Check the files that are named. Raises `WebserviceException`."""

    @abstractmethod
    def _script_spec(self) -> ScriptSpec:
        """The script and what lies beside it, as of an inference configuration."""

    @abstractmethod
    def _environment_spec(self) -> EnvironmentSpec:
        """The environment, as of an inference configuration."""

    def build_create_payload(self, workspace: Workspace, name: str, model_ids: Any) -> NoReturn:
        raise WebserviceException("Nothing is sent anywhere: Image.create takes the configuration as it is.")


class Image:
    """The image with this id (`name:version`), or this name and version, or the newest that fits.

    `tags` and `properties` are lists of keys or `[key, value]` pairs. Nothing fits → WebserviceException, whose
    message starts with ImageNotFound.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Image:
        from .container import ContainerImage

        return object.__new__(ContainerImage)

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,
        tags: Sequence[Any] | None = None,
        properties: Sequence[Any] | None = None,
        version: int | str | None = None,
    ) -> None:
        self._take(workspace, _found(workspace, name, id, version, (tags, properties)))

    @classmethod
    def _of(cls, workspace: Workspace, record: ImageRecord) -> Image:
        image = cls.__new__(cls)
        image._take(workspace, record)
        return image

    def _take(self, workspace: Workspace, record: ImageRecord) -> None:
        self.workspace, self._record = workspace, record
        self.name, self.version, self.id = record.name, record.version, record.id
        self.created_time = datetime.fromtimestamp(record.created_time, timezone.utc)
        self.description = record.description
        self.tags, self.properties = dict(record.tags), dict(record.properties)
        self.creation_state = "Succeeded" if record.bundle else "Failed"
        self.image_location = str(workspace._home.bundles / record.bundle) if record.bundle else None
        self.image_build_log_uri: str | None = None
        self.image_type, self.image_flavor = "Docker", "WebApiContainer"
        self.model_ids = [model.id for model in record.models]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(workspace={self.workspace!r}, id={self.id}, creation_state={self.creation_state}, "
            f"models={self.model_ids}, tags={self.tags}, properties={self.properties})"
        )

    @property
    def models(self) -> builtins.list[Model]:
        """The image's models that are registered still; the image has copies of all of them."""
        found: list[Model] = []
        for id in self.model_ids:
            with suppress(WebserviceException):
                found.append(Model(self.workspace, id=id))
        return found

    @staticmethod
    def create(workspace: Workspace, name: str, models: Sequence[Any] | None, image_config: ImageConfig) -> Image:
        """Make the next version of the image `name`: its environment is resolved and its files are kept.

        Returns when that is done. An environment that cannot be had is the image's state `Failed`.
        """
        from ..webservice._models import references
        from ..webservice._planning import Served

        _records.check_name(name)
        if not isinstance(image_config, ImageConfig):
            raise WebserviceException(
                f"image_config is {image_config!r}: give what ContainerImage.image_configuration(…) returns."
            )
        image_config.validate_configuration()
        served = Served.of(references(workspace, models), image_config)
        print(f"Creating image {name}")
        return Image._of(workspace, _made(workspace, name, served, image_config))

    def wait_for_creation(self, show_output: bool = False) -> None:
        """Return when the image is there, which it is once `create` has returned. A failed one →
        WebserviceException."""
        if show_output:
            print("\n".join([*self._record.log, self.creation_state]))
        print(f"Image creation operation finished for image {self.id}, operation {self.creation_state!r}")
        self._need()

    def _need(self) -> Bundle:
        if self.image_location is None:
            raise WebserviceException(f"Image {self.id} is in state {self.creation_state}: {self._record.error}")
        return Bundle(self._record.bundle, self.image_location)

    def _served(self) -> Served:
        """What a service of this image serves."""
        from ..webservice._planning import Served

        bundle, record = self._need(), self._record
        paths = bundles.model_paths(bundle)
        models = tuple(replace(model, path=paths[model.id]) for model in record.models)
        return Served(models, _script(bundle, record.script), record.environment, record.description, self.id)

    @translated(WebserviceException)
    def update_creation_state(self) -> None:
        """Fetch everything anew, in place."""
        self._take(self.workspace, _records.find(self.workspace._home, self.name, self.version))

    @staticmethod
    @translated(WebserviceException)
    def list(
        workspace: Workspace,
        image_name: str | None = None,
        model_name: str | None = None,
        model_id: str | None = None,
        tags: Sequence[Any] | None = None,
        properties: Sequence[Any] | None = None,
    ) -> builtins.list[Image]:
        """The images of a workspace, newest first; `tags` and `properties` list keys or `[key, value]` pairs."""
        return [
            Image._of(workspace, record)
            for record in _fitting(workspace, tags, properties)
            if image_name in (None, record.name)
            and (model_name is None or any(model.name == model_name for model in record.models))
            and (model_id is None or any(model.id == model_id for model in record.models))
        ]

    def _change(self, **changes: Mapping[str, str]) -> None:
        with translated(WebserviceException):
            self._take(self.workspace, _records.change(self.workspace._home, self._record, **changes))

    def update(self, tags: Mapping[str, Any]) -> None:
        """Replace the tags."""
        self._change(tags=as_texts("tags", tags))

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags, or change those that exist."""
        self._change(tags={**self.tags, **as_texts("tags", tags)})
        print(f"Tags added to image {self.id}")

    def remove_tags(self, tags: str | Sequence[str]) -> None:
        removed = {tags} if isinstance(tags, str) else set(tags)
        self._change(tags={key: value for key, value in self.tags.items() if key not in removed})
        print(f"Tags removed from image {self.id}")

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties; one that exists already → WebserviceException."""
        new = as_texts("properties", properties)
        if taken := sorted(set(new) & set(self.properties)):
            raise WebserviceException(f"Image {self.id} has {', '.join(taken)} already; properties never change.")
        self._change(properties={**self.properties, **new})
        print(f"Properties added to image {self.id}")

    def delete(self) -> None:
        """Delete this version; services that were deployed from it go on."""
        _records.delete(self.workspace._home, self._record)

    def serialize(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "id": self.id,
            "createdTime": self.created_time.isoformat(),
            "creationState": self.creation_state,
            "description": self.description,
            "imageType": self.image_type,
            "imageFlavor": self.image_flavor,
            "imageLocation": self.image_location,
            "imageBuildLogUri": self.image_build_log_uri,
            "modelIds": self.model_ids,
            "tags": self.tags,
            "properties": self.properties,
        }

    @classmethod
    def deserialize(cls, workspace: Workspace, image_payload: Mapping[str, Any]) -> Image:
        """The image that the payload names."""
        if not image_payload.get("id"):
            raise WebserviceException(f"The image's payload lacks id: {dict(image_payload)}")
        return Image(workspace, id=str(image_payload["id"]))

    @staticmethod
    def image_configuration() -> NoReturn:
        """Refuse: each kind of image has its own, see `ContainerImage.image_configuration`."""
        raise NotImplementedError("Use ContainerImage.image_configuration(execution_script, runtime, conda_file=…).")


def _made(workspace: Workspace, name: str, served: Served, config: ImageConfig) -> ImageRecord:
    """Resolve, build, and keep; the script is then the bundle's own copy."""
    home, log = workspace._home, list[str]()
    digest, error = "", ""
    try:
        models = [Path(model.path) for model in served.models]
        lock = environments.lock(served.environment, home, say=log.append, models=models)
        digest = bundles.build(home, served.script, served.models, served.environment, lock).digest
    except MLDeployError as failure:
        error = failure.message
    record = ImageRecord(
        name,
        0,
        time.time(),
        served.environment,
        Path(served.script.entry_script).name,
        served.models,
        digest,
        config.description,
        as_texts("tags", config.tags),
        as_texts("properties", config.properties),
        tuple(log),
        error,
    )
    return _records.add(home, record)


def _script(bundle: Bundle, name: str) -> ScriptSpec:
    """The script and what lay beside it, as the bundle has them."""
    source = Path(bundle.path) / "source"
    return ScriptSpec(str(source / name), beside=tuple(str(p) for p in sorted(source.iterdir()) if p.name != name))


@translated(WebserviceException)
def _found(workspace: Workspace, name: str | None, id: str | None, version: Any, filters: Any) -> ImageRecord:
    """The one image of `Image(workspace, …)`: `id` wins, then a version, then the newest that fits."""
    if id:
        name, _, version = str(id).rpartition(":")
    if version and not str(version).isdecimal():
        raise WebserviceException(f"ImageNotFound: {id or version!r}: versions of images are numbers.")
    if name and (version or not any(filters)):
        return _records.find(workspace._home, name, int(version) if version else None)
    fitting = [record for record in _fitting(workspace, *filters) if name in (None, record.name)]
    if not fitting:
        raise WebserviceException(f"ImageNotFound: no image fits name={name!r}, tags and properties {filters}.")
    return fitting[0]


def _fitting(workspace: Workspace, tags: Any, properties: Any) -> list[ImageRecord]:
    wanted, had = check_filter("tags", tags), check_filter("properties", properties)
    records = _records.every(workspace._home)
    return [r for r in records if matches(wanted, r.tags) and matches(had, r.properties)]
