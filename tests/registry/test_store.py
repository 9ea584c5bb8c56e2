"""Opening a store: made once by two processes, moved, upgraded, refused."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.errors import RegistryError, WorkspaceError
from jupyter_mldeploy.registry import Registry, sqlite
from jupyter_mldeploy.specs import ModelDetails

OLDER = "acf3f17fdcc7"  # the schema of MLflow 2.8
USE = """
import pathlib, sys
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.registry import Registry
registry = Registry(Home(pathlib.Path(sys.argv[1])), *sys.argv[2:])
experiment = registry.experiment("shared", create=True)
run = registry.start_run(experiment.id)
registry.log(run.id, "a", [1.0])
print(run.number, registry.tracking_uri)
"""


def use(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error::UserWarning", "-c", USE, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("whose", ["own", "foreign"])
def test_two_processes_at_first_use_make_one_store(tmp_path: Path, whose: str) -> None:
    home = tmp_path / "new workspace #1 50%"
    home.mkdir()
    foreign = [] if whose == "own" else [f"sqlite:///{tmp_path}/theirs.db"]
    processes = [use(str(home), *foreign) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in processes]
    assert [error for _, error in said] == ["", ""], "neither fails, warns nor chatters"
    assert sorted(text.split()[0] for text, _ in said) == ["1", "2"]
    assert not list(home.glob("*.making*"))


def test_the_workspaces_store_lets_one_write_while_others_read(home: Home) -> None:
    database = sqlite3.connect(home.path / "mlflow.db")
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_artifacts_of_every_experiment_lie_in_the_workspace(local: Registry, home: Home) -> None:
    for experiment in ("0", local.experiment("mine", create=True).id):
        local.upload(local.start_run(experiment).id, "a", b"x")
    assert len(list((home.path / "artifacts").rglob("a"))) == 2


def test_a_moved_workspace_finds_its_models_and_so_does_mlflow(
    local: Registry, home: Home, tmp_path: Path, model_file: Path
) -> None:
    import mlflow

    registered = local.register("m", model_file, details=ModelDetails())
    run = local.start_run(local.experiment("e", create=True).id)
    local.upload(run.id, "a/b", b"x")
    local.register_from_run("n", run.id, "a", ModelDetails())
    moved = Home(tmp_path / "else where #2 5%")
    shutil.move(home.path, moved.path)

    again = Registry(moved)
    for path in (again.fetch(again.model("m")), again.fetch(again.model("n"))):
        assert path.is_relative_to(moved.path)
        assert path.exists()
    assert again.artifacts(run.id) == ["a/b"]
    assert again.model("m").digest == registered.digest
    assert again.register("m", model_file, details=ModelDetails()).version == 2
    uri = again.tracking_uri
    assert Path(mlflow.artifacts.download_artifacts(f"runs:/{run.id}/a/b", tracking_uri=uri)).read_bytes() == b"x"
    place = mlflow.MlflowClient(uri, uri).get_model_version_download_uri("m", "1")
    assert place.startswith(str(moved.path))
    assert str(home.path) not in (moved.path / "mlflow.json").read_text()


def test_moving_rewrites_file_urls_and_spares_neighbours(home: Home, local: Registry) -> None:
    local.experiments()
    path = home.path / "mlflow.db"
    places = ["file:///old%20home/a", "/old home/b", "/old home", "/old homestead/c", "s3://old home/d"]
    with sqlite3.connect(path) as database:
        for number, place in enumerate(places):
            database.execute(
                "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) "
                "VALUES (?, ?, ?, 'active')",
                (900 + number, place, place),
            )
    database.close()
    sqlite.move_places(path, Path("/old home"), Path("/new"))
    with sqlite3.connect(path) as database:
        found = [r[0] for r in database.execute("SELECT artifact_location FROM experiments WHERE experiment_id >= 900")]
    database.close()
    assert found == ["file:///new/a", "/new/b", "/new", "/old homestead/c", "s3://old home/d"]


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as MLflow 2.8 left it, with an experiment, a run and a metric in it."""
    import sqlalchemy
    from alembic import command
    from mlflow.store.tracking.dbmodels.initial_models import Base

    from jupyter_mldeploy.registry import schema

    path = tmp_path_factory.mktemp("older") / "mlflow.db"
    engine = sqlalchemy.create_engine(schema.url(path))
    Base.metadata.create_all(engine)
    command.upgrade(schema._config(schema.url(path)), OLDER)
    run = "0123456789abcdef0123456789abcdef"
    metric = f"(key, value, timestamp, run_uuid, step, is_nan) VALUES ('loss', 0.5, 1, '{run}', 0, 0)"
    with engine.begin() as connection:
        for text in (
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) "
            "VALUES (0, 'Default', '/x', 'active')",
            "INSERT INTO runs (run_uuid, name, experiment_id, user_id, status, start_time, artifact_uri, "
            f"lifecycle_stage, source_type) VALUES ('{run}', 'old', 0, 'u', 'FINISHED', 1, '/x/r/artifacts', "
            "'active', 'LOCAL')",
            f"INSERT INTO metrics {metric}",
            f"INSERT INTO latest_metrics {metric}",
        ):
            connection.execute(sqlalchemy.text(text))
    engine.dispose()
    return path


