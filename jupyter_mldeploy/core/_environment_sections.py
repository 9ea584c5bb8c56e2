"""The parts of an Environment that have effect: Python and Docker."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .conda_dependencies import CondaDependencies
from .container_registry import ContainerRegistry
from .exceptions import UserErrorException

if TYPE_CHECKING:
    from .workspace import Workspace

logger = logging.getLogger(__name__)
DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20250601.v1"
DEFAULT_GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04:20250601.v1"


class PythonSection:
    """Which Python, and which packages. `user_managed_dependencies` means the interpreter at `interpreter_path` as it
    is; the default `python` stands for the notebook's own."""

    def __init__(self, **kwargs: Any) -> None:
        self.interpreter_path = "python"
        self.user_managed_dependencies = False
        self.conda_dependencies: CondaDependencies | None = CondaDependencies()
        self.base_conda_environment: str | None = None
        self._conda_dependencies_file: str | None = None

    @property
    def conda_dependencies_file(self) -> str | None:
        """Deprecated: the file that `conda_dependencies` were read from by setting it."""
        return self._conda_dependencies_file

    @conda_dependencies_file.setter
    def conda_dependencies_file(self, value: str | None) -> None:
        _deprecated("conda_dependencies_file", "conda_dependencies")
        self._conda_dependencies_file = value
        if value is not None:
            self.conda_dependencies = CondaDependencies(value)


class DockerImagePlatform:
    """What an image is built for."""

    def __init__(self, **kwargs: Any) -> None:
        self.os = "Linux"
        self.architecture = "amd64"


class DockerBuildContext:
    """A folder with a Dockerfile."""

    def __init__(
        self, location_type: str | None = None, location: str | None = None, dockerfile_path: str = "Dockerfile"
    ) -> None:
        self.location_type = location_type
        self.location = location
        self.dockerfile_path = dockerfile_path

    @staticmethod
    def from_local_directory(
        workspace: Workspace, path: str, dockerfile_path: str = "Dockerfile"
    ) -> DockerBuildContext:
        """The folder `path` on this machine; it stays where it is."""
        folder = Path(path).resolve()
        if not (folder / dockerfile_path).is_file():
            raise UserErrorException(f"There is no {dockerfile_path!r} in {str(folder)!r}. Give dockerfile_path.")
        return DockerBuildContext("local", str(folder), dockerfile_path)


class DockerSection:
    """Which image: one of `base_image`, `base_dockerfile` and `build_context`; setting one clears the others."""

    def __init__(self, **kwargs: Any) -> None:
        self.base_image_registry = ContainerRegistry()
        self.platform = DockerImagePlatform()
        self._source: dict[str, Any] = {"base_image": DEFAULT_CPU_IMAGE}
        self._deprecated: dict[str, Any] = {
            "enabled": False,
            "shared_volumes": True,
            "arguments": [],
            "shm_size": "2g",
        }

    @property
    def base_image(self) -> str | None:
        return self._source.get("base_image")

    @base_image.setter
    def base_image(self, value: str | None) -> None:
        self._choose("base_image", value)

    @property
    def base_dockerfile(self) -> str | None:
        """The text of a Dockerfile; set it as text, as the path of a file, or as an open file."""
        return self._source.get("base_dockerfile")

    @base_dockerfile.setter
    def base_dockerfile(self, value: Any) -> None:
        self._choose("base_dockerfile", _text(value))

    @property
    def build_context(self) -> DockerBuildContext | None:
        return self._source.get("build_context")

    @build_context.setter
    def build_context(self, value: DockerBuildContext | None) -> None:
        self._choose("build_context", value)

    def _choose(self, name: str, value: Any) -> None:
        others = [other for other in self._source if other != name]
        if value is None:
            self._source.pop(name, None)
            return
        if others:
            logger.warning("%s is set, so %s is cleared: an image has one source.", name, " and ".join(others))
        self._source = {name: value}

    @property
    def gpu_support(self) -> bool:
        """Deprecated, and without effect: a service sees the GPUs that its machine has."""
        return True

    @gpu_support.setter
    def gpu_support(self, value: bool) -> None:
        _deprecated("gpu_support", "")

    @property
    def enabled(self) -> bool:
        return bool(self._deprecated["enabled"])

    @enabled.setter
    def enabled(self, value: bool) -> None:
        self._set_deprecated("enabled", value)

    @property
    def shared_volumes(self) -> bool:
        return bool(self._deprecated["shared_volumes"])

    @shared_volumes.setter
    def shared_volumes(self, value: bool) -> None:
        self._set_deprecated("shared_volumes", value)

    @property
    def arguments(self) -> list[str]:
        found: list[str] = self._deprecated["arguments"]
        return found

    @arguments.setter
    def arguments(self, value: list[str]) -> None:
        self._set_deprecated("arguments", value)

    @property
    def shm_size(self) -> str | None:
        found: str | None = self._deprecated["shm_size"]
        return found

    @shm_size.setter
    def shm_size(self, value: str | None) -> None:
        self._set_deprecated("shm_size", value)

    def _set_deprecated(self, name: str, value: Any) -> None:
        _deprecated(f"docker.{name}", "")
        self._deprecated[name] = value


def _text(value: Any) -> str | None:
    """The text of a Dockerfile given as text, as a path or as an open file."""
    if hasattr(value, "read"):
        read = value.read()
        return read.decode() if isinstance(read, bytes) else str(read)
    if isinstance(value, os.PathLike) or (isinstance(value, str) and "\n" not in value and Path(value).is_file()):
        return Path(value).read_text(encoding="utf-8")
    return None if value is None else str(value)


def _deprecated(name: str, instead: str) -> None:
    logger.warning("%s is deprecated%s.", name, f": use {instead}" if instead else " and has no effect here")
