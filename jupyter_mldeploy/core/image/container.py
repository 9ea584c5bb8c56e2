"""ContainerImage and its configuration: an entry script, its conda file, and files beside it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from ...specs import EnvironmentSpec, ScriptSpec
from .._unavailable import unavailable
from ..container_registry import ContainerRegistry
from ..exceptions import WebserviceException
from ..model import InferenceConfig
from .image import Image, ImageConfig


class ContainerImageConfig(ImageConfig):
    """How a container image is made; `dependencies` are files and folders that are laid beside the script."""

    def __init__(
        self,
        execution_script: str,
        runtime: str,
        conda_file: str | None = None,
        docker_file: str | None = None,
        schema_file: str | None = None,
        dependencies: Sequence[str] | None = None,
        enable_gpu: bool | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        description: str | None = None,
        base_image: str | None = None,
        base_image_registry: ContainerRegistry | None = None,
        cuda_version: str | None = None,
    ) -> None:
        self.execution_script, self.runtime, self.conda_file = execution_script, runtime, conda_file
        self.docker_file, self.schema_file, self.dependencies = docker_file, schema_file, dependencies
        self.enable_gpu, self.cuda_version = enable_gpu, cuda_version
        self.tags, self.properties, self.description = tags, properties, description
        self.base_image, self.base_image_registry = base_image, base_image_registry
        self._folder = Path.cwd()
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Check script, runtime and files. Raises `WebserviceException`, and `UserErrorException` for its syntax."""
        if not self.runtime:
            raise WebserviceException("An image configuration needs a runtime: 'python' or 'spark-py'.")
        self._inference()
        for path in self._beside():
            if not path.exists():
                raise WebserviceException(f"There is no file or folder {path}, which the image configuration names.")

    def _inference(self) -> InferenceConfig:
        """The same as an inference configuration, without v1's word that its form is old."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return InferenceConfig(
                self.execution_script,
                runtime=self.runtime,
                conda_file=self.conda_file,
                extra_docker_file_steps=self.docker_file,
                enable_gpu=self.enable_gpu,
                description=self.description,
                base_image=self.base_image,
                base_image_registry=self.base_image_registry,
                cuda_version=self.cuda_version,
            )

    def _beside(self) -> list[Path]:
        named = [*(self.dependencies or ()), *([self.schema_file] if self.schema_file else [])]
        return [(self._folder / name).resolve() for name in named]

    def _script_spec(self) -> ScriptSpec:
        return replace(self._inference()._script_spec(), beside=tuple(map(str, self._beside())))

    def _environment_spec(self) -> EnvironmentSpec:
        return self._inference()._environment_spec()


class ContainerImage(Image):
    """An image of an entry script."""

    @staticmethod
    def image_configuration(  # type: ignore[override]
        execution_script: str,
        runtime: str,
        conda_file: str | None = None,
        docker_file: str | None = None,
        schema_file: str | None = None,
        dependencies: Sequence[str] | None = None,
        enable_gpu: bool | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        description: str | None = None,
        base_image: str | None = None,
        base_image_registry: ContainerRegistry | None = None,
        cuda_version: str | None = None,
    ) -> ContainerImageConfig:
        """What an image is made of; paths are relative to the current folder."""
        return ContainerImageConfig(
            execution_script,
            runtime,
            conda_file,
            docker_file,
            schema_file,
            dependencies,
            enable_gpu,
            tags,
            properties,
            description,
            base_image,
            base_image_registry,
            cuda_version,
        )

    def run(self, input_data: Any) -> NoReturn:
        """Refuse: an image runs as a service."""
        unavailable("ContainerImage.run", "Use Webservice.deploy_from_image(ws, name, image), and run of its service.")
