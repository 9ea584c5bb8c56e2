"""RunConfiguration: where and in what a submitted script runs. Twin of `azureml.core.runconfig`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..disk import read_json, write_json
from . import _environment_json
from .conda_dependencies import CondaDependencies
from .environment import DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE, Environment
from .exceptions import UserErrorException

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "CondaDependencies",
    "DockerConfiguration",
    "Environment",
    "MpiConfiguration",
    "PyTorchConfiguration",
    "RunConfiguration",
    "TensorflowConfiguration",
]
NAME = "project_environment"


@dataclass
class DockerConfiguration:
    """Whether v1 would have used a container. Accepted: a script runs in its Python environment, without one."""

    use_docker: bool | None = None
    shared_volumes: bool | None = None
    arguments: Sequence[str] | None = None
    shm_size: str | None = None


@dataclass
class MpiConfiguration:
    """Processes of a distributed job. Accepted: one process runs here."""

    process_count_per_node: int = 1
    node_count: int = 1


@dataclass
class TensorflowConfiguration:
    """Workers of a distributed TensorFlow job. Accepted: one process runs here."""

    worker_count: int = 1
    parameter_server_count: int = 1


@dataclass
class PyTorchConfiguration:
    """Processes of a distributed PyTorch job. Accepted: one process runs here."""

    communication_backend: str = "Nccl"
    process_count: int | None = None
    node_count: int = 1


class RunConfiguration:
    """Target, environment and script of a submission; `save` and `load` keep it as a file below `.azureml`."""

    def __init__(
        self,
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        framework: str | None = None,
        communicator: str | None = None,
        conda_dependencies: CondaDependencies | None = None,
        _history_enabled: bool | None = None,
        _path: str | None = None,
        _name: str | None = None,
        command: str | Sequence[str] | None = None,
    ) -> None:
        self.script = script
        self.arguments = arguments
        self.command = command
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self.target: Any = "local"
        self.environment = Environment(NAME)
        self.environment_variables: dict[str, Any] = {}
        self.docker: Any = DockerConfiguration()
        self.distributed_job_config: Any = None
        self.node_count = 1
        self.max_run_duration_seconds: int | None = None
        self.auto_prepare_environment = True
        self.data: dict[str, Any] = {}
        self.data_references: dict[str, Any] = {}
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies

    def __repr__(self) -> str:
        return f"RunConfiguration(script={self.script!r}, target={self._target_name!r}, {self.environment.name!r})"

    @property
    def _target_name(self) -> str:
        return str(getattr(self.target, "name", self.target))

    def save(self, path: str | None = None, name: str | None = None, separate_environment_yaml: bool = False) -> None:
        """Write it to `path` (default: here) as `.azureml/NAME.json`; a path that ends so is taken as it is."""
        content = {
            "script": self.script,
            "arguments": [str(argument) for argument in self.arguments or ()],
            "command": self.command,
            "framework": self.framework,
            "target": self._target_name,
            "environmentVariables": self.environment_variables,
            "environment": _environment_json.described(self.environment),
        }
        write_json(_file(path, name or NAME), content, 0o600)

    @staticmethod
    def load(path: str | None = None, name: str | None = None) -> RunConfiguration:
        """What `save` wrote."""
        file = _file(path, name or NAME)
        if not file.is_file():
            raise UserErrorException(f"There is no run configuration {str(file)!r}. `save(path, name)` writes one.")
        content = read_json(file, dict[str, Any])
        made = RunConfiguration(content["script"], content["arguments"] or None, content["framework"])
        made.command, made.target = content["command"], content["target"]
        made.environment_variables = content["environmentVariables"]
        described = content["environment"]
        made.environment = _environment_json.fill(Environment(described["name"]), described)
        return made

    @staticmethod
    def delete(path: str | None, name: str) -> None:
        """Remove a saved configuration."""
        _file(path, name).unlink(missing_ok=True)


def _file(path: str | None, name: str) -> Path:
    folder = Path(path or ".")
    return folder if folder.suffix == ".json" else folder / ".azureml" / f"{name}.json"
