"""The schema of a workspace's own MLflow store: created aside and renamed, upgraded on a copy, never half-way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..disk import check_room
from ..errors import RegistryError, WorkspaceError
from . import sqlite
from .answers import hidden, quiet, without_credentials

ROOM = 20_000_000  # an empty store and its journal, with some to spare


def create(path: Path, artifacts: Path) -> None:
    """Make a new store at `path`; until it is whole it has another name, so a crash leaves nothing to repair."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    check_room(path.parent, ROOM)
    artifacts.mkdir(parents=True, exist_ok=True)
    with _aside(path) as making:
        with quiet():
            SqlAlchemyStore(url(making), str(artifacts)).engine.dispose()
        sqlite.prepare(making, artifacts)
        making.replace(path)


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def revision(uri: str) -> str | None:
    """The revision of the MLflow schema in any database; None when it holds none."""
    import sqlalchemy
    from alembic.migration import MigrationContext

    try:
        engine = sqlalchemy.create_engine(uri)
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        engine.dispose()
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        raise RegistryError(
            f"The database {without_credentials(uri)} cannot be opened: {without_credentials(str(error))}. "
            "Check MLFLOW_TRACKING_URI, and that the database's Python driver is installed."
        ) from error
    return str(found) if found else None


def standing(revision: str) -> str:
    """`current`, `older` or `newer`, as the installed MLflow sees a store of that revision."""
    known = _script()
    if revision == known.get_current_head():
        return "current"
    return "older" if revision in {script.revision for script in known.walk_revisions()} else "newer"


def refuse_other(uri: str, revision: str) -> None:
    """Raise when a store has another schema than the installed MLflow's."""
    import mlflow.version

    place, found = without_credentials(uri), standing(revision)
    if found == "newer":
        raise WorkspaceError(
            f"{place} was written by a newer MLflow (its schema is {revision}; MLflow {mlflow.version.VERSION} does "
            "not know it). Upgrade here with: pip install -U mlflow-skinny"
        )
    if found == "older":
        raise RegistryError(
            f"{place} has an older schema ({revision}) than MLflow {mlflow.version.VERSION} needs. It is not this "
            f"workspace's own, so it was left alone. Back it up, then run: mlflow db upgrade '{hidden(uri)}'"
        )


def upgrade(path: Path) -> Path:
    """Upgrade a store of ours; the copy that is kept beside it, as it was before, is returned."""
    import sqlalchemy.exc
    from alembic import command

    before = path.with_name(f"{path.name}.before-{sqlite.revision(path)}")
    check_room(path.parent, 3 * path.stat().st_size)
    with _aside(path) as making:
        sqlite.copy(path, making)
        making.replace(before)
    with _aside(path) as making:
        sqlite.copy(before, making)
        try:
            with quiet():
                command.upgrade(_config(url(making)), "heads")
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise RegistryError(
                f"{path} could not be upgraded from its older schema, and is as it was: {error}. "
                "Install the MLflow that wrote it, or move the file away to start a new one."
            ) from error
        sqlite.copy(making, path)
    return before


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    making = path.with_name(f"{path.name}.making")
    _remove(making)
    try:
        yield making
    finally:
        _remove(making)


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _config(store: str) -> Any:
    import mlflow.store.db_migrations
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(mlflow.store.db_migrations.__path__[0])).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", store.replace("%", "%%"))
    return config


def _script() -> Any:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config("sqlite://"))