def test_a_workspaces_older_store_is_upgraded_and_a_copy_is_kept(
    older: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "workspace")
    home.path.mkdir()
    shutil.copy(older, home.path / "mlflow.db")
    registry = Registry(home)
    assert registry.metrics("0123456789abcdef0123456789abcdef") == {"loss": 0.5}
    assert registry.run("0123456789abcdef0123456789abcdef").name == "old"
    kept = home.path / f"mlflow.db.before-{OLDER}"
    assert sqlite.revision(kept) == OLDER
    assert sqlite.revision(home.path / "mlflow.db") != OLDER
    assert not list(home.path.glob("*.making*"))
    assert capfd.readouterr() == ("", "")


def test_a_store_whose_upgrade_fails_is_left_as_it_was(older: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "workspace")
    home.path.mkdir()
    path = home.path / "mlflow.db"
    shutil.copy(older, path)
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE trace_info (mine TEXT)")  # in the way of what the upgrade creates
    database.close()
    with pytest.raises(RegistryError, match="could not be upgraded from its older schema, and is as it was"):
        Registry(home).experiments()
    assert sqlite.revision(path) == OLDER


def test_a_foreign_older_store_is_left_alone_and_the_command_is_named(older: Path, home: Home, tmp_path: Path) -> None:
    theirs = Path(shutil.copy(older, tmp_path / "theirs.db"))
    with pytest.raises(RegistryError, match=f"mlflow db upgrade 'sqlite:///{theirs}'"):
        Registry(home, f"sqlite:///{theirs}").experiments()
    assert sqlite.revision(theirs) == OLDER
    assert sorted(os.listdir(tmp_path)) == ["theirs.db", "workspace"]


@pytest.mark.parametrize("whose", ["own", "foreign"])
def test_a_store_of_a_newer_mlflow_is_refused_with_the_way_out(home: Home, tmp_path: Path, whose: str) -> None:
    path = home.path / "mlflow.db" if whose == "own" else Path(shutil.copy(home.path / "mlflow.db", tmp_path / "t.db"))
    with sqlite3.connect(path) as database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    database.close()
    with pytest.raises(WorkspaceError, match="written by a newer MLflow.*pip install -U mlflow-skinny"):
        Registry(home, None if whose == "own" else f"sqlite:///{path}").experiments()


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_file_that_is_no_store_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mlflow.db").write_bytes(content)
    with pytest.raises(WorkspaceError, match="mlflow.db"):
        Registry(Home(tmp_path)).experiments()


