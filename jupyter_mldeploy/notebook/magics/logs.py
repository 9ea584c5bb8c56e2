"""`%logs`: what a service and its deployments wrote."""

from __future__ import annotations

from ... import services
from .arguments import Parser
from .context import Notebook

PARSER = Parser(
    "%logs",
    "Print the log of service NAME: the stages of its deployments, its script's output, its requests.",
    "%logs churn -n 50",
)
PARSER.add_argument("name", metavar="NAME", help="the service; a deleted one's log is there too")
PARSER.add_argument("-n", "--lines", type=int, default=5000, metavar="N", help="the last N lines; default: 5000")
PARSER.add_argument("-f", "--follow", action="store_true", help="go on with new lines until interrupted")


def run(notebook: Notebook) -> None:
    """Print the lines."""
    given = notebook.parse(PARSER)
    home = notebook.workspace()._home
    try:
        for line in services.logs(home, given.name, num_lines=given.lines, follow=given.follow):
            print(services.as_text(line), flush=given.follow)
    except KeyboardInterrupt:
        if not given.follow:
            raise
