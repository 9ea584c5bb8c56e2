"""`%deploy`: the words of a line become v1's objects, and `Model.deploy` does the rest."""

from __future__ import annotations

import json
from argparse import BooleanOptionalAction, Namespace
from pathlib import Path
from typing import Any

from ...core.environment import Environment
from ...core.model import InferenceConfig, Model
from ...core.webservice import AciWebservice, AksWebservice, LocalWebservice, Webservice
from ...core.workspace import Workspace
from .arguments import MagicError, Parser, value_of
from .context import Names, Notebook

PARSER = Parser(
    "%deploy",
    "Deploy models behind an entry script as service NAME, and return the service.",
    "svc = %deploy churn -m churn-model:3 -e churn/score.py --env churn/env.yml --workers 2",
)
PARSER.add_argument("name", metavar="NAME", help="3 to 32 lower-case letters, digits and dashes")
PARSER.add_argument(
    "-m", "--model", nargs="+", action="extend", default=[], metavar="MODEL",
    help="a registered model (name or name:version), a variable that holds one, or a path",
)  # fmt: skip
PARSER.add_argument("-e", "--entry-script", default="score.py", metavar="SCRIPT", help="default: score.py")
PARSER.add_argument("--source", metavar="FOLDER", help="goes along whole; SCRIPT is then relative to it")
PARSER.add_argument(
    "--env", metavar="FILE|NAME",
    help="a conda .yml or requirements .txt file, a registered environment's name, or a variable; "
    "default: this kernel's own",
)  # fmt: skip
PARSER.add_argument(
    "--to", choices=("local", "aci", "aks", "docker", "process"), default="local",
    help="type of service, or what a local one runs as; default: local, a container where an engine answers",
)  # fmt: skip
PARSER.add_argument("--port", type=int, help="for local; default: one that is free")
PARSER.add_argument("--workers", type=int, metavar="N", help="for local and aks; default: 1")
PARSER.add_argument("--auth", action=BooleanOptionalAction, help="ask callers for a key; default: only for aks")
PARSER.add_argument(
    "--set", action="append", default=[], metavar="KEY=VALUE",
    help="a setting of the scoring server, such as request_log=true; may be given several times",
)  # fmt: skip
PARSER.add_argument("--overwrite", action="store_true", help="replace a service of that name")
PARSER.add_argument("--no-wait", action="store_true", help="return at once")


def run(notebook: Notebook) -> Webservice:
    """Deploy, and show the stages as they come."""
    given = notebook.parse(PARSER)
    workspace = notebook.workspace()
    service = Model.deploy(
        workspace,
        given.name,
        [_model(word, notebook.names) for word in given.model],
        InferenceConfig(
            entry_script=given.entry_script,
            source_directory=given.source,
            environment=_environment(workspace, given.env),
        ),
        _configuration(given),
        overwrite=given.overwrite,
    )
    if not given.no_wait:
        service.wait_for_deployment(show_output=True)
    return service


def _model(word: str, names: Names) -> Any:
    """A model that a variable holds, or the word: `Model.deploy` looks names and paths up."""
    held = names.get(word)
    return held if isinstance(held, Model) else value_of(word)


def _environment(workspace: Workspace, word: str | None) -> Environment | None:
    if word is None:
        return None
    if isinstance(held := value_of(word), Environment):
        return held
    path = Path(word)
    if path.suffix in (".yml", ".yaml"):
        return Environment.from_conda_specification(path.stem, word)
    if path.suffix == ".txt":
        return Environment.from_pip_requirements(path.stem, word)
    return Environment.get(workspace, word)


def _configuration(given: Namespace) -> Any:
    made = _of_its_type(given)
    made.server = dict(map(_setting, given.set))
    return made


def _setting(word: str) -> tuple[str, Any]:
    """A setting's name and value: JSON, such as true and 10, and a text where that is none."""
    name, equals, value = word.partition("=")
    if not (name and equals):
        raise MagicError(f"%deploy: --set {word}: give a name and a value, as in --set request_log=true.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _of_its_type(given: Namespace) -> Any:
    if given.port is not None and given.to in ("aci", "aks"):
        raise MagicError(f"%deploy: --port is for --to local; a service of type {given.to} has its address given.")
    if given.to == "aci":
        if given.workers is not None:
            raise MagicError("%deploy: --workers is for --to local or aks; a service of type aci has one worker.")
        return AciWebservice.deploy_configuration(auth_enabled=given.auth)
    if given.to == "aks":
        return AksWebservice.deploy_configuration(auth_enabled=given.auth, num_replicas=given.workers)
    local = LocalWebservice.deploy_configuration(port=given.port)
    local.target = None if given.to == "local" else given.to
    local.auth_enabled = bool(given.auth)
    local.workers = 1 if given.workers is None else given.workers
    return local