MOUNTS = """
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /net rw,relatime shared:2 - nfs4 server:/net rw,vers=4.2
31 30 254:1 / /net/local\\040disk rw shared:3 - xfs /dev/vdb rw
32 22 0:41 / /mnt/share rw - cifs //server/share rw
33 22 0:42 / /mnt/ssh rw - fuse.sshfs me@server: rw
34 22 0:43 / /mnt/mine rw - fuse.mergerfs a:b rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/net/me/work", "nfs4"),
        ("/net", "nfs4"),
        ("/net/local disk/work", None),
        ("/network", None),
        ("/mnt/share/x", "cifs"),
        ("/mnt/ssh/x", "fuse.sshfs"),
        ("/mnt/mine/x", None),
        ("/tmp", None),
    ],
)
def test_sqlite_on_a_network_file_system_is_refused_with_the_reason(path: str, kind: str | None) -> None:
    if kind is None:
        sqlite.refuse_network(Path(path), MOUNTS)
        return
    with pytest.raises(WorkspaceError, match=f"network file system \\({kind}\\).*MLDEPLOY_HOME"):
        sqlite.refuse_network(Path(path), MOUNTS)


@pytest.mark.parametrize("whose", ["own", "foreign"])
def test_opening_on_a_network_file_system_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"30 22 0:40 / {tmp_path}/net rw shared:2 - nfs4 server:/net rw\n")
    monkeypatch.setattr(sqlite, "MOUNTS", mounts)
    (tmp_path / "net").mkdir()
    home = Home(tmp_path / "net" if whose == "own" else tmp_path)
    with pytest.raises(WorkspaceError, match="network file system"):
        Registry(home, None if whose == "own" else f"sqlite:///{tmp_path}/net/theirs.db").experiments()
    assert list((tmp_path / "net").iterdir()) == []


def test_a_server_that_does_not_answer_is_named_without_its_password(home: Home) -> None:
    with pytest.raises(RegistryError, match="No MLflow tracking server answers at http://127.0.0.1:9") as caught:
        Registry(home, "http://me:secret@127.0.0.1:9").experiments()
    assert "secret" not in str(caught.value)


def test_the_environment_chooses_the_store(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = Registry(home).tracking_uri
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    assert Registry(home).tracking_uri == f"sqlite:///{tmp_path}/other.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", own)
    assert Registry(home).experiment("mine", create=True)
    assert sqlite.revision(home.path / "mlflow.db")


def test_asking_for_a_registry_imports_no_mlflow_and_opens_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\nfrom jupyter_mldeploy.registry import Registry\n"
        "from jupyter_mldeploy.disk import Home\nRegistry(Home(pathlib.Path(sys.argv[1]))).tracking_uri\n"
        "assert not {'mlflow', 'sqlalchemy', 'alembic', 'numpy', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []


def test_users_own_logging_and_warnings_are_as_they_were(local: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    import logging
    import threading
    import warnings

    def end_some() -> None:
        for _ in range(5):
            local.end_run(local.start_run("0").id, "Completed")

    local.experiments()
    logging.getLogger("alembic").setLevel(logging.INFO)
    before = {name: logging.getLogger(name).level for name in ("", "mlflow", "alembic")}
    filters = list(warnings.filters)
    threads = [threading.Thread(target=end_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {name: logging.getLogger(name).level for name in before} == before
    assert list(warnings.filters) == filters
    assert "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT" not in os.environ


@pytest.mark.parametrize(
    ("where", "message"),
    [("file/x", "Not a directory"), ("odd?name", "'\\?' in its name"), ("a%20b", "'%20' in its name")],
)
def test_a_folder_that_cannot_hold_a_workspace_is_refused(tmp_path: Path, where: str, message: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkspaceError, match=message):
        Registry(Home(tmp_path / where)).experiments()


def test_a_database_that_cannot_be_opened_is_refused_without_its_password(home: Home) -> None:
    with pytest.raises(RegistryError, match="cannot be opened") as caught:
        Registry(home, "postgresql://me:secret@127.0.0.1:9/db").experiments()
    assert "secret" not in str(caught.value)
