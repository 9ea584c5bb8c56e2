"""Starting a run, which `Experiment.start_logging` and `Run.child_run` share, and the class of one that is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..specs import RunInfo
from .exceptions import translated
from .run import Run
from .script_run import ScriptRun

if TYPE_CHECKING:
    from .experiment import Experiment
    from .workspace import Workspace


@dataclass(frozen=True)
class Start:
    """What `start_logging` takes, in v1's order. `snapshot_directory` is accepted: no snapshot is taken."""

    name: str | None = None
    run_id: str | None = None
    outputs: str | None = None
    snapshot_directory: str | None = None
    display_name: str | None = None
    description: str | None = None


@translated()
def start_run(experiment: Experiment, start: Start, parent_id: str | None = None) -> Run:
    """A new run that is running; with `run_id` the run of that id goes on."""
    info = experiment.workspace._registry.start_run(
        experiment.id,
        name=start.display_name or start.name or "",
        run_id=start.run_id,
        parent_id=parent_id,
        description=start.description or "",
    )
    return Run(experiment, info.id, start.outputs, _info=info)


def as_run(workspace: Workspace, info: RunInfo, experiment: Experiment | None = None) -> Run:
    """A run that was found, of the class that its type has."""
    from .experiment import Experiment

    kind = ScriptRun if info.tags.get("mldeploy.type") == ScriptRun.RUN_TYPE else Run
    return kind(
        experiment or Experiment(workspace, info.experiment_name, _skip_name_validation=True), info.id, _info=info
    )
