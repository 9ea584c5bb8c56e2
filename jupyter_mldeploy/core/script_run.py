"""ScriptRun: a run that `experiment.submit` started. Twin of `azureml.core.script_run`."""

from __future__ import annotations

from .run import Run


class ScriptRun(Run):
    """A submitted run; everything that it can do stands in Run, which knows a submitted run by its traces on disk."""

    RUN_TYPE = "azureml.scriptrun"
