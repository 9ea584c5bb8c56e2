"""`%services`: the workspace's services, their live state and address."""

from __future__ import annotations

from ... import services
from ...cards import ServiceTable, service_line
from .arguments import Parser
from .context import Notebook

PARSER = Parser("%services", "List the services of the workspace.", "%services")


def run(notebook: Notebook) -> ServiceTable:
    """Look at each service."""
    notebook.parse(PARSER)
    home = notebook.workspace()._home
    return ServiceTable(
        service_line(services.record(home, name), services.state(home, name), services.address(home, name))
        for name in services.names(home)
    )
