"""The calls of v1's Workspace that only Azure can answer: there by name, each says in one sentence what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from .exceptions import NotAvailableException


def unavailable(call: str, instead: str) -> NoReturn:
    """Raise the one sentence: what was called, and what to do instead."""
    raise NotAvailableException(f"{call} is not available here. {instead}")


_NO_NETWORK = "A workspace is a folder on this machine and has no network of its own."
_NO_CONNECTION = "Keep what another system needs in `ws.get_default_keyvault()`."


class WorkspaceOfAzure:
    """What stands in v1's Workspace only because Azure is behind it."""

    @property
    def sku(self) -> str:
        return "basic"

    @property
    def service_context(self) -> None:
        """v1's own plumbing; there is none."""
        return

    @property
    def discovery_url(self) -> str:
        """Empty: there is no service to discover."""
        return ""

    @property
    def linked_services(self) -> dict[str, Any]:
        return {}

    @property
    def private_endpoints(self) -> dict[str, Any]:
        return {}

    def get_default_compute_target(self, type: str) -> None:
        """None: a workspace has no default compute target; deployments without one run on this machine."""
        return

    def add_private_endpoint(
        self,
        private_endpoint_config: object,
        private_endpoint_auto_approval: bool = True,
        location: str | None = None,
        show_output: bool = True,
        tags: Mapping[str, str] | None = None,
    ) -> NoReturn:
        unavailable("add_private_endpoint", _NO_NETWORK)

    def delete_private_endpoint_connection(self, private_endpoint_connection_name: str) -> NoReturn:
        unavailable("delete_private_endpoint_connection", _NO_NETWORK)

    def list_keys(self) -> NoReturn:
        unavailable("list_keys", "A workspace has no storage account or registry whose keys could be listed.")

    def sync_keys(self, no_wait: bool = False) -> NoReturn:
        unavailable("sync_keys", "A workspace has no storage account or registry whose keys could be synchronised.")

    def update_dependencies(self, container_registry: str | None = None, force: bool = False) -> NoReturn:
        unavailable("update_dependencies", "A workspace has no dependent Azure resources.")

    def diagnose_workspace(self, diagnose_parameters: Any) -> NoReturn:
        unavailable("diagnose_workspace", "`ws.get_details()` shows the folder and the MLflow address to look at.")

    def set_connection(self, name: str, category: str, target: str, authType: str, value: str) -> NoReturn:
        unavailable("set_connection", _NO_CONNECTION)

    def list_connections(self, category: str | None = None, target: str | None = None) -> NoReturn:
        unavailable("list_connections", _NO_CONNECTION)

    def get_connection(self, name: str) -> NoReturn:
        unavailable("get_connection", _NO_CONNECTION)

    def delete_connection(self, name: str) -> NoReturn:
        unavailable("delete_connection", _NO_CONNECTION)

    @staticmethod
    def setup() -> NoReturn:
        unavailable("setup", "Use `Workspace.create(name)`.")
