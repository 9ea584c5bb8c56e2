"""`%undeploy`: stop and delete services."""

from __future__ import annotations

from ... import services
from .arguments import Parser
from .context import Notebook

PARSER = Parser("%undeploy", "Stop and delete services. Their logs stay: %logs NAME.", "%undeploy churn churn-test")
PARSER.add_argument("names", metavar="NAME", nargs="+", help="the services")


def run(notebook: Notebook) -> None:
    """Delete all of them, or none when one does not exist."""
    names = notebook.parse(PARSER).names
    home = notebook.workspace()._home
    for name in names:
        services.record(home, name)
    for name in names:
        services.delete(home, name)
        print(f"Deleted {name}")
