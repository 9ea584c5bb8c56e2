"""Submitting: the configuration checked, a run started, the snapshot taken, and the detached process begun."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import environments
from ...processes import identify
from ...specs import EnvironmentSpec
from .._tags import as_texts, python_number
from .._unavailable import unavailable
from ..compute import ComputeTarget
from ..exceptions import UserErrorException, translated
from . import snapshot
from .place import Place, Submission

if TYPE_CHECKING:
    from ..experiment import Experiment
    from ..run import Run
    from ..script_run_config import ScriptRunConfig

MODULE = "jupyter_mldeploy.core._submission.runner"
HERE = ("local", "amlcompute", "containerinstance")
TYPE = "mldeploy.type"
SCRIPT_RUN = "azureml.scriptrun"


@translated()
def submit(experiment: Experiment, config: ScriptRunConfig, tags: Any = None, **given: Any) -> Run:
    """Start a run of the configured script and return at once; all that can be checked is checked before.

    Anything but a ScriptRunConfig → NotAvailableException.
    """
    from .._starting import Start, start_run
    from ..script_run_config import ScriptRunConfig

    if not isinstance(config, ScriptRunConfig):
        unavailable(
            f"Submitting a {type(config).__name__}",
            "What can be submitted is a ScriptRunConfig: a script, its arguments and its environment.",
        )
    source = _source(config)
    target = _target(experiment, config.run_config.target)
    environment = _environment(config)
    command, shell = _command(config, source)
    inputs = dict(_inputs(config.arguments or config.run_config.arguments))
    own_tags = as_texts("tags", tags, UserErrorException)
    environments.check(environment)
    name = given.get("display_name") or given.get("name")
    run = start_run(experiment, Start(name, given.get("run_id")), given.get("parent_id"))
    run.set_tags({TYPE: SCRIPT_RUN, "mldeploy.target": target, **own_tags})
    workspace = experiment.workspace
    place = Place(workspace._home, run.id)
    submission = Submission(
        run_id=run.id,
        experiment_id=experiment.id,
        workspace=(workspace.subscription_id, workspace.resource_group, workspace.name),
        experiment=experiment.name,
        script=config.script or command[0],
        command=command,
        shell=shell,
        environment=environment,
        variables={**environment.variables, **_texts(config.run_config.environment_variables)},
        inputs=inputs,
        target=target,
        tracking_uri=workspace.get_mlflow_tracking_uri(),
        seconds=config.max_run_duration_seconds or None,
    )
    try:
        snapshot.take(source, place.snapshot, leave_out=workspace._home.path)
        place.write(submission)
        _spawn(place)
    except BaseException as error:
        run.fail(f"The run could not be started: {error}", "UserError")
        raise
    return run


def _spawn(place: Place) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JPY_", "PYDEVD_"))}
    with place.control_log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", MODULE, str(place.home.path), place.run_id],
            cwd=place.home.path,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    place.note("runner", identify(process.pid))
    _children.append(process)
    _children[:] = [child for child in _children if child.poll() is None]  # reap those that have ended


_children: list[subprocess.Popen[bytes]] = []


def _source(config: ScriptRunConfig) -> Path:
    source = Path(config.source_directory or ".").absolute()
    if not source.is_dir():
        raise UserErrorException(f"source_directory {str(config.source_directory)!r} is no folder in {Path.cwd()}.")
    return source


def _target(experiment: Experiment, asked: Any) -> str:
    """The target's name. Another one than this machine is a stand-in, which one line says."""
    if isinstance(asked, ComputeTarget):
        name = asked.name
    elif str(asked or "local").lower() in HERE:
        return "local"
    else:
        name = ComputeTarget(experiment.workspace, str(asked)).name
    print(f"Compute target {name!r} is a stand-in: the script runs on this machine.")
    return name


def _environment(config: ScriptRunConfig) -> EnvironmentSpec:
    framework = str(config.run_config.framework or "Python")
    if framework.lower() != "python":
        raise UserErrorException(f"The framework {framework!r} cannot run here: a submitted script is a Python script.")
    return config.run_config.environment._spec()


def _command(config: ScriptRunConfig, source: Path) -> tuple[tuple[str, ...], bool]:
    """The words after the interpreter; or one line for a shell."""
    script = config.script or config.run_config.script
    command = config.command or config.run_config.command
    arguments = [_argument(value) for value in _listed(config.arguments or config.run_config.arguments)]
    if command:
        line = command if isinstance(command, str) else " ".join(shlex.quote(_argument(word)) for word in command)
        return (" ".join([line, *map(shlex.quote, arguments)]),), True
    if not script:
        raise UserErrorException("There is nothing to run: give script= a file of source_directory, or command=.")
    if not (source / script).is_file() or not (source / script).resolve().is_relative_to(source.resolve()):
        found = sorted(path.name for path in source.glob("*.py"))
        raise UserErrorException(
            f"There is no script {script!r} in {source}. Scripts there: {', '.join(found) or 'none'}. "
            "`script` is a path below source_directory."
        )
    return (str(script), *arguments), False


def _listed(arguments: Any) -> Sequence[Any]:
    if isinstance(arguments, str):
        return shlex.split(arguments)
    if arguments is not None and not isinstance(arguments, (list, tuple)):
        raise UserErrorException(f"arguments is a list of words, not {type(arguments).__name__}: {arguments!r}")
    return arguments or ()


def _argument(value: Any) -> str:
    """A word of the command line; a dataset as what the script finds it by."""
    as_argument = getattr(value, "_as_argument", None)
    return str(as_argument() if as_argument else python_number(value))


def _inputs(arguments: Any) -> list[tuple[str, str]]:
    """Name and value of the datasets among the arguments that `as_named_input` gave a name."""
    named = (value for value in _listed(arguments) if hasattr(value, "_as_input"))
    return [(value.name, str(value._as_input())) for value in named]


def _texts(values: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in dict(values or {}).items()}
