from pathlib import Path

import pytest

from jupyter_mldeploy.core import Datastore, Workspace
from jupyter_mldeploy.core.exceptions import AzureMLException, NotAvailableException, UserErrorException

FILES = ["./data/diabetes1.csv", "./data/diabetes2.csv"]


def test_a_workspace_has_a_default_datastore(ws: Workspace) -> None:
    default = ws.get_default_datastore()
    assert default.name == "workspaceblobstore" == Datastore.get_default(ws).name == Datastore(ws).name
    assert default.is_default and default.name in ws.datastores and "workspacefilestore" in ws.datastores


def test_uploaded_files_lie_below_the_target_path(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    store = ws.get_default_datastore()
    reference = store.upload_files(files=FILES, target_path="diabetes-data/", overwrite=True, show_progress=True)
    assert "Uploaded 2 of 2 files" in capsys.readouterr().out
    assert sorted(path.name for path in Path(str(reference)).iterdir()) == ["diabetes1.csv", "diabetes2.csv"]


def test_paths_below_a_relative_root_are_kept(ws: Workspace) -> None:
    ws.get_default_datastore().upload_files(FILES, relative_root=".", target_path="all", show_progress=False)
    assert Path(str(ws.get_default_datastore().path("all/data/diabetes1.csv"))).is_file()


def test_a_file_that_is_there_stays_unless_overwrite(ws: Workspace) -> None:
    store = ws.get_default_datastore()
    store.upload("data", "d", show_progress=False)
    Path("data/diabetes1.csv").write_text("changed")
    there = Path(str(store.path("d/diabetes1.csv")))
    store.upload("data", "d", show_progress=False)
    assert there.read_text() != "changed"
    store.upload("data", "d", overwrite=True, show_progress=False)
    assert there.read_text() == "changed"


def test_download_brings_what_begins_with_the_prefix(ws: Workspace) -> None:
    store = ws.get_default_datastore()
    store.upload("data", "one", show_progress=False)
    store.upload("data", "two", show_progress=False)
    assert store.download("out", prefix="one", show_progress=False) == 2
    assert sorted(path.as_posix() for path in Path("out").rglob("*.csv")) == [
        "out/one/diabetes1.csv",
        "out/one/diabetes2.csv",
    ]


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/../x"])
def test_no_path_leads_out_of_a_datastore(ws: Workspace, path: str) -> None:
    with pytest.raises(UserErrorException, match="leads out of the datastore"):
        ws.get_default_datastore().upload("data", path)


def test_a_registered_container_is_a_folder_that_keeps_no_key(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Datastore.register_azure_blob_container(
        workspace=ws, datastore_name="blob", container_name="c", account_name="a", account_key="very-secret-key"
    )
    assert (store.container_name, store.account_name, store.datastore_type) == ("c", "a", "AzureBlob")
    assert "Nothing of Azure's is read" in capsys.readouterr().out
    kept = b"".join(path.read_bytes() for path in ws._home.path.rglob("*") if path.is_file())
    assert b"very-secret-key" not in kept
    ws.set_default_datastore("blob")
    assert ws.get_default_datastore().name == "blob"


def test_an_unknown_datastore_is_answered_with_those_that_exist(ws: Workspace) -> None:
    for name in ("nope", "../secrets"):
        with pytest.raises(UserErrorException, match="workspaceblobstore") as caught:
            Datastore.get(ws, name)
        assert repr(name) in caught.value.message


def test_a_missing_file_is_named_with_what_lies_beside_it(ws: Workspace) -> None:
    with pytest.raises(AzureMLException, match="diabetes1.csv") as caught:
        ws.get_default_datastore().upload_files(["data/nope.csv"])
    assert "nope.csv" in caught.value.message


def test_a_database_says_what_to_do_instead(ws: Workspace) -> None:
    with pytest.raises(NotAvailableException, match="read_sql"):
        Datastore.register_azure_sql_database(ws, "sql", "server", "database")
