"""Starting a run: what `Experiment.start_logging` and `Run.child_run` share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .exceptions import translated
from .run import Run

if TYPE_CHECKING:
    from .experiment import Experiment


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
