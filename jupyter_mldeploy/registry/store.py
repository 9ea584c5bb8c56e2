"""Opening the MLflow store that a workspace uses: its own SQLite file, or the one that a tracking URI names."""

from __future__ import annotations

import hashlib
import os
import re
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests

from ..disk import Home, locked, read_json, write_json
from ..errors import RegistryError, WorkspaceError
from . import schema, sqlite
from .answers import quiet, translated, without_credentials
from .numbers import Numbers

PATIENCE = 10.0  # seconds for a tracking server's first sign of life
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
ODD = re.compile(r"\?|%[0-9a-fA-F]{2}")  # begins a query, or is unquoted, in an address
OPENING = 300.0  # seconds to wait while another process creates or upgrades the store


class Store:
    """One MLflow store as seen from one workspace. Nothing is opened until `client` is asked for."""

    def __init__(self, home: Home, tracking_uri: str | None = None) -> None:
        self.home = home
        self.folder = home.path.resolve()
        self.path = self.folder / "mlflow.db"
        self.artifacts = self.folder / "artifacts"
        asked = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or ""
        self.own = asked in ("", schema.url(self.path))
        self.uri = asked or schema.url(self.path)
        self.registry_uri = (not tracking_uri and not self.own and os.environ.get("MLFLOW_REGISTRY_URI")) or self.uri
        self.numbers = Numbers(home, "own" if self.own else hashlib.sha256(self.uri.encode()).hexdigest()[:16])

    @cached_property
    def client(self) -> Any:
        """MLflow's client, after the store was created, upgraded or moved along with its folder where it had to be."""
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a notebook of ours reports to nobody
        if self.own:
            try:
                self._settle()
            except OSError as error:
                raise WorkspaceError(
                    f"The workspace folder {self.folder} cannot be used: {error.strerror} ({error.filename}). "
                    "Make it writable, or move the workspace with MLDEPLOY_HOME."
                ) from error
            return self._connect()
        if self.uri.partition(":")[0].partition("+")[0] in DATABASES:
            return self._connect_to_database()
        if self.uri.startswith(("http:", "https:")):
            self._answering()
        return self._connect()

    def _connect(self) -> Any:
        from mlflow.tracking import MlflowClient

        with quiet(), translated():
            client = MlflowClient(self.uri, registry_uri=self.registry_uri)
            client.search_experiments(max_results=1)
        return client

    def _connect_to_database(self) -> Any:
        """Open a database of the user's own, whose schema is theirs to upgrade; MLflow would do it without asking."""
        if self.uri.startswith("sqlite:"):
            _refuse_network(Path(self.uri.partition(":///")[2].partition("?")[0]).resolve())
        revision = schema.revision(self.uri)
        if revision and schema.standing(revision) == "current":
            return self._connect()
        with locked(self.folder / "mlflow.lock", wait=OPENING):  # another process may just be creating it
            if revision := schema.revision(self.uri):
                schema.refuse_other(self.uri, revision)
            return self._connect()

    def _answering(self) -> None:
        try:
            requests.get(f"{self.uri.rstrip('/')}/health", timeout=PATIENCE)
        except requests.exceptions.SSLError:
            return  # MLflow has settings of its own for certificates
        except requests.RequestException as error:
            raise RegistryError(
                f"No MLflow tracking server answers at {without_credentials(self.uri)} ({type(error).__name__}). Start "
                "it with `mlflow server`, or unset MLFLOW_TRACKING_URI to use the workspace's own store."
            ) from error

    def _settle(self) -> None:
        """Create, move or upgrade the workspace's own store; a look without the lock suffices when all is in order."""
        if odd := ODD.search(str(self.folder)):
            raise WorkspaceError(
                f"{self.folder} has {odd.group()!r} in its name, which MLflow's addresses cannot hold. Rename it, or "
                "move the workspace with MLDEPLOY_HOME."
            )
        _refuse_network(self.path)
        if self._settled():
            return
        with locked(self.folder / "mlflow.lock", wait=OPENING):
            if self._settled():
                return
            if not self.path.exists():
                schema.create(self.path, self.artifacts)
            else:
                self._upgrade()
                old = Path(self._marker().get("folder", self.folder))
                if old != self.folder:
                    sqlite.move_places(self.path, old, self.folder)
            write_json(self.folder / "mlflow.json", self._seen())

    def _upgrade(self) -> None:
        revision = sqlite.revision(self.path)
        if revision is None:
            raise WorkspaceError(
                f"{self.path} holds no MLflow store. Move it away, and a new one is made in its place."
            )
        if schema.standing(revision) == "older":
            schema.upgrade(self.path)
        else:
            schema.refuse_other(self.uri, revision)

    def _settled(self) -> bool:
        return self.path.exists() and self._marker() == self._seen()

    def _marker(self) -> dict[str, Any]:
        marker = self.folder / "mlflow.json"
        return read_json(marker, dict[str, Any]) if marker.exists() else {}

    def _seen(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "mlflow": version("mlflow-skinny"),
            "revision": sqlite.revision(self.path),
        }


def _refuse_network(path: Path) -> None:
    if sqlite.MOUNTS.exists():
        sqlite.refuse_network(path, sqlite.MOUNTS.read_text())
