"""ScriptRunConfig: a script, its folder and its arguments, to submit. Twin of `azureml.core.script_run_config`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ._unavailable import unavailable
from .exceptions import UserErrorException
from .runconfig import RunConfiguration

if TYPE_CHECKING:
    from .environment import Environment

MAX_DURATION_SECONDS_DEFAULT = 30 * 24 * 3600


class ScriptRunConfig:
    """What `experiment.submit` runs: `script` with `arguments` in a copy of `source_directory`, or a `command`.

    What is given here stands above what `run_config` says. The script runs on this machine in the environment asked
    for; without one, in this interpreter.
    """

    def __init__(
        self,
        source_directory: str | None,
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        run_config: RunConfiguration | None = None,
        _telemetry_values: Any = None,
        compute_target: Any = None,
        environment: Environment | None = None,
        distributed_job_config: Any = None,
        resume_from: Any = None,
        max_run_duration_seconds: int = 2592000,
        command: str | Sequence[str] | None = None,
        docker_runtime_config: Any = None,
    ) -> None:
        if script and command:
            raise UserErrorException("Give script or command, not both: each of them says what runs.")
        if resume_from is not None:
            unavailable("ScriptRunConfig(resume_from=…)", "Let the script download what it goes on from: Run.get(…).")
        self.source_directory = source_directory
        self.script = script
        self.arguments = arguments
        self.command = command
        self.run_config = run_config or RunConfiguration()
        self.max_run_duration_seconds = max_run_duration_seconds
        _take(self.run_config, "target", compute_target)
        _take(self.run_config, "environment", environment)
        _take(self.run_config, "distributed_job_config", distributed_job_config)
        _take(self.run_config, "docker", docker_runtime_config)

    def __repr__(self) -> str:
        runs = self.script or self.command or self.run_config.script
        return f"ScriptRunConfig(source_directory={self.source_directory!r}, runs={runs!r})"


def _take(run_config: RunConfiguration, name: str, value: Any) -> None:
    if value is not None:
        setattr(run_config, name, value)
