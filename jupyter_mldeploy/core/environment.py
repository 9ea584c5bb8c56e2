"""Environment: what a service's Python is made of. Twin of `azureml.core.environment`."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import environments
from ..disk import locked, write_bytes, write_json
from ..specs import EnvironmentSpec
from . import _curated_environments, _environment_json, _environment_spec, _environment_store
from ._conda_specification import SpecificationMissing, conda_name, yaml
from ._environment_accepted import (
    DatabricksSection,
    RCranPackage,
    RGitHubPackage,
    RSection,
    SparkPackage,
    SparkSection,
)
from ._environment_build import Building, DockerImageDetails, ImageBuildDetails, details, make
from ._environment_sections import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    DockerBuildContext,
    DockerImagePlatform,
    DockerSection,
    PythonSection,
)
from .conda_dependencies import PYTHON_DEFAULT_VERSION, CondaDependencies
from .container_registry import ContainerRegistry
from .exceptions import NotAvailableException, UserErrorException, translated

if TYPE_CHECKING:
    from .workspace import Workspace

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "CondaDependencies",
    "ContainerRegistry",
    "DatabricksSection",
    "DockerBuildContext",
    "DockerImageDetails",
    "DockerImagePlatform",
    "DockerSection",
    "Environment",
    "ImageBuildDetails",
    "PythonSection",
    "RCranPackage",
    "RGitHubPackage",
    "RSection",
    "SparkPackage",
    "SparkSection",
]
logger = logging.getLogger(__name__)
DEFINITION, CONDA_FILE, DOCKERFILE = "azureml_environment.json", "conda_dependencies.yml", "BaseDockerfile"


class Environment:
    """A named Python environment, made by packages, by a conda or pip file, or by an interpreter that is there.

    Nothing is built until a deployment needs it: this interpreter serves when it satisfies what is asked. What names a
    Docker image is kept for the targets that use images.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"The name of an environment is a text, not {name!r}.")
        self.name = name
        self.version: str | None = None
        self.asset_id: str | None = None
        self.inferencing_stack_version: str | None = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.spark = SparkSection()
        self.databricks = DatabricksSection()
        self.r: Any = None
        self._variables: dict[str, Any] = {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"}

    @property
    def environment_variables(self) -> dict[str, Any]:
        """Set in the service's workers. Assign its items; assigning the whole is deprecated, and works."""
        return self._variables

    @environment_variables.setter
    def environment_variables(self, environment_variables: dict[str, Any] | None) -> None:
        logger.warning("Assigning environment_variables is deprecated: set its items, environment_variables[NAME] = …")
        self._variables = dict(environment_variables or {})

    @translated()
    def register(self, workspace: Workspace) -> Environment:
        """Keep this definition in the workspace; returns a new Environment with its version. The same content again is
        the same version."""
        if self.version is not None:
            logger.warning("Environment %r has version %s already; a version is given here.", self.name, self.version)
        return _loaded(_environment_store.add(workspace._home, self.name, _environment_json.described(self)))

    @staticmethod
    @translated()
    def get(workspace: Workspace, name: str, version: str | None = None, label: str | None = None) -> Environment:
        """A registered environment, by default its latest version, or what a curated name of Azure's stands for."""
        if version is not None and label is not None:
            raise UserErrorException("Give version or label, not both: each of them names one version.")
        if not _environment_store.versions(workspace._home, name):
            curated = _curated_environments.find(name)
            if curated is not None:
                print(curated.notice)
                return _curated(curated)
        return _loaded(_environment_store.get(workspace._home, name, version, label))

    @staticmethod
    @translated()
    def list(workspace: Workspace) -> dict[str, Environment]:
        """Name → latest version, curated names among them."""
        home = workspace._home
        found = map(_curated_environments.find, _curated_environments.NAMES)
        curated = {entry.name: _curated(entry) for entry in found if entry is not None}
        registered = {name: _loaded(_environment_store.get(home, name)) for name in _environment_store.names(home)}
        return {**curated, **registered}

    @staticmethod
    @translated()
    def label(workspace: Workspace, name: str, version: str, labels: Sequence[str]) -> None:
        """Point `labels` at a registered version."""
        _environment_store.label(workspace._home, name, version, [*labels])

    def clone(self, new_name: str) -> Environment:
        """A deep copy under another name, not registered."""
        if not new_name:
            raise UserErrorException("A clone needs a name of its own: clone('NAME').")
        cloned = deepcopy(self)
        cloned.name, cloned.version, cloned.asset_id = new_name, None, None
        return cloned

    @staticmethod
    def from_conda_specification(name: str, file_path: str) -> Environment:
        """From a conda file; one without Python gets v1's default with a warning."""
        made = Environment(name)
        conda = CondaDependencies(file_path)
        if not any(conda_name(entry) == "python" for entry in conda.conda_packages):
            logger.warning("%s names no Python: %s is put in.", file_path, PYTHON_DEFAULT_VERSION)
            conda.set_python_version(PYTHON_DEFAULT_VERSION)
        made.python.conda_dependencies = conda
        return made

    @staticmethod
    def from_pip_requirements(name: str, file_path: str, pip_version: str | None = None) -> Environment:
        """From a requirements file; only what it lists is in the environment."""
        made = Environment(name)
        made.python.conda_dependencies = _from_requirements(file_path, pip_version)
        return made

    @staticmethod
    def from_existing_conda_environment(name: str, conda_environment_name: str) -> Environment | None:
        """What a conda environment of this machine holds; None when conda or that environment is missing."""
        conda = shutil.which("conda") or shutil.which(os.environ.get("CONDA_EXE", ""))
        if conda is None:
            print("conda is not installed here, so no environment was made.")
            return None
        command = [conda, "env", "export", "--no-builds", "--name", conda_environment_name]
        exported = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if exported.returncode:
            print(f"conda knows no environment {conda_environment_name!r}, so no environment was made.")
            return None
        made = Environment(name)
        made.python.conda_dependencies = _from_text(exported.stdout)
        return made

    @staticmethod
    def from_dockerfile(
        name: str, dockerfile: Any, conda_specification: str | None = None, pip_requirements: str | None = None
    ) -> Environment:
        """From a Dockerfile (text, path or open file) and, if given, one of the two package files."""
        made = _with_packages(name, conda_specification, pip_requirements)
        made.docker._source = {}
        made.docker.base_dockerfile = dockerfile
        return made

    @staticmethod
    def from_docker_image(
        name: str,
        image: str,
        container_registry: ContainerRegistry | None = None,
        conda_specification: str | None = None,
        pip_requirements: str | None = None,
    ) -> Environment:
        """From a base image and, if given, one of the two package files."""
        made = _with_packages(name, conda_specification, pip_requirements)
        made.docker.base_image = image
        made.docker.base_image_registry = container_registry or ContainerRegistry()
        return made

    @staticmethod
    def from_docker_build_context(name: str, docker_build_context: DockerBuildContext) -> Environment:
        """From a folder with a Dockerfile."""
        made = _with_packages(name, None, None)
        made.docker._source = {"build_context": docker_build_context}
        return made

    @staticmethod
    @translated()
    def add_private_pip_wheel(workspace: Workspace, file_path: str, exist_ok: bool = False) -> str:
        """Copy a wheel into the workspace; returns the URL to put among the pip packages."""
        wheel = Path(file_path)
        if not wheel.is_file():
            raise UserErrorException(f"There is no wheel {file_path!r} in {Path.cwd()}. Give its full path.")
        kept = workspace._home.path / "wheels" / wheel.name
        with locked(kept.parent / ".lock"):
            if kept.exists() and not exist_ok:
                raise UserErrorException(f"The workspace has a wheel {wheel.name!r} already. Give exist_ok=True.")
            write_bytes(kept, wheel.read_bytes())
        return kept.resolve().as_uri()

    @translated()
    def get_image_details(self, workspace: Workspace) -> DockerImageDetails:
        """What runs this environment here: its Python, once `build` or a deployment has made it. There is no Docker
        image of an environment alone, so `image_exist` is False."""
        return details(self, workspace._home)

    @translated()
    def build(self, workspace: Workspace, image_build_compute: str | None = None) -> ImageBuildDetails:
        """Register, then make the Python environment in the background; `image_build_compute` is v1's and not used."""
        spec = self.register(workspace)._spec()
        environments.check(spec)
        home = workspace._home
        return ImageBuildDetails(Building(spec, home).start(), str(home.environments))

    @translated()
    def build_local(self, workspace: Workspace, platform: Any = None, **kwargs: Any) -> None:
        """Make the Python environment now, showing what happens. No image is made, so none can be pushed."""
        if kwargs.get("pushImageToWorkspaceAcr"):
            raise NotAvailableException("build_local makes no Docker image here, so there is none to push.")
        make(self._spec(), workspace._home, print)

    def save_to_directory(self, path: str, overwrite: bool = False) -> None:
        """Write the definition, the conda file and the Dockerfile into the folder `path`."""
        folder = Path(path)
        if folder.exists() and not overwrite:
            raise FileExistsError(17, "The folder exists; give overwrite=True to write into it", str(folder))
        content = _environment_json.described(self)
        files = {CONDA_FILE: self.python.conda_dependencies, DOCKERFILE: content["docker"].pop("baseDockerfile")}
        content["python"].pop("condaDependencies")
        for name, text in files.items():
            (folder / name).unlink(missing_ok=True)
            if text is not None:
                write_bytes(folder / name, str(text).encode())
        write_json(folder / DEFINITION, content, _environment_store.PRIVATE)

    @staticmethod
    def load_from_directory(path: str) -> Environment:
        """What `save_to_directory` wrote, ours or v1's."""
        folder = Path(path)
        definition = folder / DEFINITION
        if not definition.is_file():
            raise FileNotFoundError(2, "The folder holds no environment definition", str(definition))
        made = _loaded(json.loads(definition.read_text(encoding="utf-8")))
        if (folder / CONDA_FILE).is_file():
            made.python.conda_dependencies = CondaDependencies(str(folder / CONDA_FILE))
        if (folder / DOCKERFILE).is_file():
            made.docker._source = {"base_dockerfile": (folder / DOCKERFILE).read_text(encoding="utf-8")}
        return made

    def __str__(self) -> str:
        return f"Environment(Name: {self.name},\nVersion: {self.version})"

    def __repr__(self) -> str:
        """Sorted, indented JSON of everything, passwords hidden."""
        return json.dumps(_environment_json.shown(self), indent=4, sort_keys=True)

    def _spec(self) -> EnvironmentSpec:
        return _environment_spec.to_spec(self)

    @staticmethod
    def _from_spec(spec: EnvironmentSpec) -> Environment:
        return _environment_spec.from_spec(Environment(spec.name), spec)


def _loaded(content: dict[str, Any]) -> Environment:
    return _environment_json.fill(Environment(content["name"]), content)


def _curated(found: _curated_environments.Curated) -> Environment:
    made = Environment(found.name)
    made.version = "1"
    made.python.conda_dependencies = CondaDependencies.create(pip_packages=["azureml-defaults", *found.packages])
    return made


def _with_packages(name: str, conda_specification: str | None, pip_requirements: str | None) -> Environment:
    if conda_specification and pip_requirements:
        raise UserErrorException("Give conda_specification or pip_requirements, not both.")
    if conda_specification:
        return Environment.from_conda_specification(name, conda_specification)
    if pip_requirements:
        return Environment.from_pip_requirements(name, pip_requirements)
    made = Environment(name)
    made.python.user_managed_dependencies = True
    return made


def _from_requirements(file_path: str, pip_version: str | None) -> CondaDependencies:
    path = Path(file_path)
    if not path.is_file():
        raise SpecificationMissing(f"There is no requirements file {file_path!r} in {Path.cwd()}. Give its full path.")
    conda = CondaDependencies.create(conda_packages=[f"pip={pip_version}" if pip_version else "pip"])
    conda.set_pip_requirements(_environment_spec.requirement_lines(path.read_text(encoding="utf-8")))
    conda._folder = path.parent
    return conda


def _from_text(text: str) -> CondaDependencies:
    """A specification from conda's own output."""
    return CondaDependencies(_underlying_structure=yaml().load(text))
