"""The detached process behind a submitted run: `python -m jupyter_mldeploy.core._submission.runner HOME RUN_ID`.

It prepares the environment, runs the script, uploads what it wrote, and gives the run its last status.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from ... import environments
from ...disk import Home
from ...errors import MLDeployError
from ...processes import identify
from ..run import Run
from ..workspace import Workspace
from . import failing, snapshot
from .answering import answering
from .child import ADDRESS, ALIAS, GUEST, environment_of
from .place import ENDED, Place, Submission

GRACE = 5.0  # seconds between the request to end and the kill


class Cancelled(BaseException):
    """`run.cancel()` was called; no handler of errors may take it for one."""


def _cancel(signal_number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough, and ending the script is not to be interrupted
    raise Cancelled


def main(home: str, run_id: str) -> None:
    place = Place(Home(Path(home)), run_id)
    signal.signal(signal.SIGTERM, _cancel)
    script = ExitStack()  # leaving it ends the script, whatever has happened
    try:
        asked = place.read()
        with script:
            code = _ran(place, asked, _prepare(place, asked), script)
        failure = failing.explain(asked.script, code, place.log) if code else None
        status = "Failed" if failure else "Completed"
    except Cancelled:
        status, failure = "Canceled", None
    except subprocess.TimeoutExpired as late:
        status = "Failed"
        failure = f"The script was ended: it may run for {late.timeout:g} s (max_run_duration_seconds)."
    except MLDeployError as error:
        status, failure = "Failed", error.message
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is written now is the end of it
    _finish(place, _run(place), status, failure)


def _run(place: Place) -> Run:
    """The run. This loads MLflow, and waits with a signal meanwhile: once interrupted, it could not be loaded again."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    try:
        return Run.get(Workspace._at(place.home), place.run_id)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def _prepare(place: Place, asked: Submission) -> str:
    """The interpreter that has the environment asked for."""
    print(f"Environment: {asked.environment.name}", flush=True)
    lock = environments.lock(asked.environment, place.home, say=print)
    python = environments.prepare(lock, place.home, say=print)
    print(f"Interpreter: {python} (Python {lock.python})", flush=True)
    shutil.copytree(place.snapshot, place.work, symlinks=True)
    return python


def _ran(place: Place, asked: Submission, python: str, script: ExitStack) -> int:
    """Run the script to its end and return its exit code."""
    variables = environment_of(place, asked, python)
    knows_us = Path(python) == Path(sys.executable) or _imports_us(python, variables)
    if not knows_us:
        address = script.enter_context(answering(_run(place)))
        variables |= {ADDRESS: address, "PYTHONPATH": _with_guest(variables["PYTHONPATH"])}
    child = _start(place, asked, python, variables)
    script.callback(_end, child)
    if knows_us:
        _run(place)  # loads MLflow, while the script loads what it needs
    return child.wait(asked.seconds)


def _imports_us(python: str, variables: dict[str, str]) -> bool:
    command = [python, "-c", "import jupyter_mldeploy.core.run"]
    return subprocess.run(command, env=variables, cwd="/", capture_output=True).returncode == 0


def _with_guest(paths: str) -> str:
    return os.pathsep.join([str(GUEST), *(path for path in paths.split(os.pathsep) if path != str(ALIAS))])


def _start(place: Place, asked: Submission, python: str, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    place.enter("Running")
    command = ["/bin/sh", "-c", asked.command[0]] if asked.shell else [python, *asked.command]
    with place.log.open("ab") as output:
        child = subprocess.Popen(
            command,
            cwd=place.work,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=variables,
            start_new_session=True,
        )
    place.note("script", identify(child.pid))
    return child


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a script, or what a script that has ended left running: by a request, then by force."""
    end_group(child.pid)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        end_group(child.pid, signal.SIGKILL)
        child.wait()


def end_group(pid: int, with_signal: signal.Signals = signal.SIGTERM) -> None:
    """Signal a process and what it has started."""
    try:
        os.killpg(pid, with_signal)
    except ProcessLookupError:
        return


def _finish(place: Place, run: Run, status: str, failure: str | None) -> None:
    """Upload what the script wrote and its logs, whatever happened, then say how it ended."""
    place.enter("Finalizing")
    try:
        for folder in ("outputs", "logs"):
            _keep(run, snapshot.written(place.work, place.snapshot, folder))
        _keep(run, place.logs())
    except (MLDeployError, OSError) as error:
        status, failure = "Failed", f"{failure or ''}\nWhat the script wrote could not be kept: {error}".strip()
    if failure:
        run.fail(failing.shortened(failure), "UserError", _set_status=False)
    if not (
        status == "Completed" and run._refresh().status in ("Failed", "Canceled")
    ):  # the script's own word on itself
        run._end(status)
    place.enter(ENDED)
    shutil.rmtree(place.work, ignore_errors=True)


def _keep(run: Run, files: Mapping[str, Path]) -> None:
    """Upload the files that exist, but for those that the script has uploaded under the same key."""
    has = set(run.get_file_names())
    for key, path in files.items():
        if key not in has and path.exists():
            run.upload_file(key, path)


if __name__ == "__main__":
    main(*sys.argv[1:])
