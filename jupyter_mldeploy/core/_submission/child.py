"""What a submitted script finds in its environment: which run it is in, and `azureml` under that name."""

from __future__ import annotations

import os
from pathlib import Path

from .place import Place, Submission

ALIAS = Path(__file__).parents[2] / "azureml" / "on_path"
RUN, WORKSPACE = "AZUREML_RUN_ID", "MLDEPLOY_RUN_WORKSPACE"
GUEST = Path(__file__).parent / "guest"  # in its place where the script's environment lacks this package
ADDRESS = "MLDEPLOY_RUN_SOCKET"
INPUT = "MLDEPLOY_RUN_INPUT_"  # + the name of a dataset given by `as_named_input`


def environment_of(place: Place, asked: Submission, python: str) -> dict[str, str]:
    """The variables of the script: the kernel's, what the environment asks for, and where it belongs."""
    kept = {k: v for k, v in os.environ.items() if k != "MPLBACKEND" and not k.startswith(("JPY_", "PYDEVD_"))}
    subscription, group, workspace = asked.workspace
    paths = [str(ALIAS), *(p for p in kept.get("PYTHONPATH", "").split(os.pathsep) if p and p != str(ALIAS))]
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        **asked.variables,
        "PYTHONPATH": os.pathsep.join(paths),
        "PATH": os.pathsep.join([str(Path(python).parent), kept.get("PATH", os.defpath)]),
        RUN: asked.run_id,
        WORKSPACE: str(place.home.path),
        "AZUREML_ARM_SUBSCRIPTION": subscription,
        "AZUREML_ARM_RESOURCEGROUP": group,
        "AZUREML_ARM_WORKSPACE_NAME": workspace,
        "AZUREML_ARM_PROJECT_NAME": asked.experiment,
        "AZUREML_EXPERIMENT_ID": asked.experiment_id,
        "MLFLOW_TRACKING_URI": asked.tracking_uri,
        "MLFLOW_RUN_ID": asked.run_id,
        "MLFLOW_EXPERIMENT_ID": asked.experiment_id,
        **{INPUT + name: value for name, value in asked.inputs.items()},
    }
