"""The workspace's SQLite file below MLflow's feet: its schema's revision, its copies, and where artifacts lie."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from ..errors import WorkspaceError

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = ("afs", "beegfs", "ceph", "cifs", "davfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs")
NETWORK_BY_FUSE = ("blobfuse2", "ceph", "gcsfuse", "glusterfs", "rclone", "s3fs", "smbnetfs", "sshfs")
# Where MLflow keeps the places of artifacts as absolute paths.
PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
    ("trace_tags", "value"),
)


def refuse_network(path: Path, mounts: str) -> None:
    """Raise `WorkspaceError` when `path` lies on a network file system, by the text of `/proc/self/mountinfo`."""
    kind, point = _mount(path, mounts)
    if kind in NETWORK or kind.removeprefix("fuse.") in NETWORK_BY_FUSE:
        raise WorkspaceError(
            f"{path} lies on {point}, a network file system ({kind}), where SQLite's locks do not hold and its file "
            "breaks. Move the workspace to a local disk with MLDEPLOY_HOME, or run `mlflow server` and set "
            "MLFLOW_TRACKING_URI to its address."
        )


def _mount(path: Path, mounts: str) -> tuple[str, str]:
    """File system type and mount point of the deepest mount that holds `path`; a later mount hides an earlier one."""
    best, kind = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        if not after:
            continue
        point = before.split()[4].encode().decode("unicode_escape")  # \040 is a space
        if len(point) >= len(best) and (path == Path(point) or Path(point) in path.parents):
            best, kind = point, after.split()[0]
    return kind, best


def revision(path: Path) -> str | None:
    """The schema's alembic revision; None when the file holds no MLflow store."""
    with _open(path) as database:
        try:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.DatabaseError as error:
            if "no such table" in str(error):
                return None
            raise WorkspaceError(
                f"{path} cannot be read as an MLflow store: {error}. Put a copy back in its place."
            ) from error
    return str(row[0]) if row else None


def prepare(path: Path, artifacts: Path) -> None:
    """Let several processes read while one writes, and put MLflow's first experiment into the workspace too."""
    with _open(path) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(
            "UPDATE experiments SET artifact_location = ? WHERE experiment_id = 0", (str(artifacts / "0"),)
        )
        database.commit()


def copy(source: Path, target: Path) -> None:
    """Copy a database into a file, as one transaction on both sides: killed half-way, the target is as it was."""
    with _open(source) as reading, _open(target) as writing:
        reading.backup(writing)


def move_places(path: Path, old: Path, new: Path) -> None:
    """Rewrite artifact places that begin with the folder `old`, as plain paths and as file URLs, in one transaction."""
    with _open(path) as database:
        present = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table, column in PLACES:
            if table in present and column in _columns(database, table):
                for before, after in (
                    (str(old), str(new)),
                    (f"file://{quote(str(old))}", f"file://{quote(str(new))}"),
                ):
                    database.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} = ? "  # noqa: S608
                        f"OR substr({column}, 1, ?) = ?",
                        (after, len(before) + 1, before, len(before) + 1, before + "/"),
                    )
        database.commit()


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in database.execute(f"PRAGMA table_info({table})")}


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=20)) as database:
        yield database
