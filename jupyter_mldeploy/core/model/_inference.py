"""InferenceConfig: the entry script of a service and the environment it runs in, checked on construction as v1 does."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ...specs import EnvironmentSpec, ScriptSpec
from .._unavailable import unavailable
from ..container_registry import ContainerRegistry
from ..exceptions import translated
from . import _inference_checks

if TYPE_CHECKING:
    from ..environment import Environment


class InferenceConfig:
    """What a service runs.

    `entry_script` is relative to `source_directory` when that is given, and the whole folder goes along; without,
    it is relative to the current folder and goes alone. The environment comes as an `Environment`, or in the
    deprecated form: `runtime="python"` with a `conda_file`, placed by the same rule as the entry script.

    `batch=True` (not of v1) lets the service join requests that wait: `run` then gets the rows of several in one
    `{"data": rows}`, and returns a list with one item a row.
    """

    def __init__(
        self,
        entry_script: str,
        runtime: str | None = None,
        conda_file: str | None = None,
        extra_docker_file_steps: str | None = None,
        source_directory: str | None = None,
        enable_gpu: bool | None = None,
        description: str | None = None,
        base_image: str | None = None,
        base_image_registry: ContainerRegistry | None = None,
        cuda_version: str | None = None,
        environment: Environment | None = None,
        *,
        batch: bool = False,
    ) -> None:
        self._folder = Path.cwd()  # a notebook may change its folder between this cell and the deployment
        self.entry_script = entry_script
        self.runtime = runtime
        self.conda_file = conda_file
        self.extra_docker_file_steps = extra_docker_file_steps
        self.source_directory = source_directory
        self.enable_gpu = enable_gpu
        self.description = description
        self.base_image = base_image
        self.base_image_registry = base_image_registry or ContainerRegistry()
        self.cuda_version = cuda_version
        self.environment = environment
        self.batch = batch
        self.validate_configuration()

    def __repr__(self) -> str:
        shown = ("entry_script", "source_directory", "runtime", "conda_file")
        given = {name: getattr(self, name) for name in shown if getattr(self, name)}
        if self.environment is not None:
            given["environment"] = self.environment.name
        return f"InferenceConfig({', '.join(f'{name}={value!r}' for name, value in given.items())})"

    def validate_configuration(self) -> None:
        """Check everything again; `source_directory` becomes its real path. The first fault is raised."""
        _inference_checks.warn_of_old_form(self)
        _inference_checks.check(self)
        self.validation_script_content()

    def validation_script_content(self) -> None:
        """Parse the entry script; a syntax error → UserErrorException with its line."""
        _inference_checks.check_syntax(self._path(self.entry_script))

    def build_create_payload(self, workspace: Any, name: str, model_ids: Any) -> NoReturn:
        unavailable("InferenceConfig.build_create_payload", "`Model.deploy` takes the configuration as it is.")

    def build_profile_payload(
        self,
        profile_name: str,
        input_data: Any = None,
        workspace: Any = None,
        models: Any = None,
        dataset_id: str | None = None,
        container_resource_requirements: Any = None,
        description: str | None = None,
    ) -> NoReturn:
        unavailable("InferenceConfig.build_profile_payload", "`Model.deploy` takes the configuration as it is.")

    def _path(self, given: str | os.PathLike[str]) -> Path:
        """A file of the configuration: in the source folder, or in the folder that was current then."""
        return self._folder / (self.source_directory or ".") / given

    @translated()
    def _script_spec(self) -> ScriptSpec:
        path = self._path(self.entry_script)
        if self.source_directory is None:
            return ScriptSpec(entry_script=str(path), batch=self.batch)
        folder = self._folder / self.source_directory
        relative = path.relative_to(folder).as_posix()
        return ScriptSpec(entry_script=relative, source_directory=str(folder), batch=self.batch)

    @translated()
    def _environment_spec(self) -> EnvironmentSpec:
        """The environment as the lower floors take it; images' own wishes go along in `docker`."""
        if self.environment is not None:
            return self.environment._spec()
        wishes = {
            "base_image": self.base_image,
            "registry": getattr(self.base_image_registry, "address", None),
            "extra_steps": self._path(self.extra_docker_file_steps).read_text()
            if self.extra_docker_file_steps
            else None,
            "gpu": self.enable_gpu,
            "cuda_version": self.cuda_version,
        }
        docker = {name: value for name, value in wishes.items() if value}
        return dataclasses.replace(self._conda_spec(), docker=docker)

    def _conda_spec(self) -> EnvironmentSpec:
        """What the deprecated `conda_file` asks for; without one, the interpreter as it is."""
        if not self.conda_file:
            return EnvironmentSpec()
        from ..environment import Environment

        path = self._path(self.conda_file)
        return Environment.from_conda_specification(path.stem, str(path))._spec()
