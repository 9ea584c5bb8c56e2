"""`%reload`: the script as it is now, in the service that runs."""

from __future__ import annotations

from ... import services
from ...core.webservice import Webservice
from .arguments import Parser
from .context import Notebook

PARSER = Parser(
    "%reload",
    "Let service NAME read its entry script or source folder again. The old version serves until the new one does.",
    "%reload churn",
)
PARSER.add_argument("name", metavar="NAME", help="the service")


def run(notebook: Notebook) -> Webservice:
    """Reload, and show the stages as they come."""
    given = notebook.parse(PARSER)
    workspace = notebook.workspace()
    services.reload(workspace._home, given.name)
    service = Webservice(workspace, given.name)
    service.wait_for_deployment(show_output=True)
    return service
