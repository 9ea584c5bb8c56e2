"""The commands that look at services and change them: each is its words turned into calls of `services` and `core`."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from .. import services
from ..cards import ServiceTable, event_line, service_line
from ..core.webservice import Webservice
from ..core.workspace import Workspace
from ..disk import Home
from ..errors import FileMissing, InvalidInput, OperationFailed


def workspace(asked: str | None) -> Workspace:
    """The workspace of that name or in that folder; without either, the one that a notebook started here would open."""
    if asked is None:
        with redirect_stdout(StringIO()):  # what from_config has to say is no output of a command
            return Workspace.from_config()
    if os.sep in asked or Path(asked).is_dir():
        return Workspace._at(Home(Path(asked).absolute()))
    return Workspace.get(asked)


def list_services(given: Namespace) -> None:
    home = workspace(given.workspace)._home
    print(
        ServiceTable(
            service_line(services.record(home, name), services.state(home, name), services.address(home, name))
            for name in services.names(home)
        )
    )


def logs(given: Namespace) -> None:
    home = workspace(given.workspace)._home
    for line in services.logs(home, given.name, num_lines=given.lines, follow=given.follow):
        print(services.as_text(line), flush=given.follow)


def why(given: Namespace) -> None:
    print(services.why(workspace(given.workspace)._home, given.name))


def score(given: Namespace) -> None:
    """Print the answer as JSON; a text as it is, which is JSON when the script made it so."""
    answer = Webservice(workspace(given.workspace), given.name).run(_body(given.data))
    print(answer if isinstance(answer, str) else json.dumps(answer))


def reload(given: Namespace) -> None:
    home = workspace(given.workspace)._home
    _follow(services.reload(home, given.name))


def restart(given: Namespace) -> None:
    home = workspace(given.workspace)._home
    _follow(services.restart(home, given.name))


def delete(given: Namespace) -> None:
    """Delete all that were named, or none when one does not exist."""
    home = workspace(given.workspace)._home
    names = services.names(home) if given.all else given.names
    if given.all and names and not given.yes:
        listed = ", ".join(names)
        confirm(f"This deletes {len(names)} services: {listed}", f"Delete {listed}?", "Nothing was deleted.")
    for name in names:
        services.record(home, name)
    for name in names:
        services.delete(home, name)
        print(f"Deleted {name}")


def _body(data: str) -> bytes | str:
    if data == "-":
        return sys.stdin.buffer.read()
    if not data.startswith("@"):
        return data
    path = Path(data[1:])
    if not path.is_file():
        raise FileMissing(f"There is no file {path.absolute()} to send.")
    return path.read_bytes()


def _follow(operation: services.Operation) -> None:
    """Print an operation's stages as they come. Raises `OperationFailed`, after the script's own traceback."""
    for event in operation.follow():
        print(event_line(event), flush=True)
        if event.stage == "end" and event.status == "failed":
            failure = operation.failure(event)
            print(failure.traceback or failure.log)
            raise OperationFailed(failure.message)


def confirm(what: str, question: str, otherwise: str) -> None:
    """Ask whoever sits there. Raises `InvalidInput` without a yes."""
    if not sys.stdin.isatty():
        raise InvalidInput(f"{what}. Nobody can be asked: add --yes.")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise InvalidInput(otherwise)
