"""What the shell understands: the commands, their arguments, and what carries each out."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, NoReturn

from . import cleaning, commands, demo, migrating

DISTRIBUTION = "jupyter-mldeploy"


class Parser(argparse.ArgumentParser):
    """argparse whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; `command` is the function to call with them. Leaves with code 2 for a wrong call."""
    parser = Parser(
        prog="jupyter mldeploy", description="Machine learning services of this machine.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=version(DISTRIBUTION))
    parser.add_argument("--workspace", metavar="NAME|PATH", help="default: as Workspace.from_config() finds it")
    added = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[argparse.Namespace], int | None], help: str) -> argparse.ArgumentParser:
        sub = added.add_parser(name, help=help, description=help, allow_abbrev=False)
        sub.set_defaults(command=command)
        return sub

    _add_demo(add)
    add("services", commands.list_services, "list the services with their live state and address")
    _add_logs(add)
    _add_score(add)
    for name, command, help in (
        ("why", commands.why, "say why a service is not ready, slow or refuses requests"),
        ("reload", commands.reload, "let a service read its entry script or source folder again"),
        ("restart", commands.restart, "start a service that died or failed again"),
    ):
        add(name, command, help).add_argument("name", metavar="NAME")
    _add_delete(add)
    _add_clean(add)
    _add_migration(add)
    return _checked(parser, parser.parse_args(argv))


def _add_demo(add: Callable[..., Any]) -> None:
    sub = add("demo", demo.run, "run the first lab and keep its service, to try the whole way in a minute")
    sub.add_argument(
        "--keep", action=argparse.BooleanOptionalAction, default=True, help="keep the service and the notebook"
    )
    sub.add_argument("--port", type=int, default=0, help="where the service answers; default: one that is free")


def _add_logs(add: Callable[..., Any]) -> None:
    sub = add("logs", commands.logs, "print a service's log")
    sub.add_argument("name", metavar="NAME")
    sub.add_argument("-n", "--lines", type=int, default=5000, metavar="N", help="the last N lines; default: 5000")
    sub.add_argument("-f", "--follow", action="store_true", help="go on with new lines until interrupted")


def _add_score(add: Callable[..., Any]) -> None:
    sub = add("score", commands.score, "send data to a service and print its answer")
    sub.add_argument("name", metavar="NAME")
    sub.add_argument("data", metavar="DATA", help="JSON text, @FILE, or - for what comes in")


def _add_delete(add: Callable[..., Any]) -> None:
    sub = add("delete", commands.delete, "stop and delete services")
    sub.add_argument("names", metavar="NAME", nargs="*")
    sub.add_argument("--all", action="store_true", help="all services of the workspace")
    sub.add_argument("--yes", action="store_true", help="do not ask before deleting all")


def _add_clean(add: Callable[..., Any]) -> None:
    sub = add("clean", cleaning.clean, "remove what deleted services and workspaces have left, and unused images")
    sub.add_argument("--dry-run", action="store_true", help="only show it, with sizes")
    sub.add_argument("--yes", action="store_true", help="do not ask before removing it")


def _add_migration(add: Callable[..., Any]) -> None:
    sub = add("check", migrating.check, "say what of Azure ML SDK v1 notebooks runs here, without running them")
    sub.add_argument("notebooks", metavar="NOTEBOOK", nargs="+", help="a notebook (.ipynb) or a script (.py)")
    sub.add_argument("--json", action="store_true", help="print JSON in place of tables")
    sub = add("convert", migrating.convert, "write an Azure ML SDK v1 notebook with the names of this package")
    sub.add_argument("notebook", metavar="NOTEBOOK", help="a notebook (.ipynb) or a script (.py)")
    sub.add_argument("-o", "--output", metavar="OUT", help="where to write; default: the notebook itself")


def _checked(parser: Parser, given: argparse.Namespace) -> argparse.Namespace:
    if given.command is commands.delete and bool(given.names) == given.all:
        parser.error("delete needs either names or --all")
    return given
