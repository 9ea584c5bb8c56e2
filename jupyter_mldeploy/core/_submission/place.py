"""A submission on disk, `submissions/<run id>/` of the workspace: what was asked, how far it is, what works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...disk import Home, read_json, write_bytes, write_json
from ...processes import Identity, alive
from ...specs import EnvironmentSpec

ENDED = "Ended"  # the stage after which the run's own status holds
CONTROL_LOG, DRIVER_LOG, STD_LOG = (
    "azureml-logs/60_control_log.txt",
    "azureml-logs/70_driver_log.txt",
    "user_logs/std_log.txt",
)


@dataclass(frozen=True)
class Submission:
    """What shall run. `command` follows the interpreter, or is one line for a shell; `seconds` limits it."""

    run_id: str
    experiment_id: str
    workspace: tuple[str, str, str]  # subscription, group and name, as the script's environment shows them
    experiment: str
    script: str
    command: tuple[str, ...]
    shell: bool = False
    environment: EnvironmentSpec = field(default_factory=EnvironmentSpec)
    variables: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    target: str = "local"
    tracking_uri: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class Place:
    """The folder of one submission."""

    home: Home
    run_id: str

    @property
    def path(self) -> Path:
        return self.home.path / "submissions" / self.run_id

    @property
    def snapshot(self) -> Path:
        return self.path / "snapshot"

    @property
    def work(self) -> Path:
        """Where the script runs: a copy of the snapshot, gone after the run."""
        return self.path / "work"

    @property
    def log(self) -> Path:
        """What the script prints."""
        return self.path / "std_log.txt"

    @property
    def control_log(self) -> Path:
        """What was done around the script, and what the process that runs it had to say."""
        return self.path / "control_log.txt"

    def exists(self) -> bool:
        return (self.path / "submission.json").is_file()

    def read(self) -> Submission:
        return read_json(self.path / "submission.json", Submission)

    def write(self, submission: Submission) -> None:
        write_json(self.path / "submission.json", submission, 0o600)  # variables may be secret

    @property
    def stage(self) -> str:
        try:
            return (self.path / "stage").read_text()
        except FileNotFoundError:
            return "Preparing"

    def enter(self, stage: str) -> None:
        write_bytes(self.path / "stage", stage.encode())

    def note(self, who: str, identity: Identity | None) -> None:
        """Keep which process is the `runner` or the `script`."""
        if identity is not None:
            write_json(self.path / f"{who}.json", identity)

    def running(self, who: str = "runner") -> Identity | None:
        """The live process of that part."""
        try:
            found = read_json(self.path / f"{who}.json", Identity)
        except FileNotFoundError:
            return None
        return found if alive(found) else None

    def logs(self) -> dict[str, Path]:
        """The log files by their key in the run."""
        return {CONTROL_LOG: self.control_log, DRIVER_LOG: self.log, STD_LOG: self.log}
