"""Workspace: finding its configuration, making, listing and deleting it, and its labels."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import jupyter_mldeploy.core
from jupyter_mldeploy.core import Workspace
from jupyter_mldeploy.core._workspace_folder import root
from jupyter_mldeploy.core.authentication import InteractiveLoginAuthentication, say_once
from jupyter_mldeploy.core.exceptions import NotAvailableException, UserErrorException, WorkspaceException
from jupyter_mldeploy.services import records
from jupyter_mldeploy.specs import Plan, ScriptSpec, ServiceRecord, Settings

SCOPE = "/subscriptions/s-1/resourceGroups/g-1/providers/Microsoft.MachineLearningServices/workspaces/azure-one"
THREE_KEYS = {"subscription_id": "s-1", "resource_group": "g-1", "workspace_name": "azure-one"}


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def test_without_a_file_the_default_workspace_opens_and_one_line_says_so(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ws = Workspace.from_config()
    assert ws.name == "default"
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1
    assert "'default'" in said[0] and str(home / "default") in said[0]
    assert (home / "default" / "config.json").is_file()


def test_the_four_things_that_notebooks_print_are_texts(home: Path) -> None:
    ws = Workspace.from_config()
    for text in (ws.name, ws.resource_group, ws.location, ws.subscription_id, jupyter_mldeploy.core.VERSION):
        assert isinstance(text, str) and text
    assert jupyter_mldeploy.core.VERSION == jupyter_mldeploy.core.__version__ == "1.61.0"


@pytest.mark.parametrize("content", [THREE_KEYS, {"Id": None, "Scope": SCOPE}], ids=["portal", "sdk"])
@pytest.mark.parametrize("place", [".azureml", "aml_config", "."])
@pytest.mark.parametrize("name", ["config.json", "project.json"])
def test_azures_files_are_found_upward_and_keep_their_labels(
    home: Path, monkeypatch: pytest.MonkeyPatch, place: str, name: str, content: object
) -> None:
    write(Path(place, name), content)
    deep = Path("a/b")
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    ws = Workspace.from_config()
    assert (ws.name, ws.subscription_id, ws.resource_group) == ("azure-one", "s-1", "g-1")
    assert (home / "azure-one").is_dir()


def test_the_nearest_file_wins_in_v1s_order(home: Path) -> None:
    for place, name in (
        ("project.json", "fourth"),
        ("config.json", "third"),
        ("aml_config/config.json", "second"),
        (".azureml/project.json", "first"),
    ):
        write(Path(place), {**THREE_KEYS, "workspace_name": f"{name}-ws"})
    write(Path("../.azureml/config.json"), {**THREE_KEYS, "workspace_name": "parent-ws"})
    for place, name in (
        (".azureml", "first"),
        ("aml_config", "second"),
        ("config.json", "third"),
        ("project.json", "fourth"),
    ):
        assert Workspace.from_config().name == f"{name}-ws"
        shutil.rmtree(place) if Path(place).is_dir() else Path(place).unlink()
    assert Workspace.from_config().name == "parent-ws"


def test_a_path_may_be_the_file_or_a_folder_and_the_file_may_have_another_name(home: Path) -> None:
    write(Path("x/other.json"), THREE_KEYS)
    assert Workspace.from_config("x/other.json").name == "azure-one"
    assert Workspace.from_config("x", _file_name="other.json").name == "azure-one"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "subscription_id"),
        ('{"subscription_id": "s", "resource_group": "g"}', "workspace_name"),
        ('{"Scope": "/subscriptions/s"}', "Scope"),
        ('{"Scope": 3}', "lacks"),
        ("[1]", "not a JSON object"),
        ("no json", "cannot be read"),
        ('{"subscription_id": "s", "resource_group": "g", "workspace_name": "../../etc"}', "'../../etc'"),
    ],
)
def test_a_file_that_names_no_workspace_is_refused(home: Path, text: str, said: str) -> None:
    Path("config.json").write_text(text)
    with pytest.raises(UserErrorException, match=said.replace("[", r"\[")):
        Workspace.from_config()


def test_a_path_that_does_not_exist_is_refused(home: Path) -> None:
    with pytest.raises(UserErrorException, match="nowhere"):
        Workspace.from_config("nowhere")


@pytest.mark.parametrize("folder", [".azureml", "aml_config"])
def test_what_write_config_writes_from_config_reads(home: Path, folder: str) -> None:
    if folder == "aml_config":
        Path(folder).mkdir()
    ws = Workspace.create("mine-1", subscription_id="s-2", resource_group="g-2")
    ws.write_config()
    written = json.loads(Path(folder, "config.json").read_text())
    assert written["Id"] is None
    assert written["Scope"].split("/")[2::2] == ["s-2", "g-2", "Microsoft.MachineLearningServices", "mine-1"]
    again = Workspace.from_config()
    assert repr(again) == repr(ws)
    ws.write_config("elsewhere", "named.json")
    assert Path("elsewhere/.azureml/named.json").is_file()


def test_a_moved_home_is_found_by_the_file_and_a_foreign_folder_falls_back(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Workspace.create("mine-1").write_config()
    monkeypatch.setenv("MLDEPLOY_HOME", str(home.parent / "other"))
    assert Workspace.from_config()._home.path == home / "mine-1"
    shutil.rmtree(home)
    capsys.readouterr()
    assert Workspace.from_config()._home.path == home.parent / "other" / "mine-1"
    assert str(home / "mine-1") in capsys.readouterr().out


def test_inside_its_own_folder_a_workspace_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Workspace.create("mine-1")
    monkeypatch.chdir(home / "mine-1")
    assert Workspace.from_config()._home == made._home


def test_the_constructor_opens_or_makes(home: Path) -> None:
    first = Workspace("s-1", "g-1", "azure-one", _location="westeurope", tags={"team": "a"})
    second = Workspace(subscription_id="s-1", resource_group="g-1", workspace_name="azure-one")
    assert second.location == first.location == "westeurope"
    assert second.tags == {"team": "a"}


def test_repr_is_a_call_of_create(home: Path) -> None:
    ws = Workspace.create("mine-1", subscription_id="s", resource_group="g")
    assert repr(ws) == "Workspace.create(name='mine-1', subscription_id='s', resource_group='g')"


@pytest.mark.parametrize("name", ["ab", "a" * 34, "-abc", "a/b", "a b c", "a.b.c", "", "..", None])
def test_a_bad_workspace_name_is_refused(home: Path, name: str) -> None:
    with pytest.raises(UserErrorException, match="cannot name a workspace"):
        Workspace.create(name)
    assert not home.exists()


@pytest.mark.parametrize("name", ["abc", "A_b-9", "9" * 33])
def test_a_good_workspace_name_is_taken(home: Path, name: str) -> None:
    assert Workspace.create(name, show_output=False).name == name


def test_creating_twice_needs_exist_ok(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Workspace.create("mine-1", location="here", friendly_name="Mine")
    with pytest.raises(WorkspaceException, match="exist_ok"):
        Workspace.create("mine-1")
    again = Workspace.create("mine-1", exist_ok=True)
    assert again.location == "here"
    assert capsys.readouterr().out.count("mine-1' created") == 1
    Workspace.create("silent-1", show_output=False)
    assert capsys.readouterr().out == ""


def test_two_creators_at_once_get_one_workspace(home: Path) -> None:
    outcomes = []

    def create() -> None:
        try:
            outcomes.append(Workspace.create("mine-1", show_output=False).name)
        except WorkspaceException:
            outcomes.append("refused")

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["mine-1"] + ["refused"] * 7


def test_get_finds_what_exists_and_lists_it_otherwise(home: Path) -> None:
    Workspace.create("mine-1", subscription_id="s-1")
    assert Workspace.get("mine-1").subscription_id == "s-1"
    assert Workspace.get("mine-1", None, "s-9", "g-9").resource_group == "g-9"
    with pytest.raises(WorkspaceException, match="Workspaces: mine-1"):
        Workspace.get("other")


def test_list_gives_name_to_list_by_labels(home: Path) -> None:
    Workspace.create("mine-1", subscription_id="s-1", resource_group="g-1")
    Workspace.create("mine-2", subscription_id="s-1", resource_group="g-2")
    Workspace.create("mine-3", subscription_id="s-2")
    assert {name: len(found) for name, found in Workspace.list("s-1").items()} == {"mine-1": 1, "mine-2": 1}
    assert list(Workspace.list("s-1", resource_group="g-2")) == ["mine-2"]


def test_update_changes_what_a_folder_can_keep(home: Path) -> None:
    ws = Workspace.create("mine-1", tags={"a": 1})
    details = ws.update(friendly_name="Mine", description="for tests", tags={"b": 2})
    assert (details["friendlyName"], details["description"]) == ("Mine", "for tests")
    assert Workspace.get("mine-1").tags == {"b": "2"}


def test_the_collections_of_an_empty_workspace_are_empty_dicts_but_for_the_datastores(home: Path) -> None:
    ws = Workspace.create("mine-1")
    assert [*ws.datastores] == ["workspaceblobstore", "workspacefilestore"], "those that every v1 workspace has"
    for name in ("datasets", "images", "linked_services", "private_endpoints", "webservices"):
        assert getattr(ws, name) == {}
    assert ws.sku == "basic"


def test_the_collections_map_names_to_objects(ws: Workspace, here: Path) -> None:
    from jupyter_mldeploy.core import Experiment, Model

    Experiment(ws, "collected")
    Path("m.txt").write_text("1")
    for _ in range(2):
        Model.register(ws, "m.txt", "collected")
    assert ws.experiments["collected"].name == "collected"
    assert ws.models["collected"].version == 2
    assert {type(value) for value in ws.models.values()} == {Model}
    assert ws.compute_targets == {}
    assert isinstance(ws.environments, dict)


def test_a_newer_schema_is_refused_with_the_way_out_and_untouched(home: Path) -> None:
    Workspace.create("mine-1")
    config = home / "mine-1" / "config.json"
    content = {**json.loads(config.read_text()), "schema": 99, "unknown": 1}
    config.write_text(json.dumps(content))
    for call in (lambda: Workspace.get("mine-1"), lambda: Workspace("s", "g", "mine-1")):
        with pytest.raises(WorkspaceException, match="schema 99") as caught:
            call()
        assert "Upgrade" in caught.value.message and "MLDEPLOY_HOME" in caught.value.message
    assert json.loads(config.read_text()) == content


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "x"}', '{"name": 3}'])
def test_an_unreadable_workspace_names_its_file(home: Path, text: str) -> None:
    Workspace.create("mine-1")
    (home / "mine-1" / "config.json").write_text(text)
    with pytest.raises(WorkspaceException):
        Workspace.get("mine-1")


def test_delete_removes_the_folder_and_nothing_else(home: Path) -> None:
    ws = Workspace.create("mine-1")
    Workspace.create("mine-2")
    ws.delete()
    assert [path.name for path in home.iterdir() if not path.name.startswith(".")] == ["mine-2"]
    with pytest.raises(WorkspaceException):
        Workspace.get("mine-1")


def test_on_a_full_disk_no_workspace_is_made_and_the_reason_is_said(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLDEPLOY_HOME", str(small_disk / "home"))
    (small_disk / "home" / "mine-1").mkdir(parents=True)
    with open(small_disk / "filler", "wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"x" * 4096)
    with pytest.raises(WorkspaceException, match="No room left"):
        Workspace("s", "g", "mine-1")
    assert list((small_disk / "home" / "mine-1").iterdir()) == []


def test_a_home_that_cannot_be_a_folder_is_named(home: Path) -> None:
    home.write_text("a file in the way")
    with pytest.raises(WorkspaceException, match="MLDEPLOY_HOME"):
        Workspace("s", "g", "mine-1")


def test_what_an_interrupted_delete_left_is_no_workspace_and_goes_with_the_next(home: Path) -> None:
    shutil.copytree(Workspace.create("mine-1")._home.path, home / ".mine-1.deleted-1")
    assert list(Workspace.list(None)) == ["mine-1"]
    Workspace.get("mine-1").delete()
    assert not list(home.glob("*mine-1*/config.json"))


def test_a_workspace_with_services_is_deleted_only_when_told(home: Path) -> None:
    ws = Workspace.create("mine-1")
    plan = Plan("serves", "ACI", ScriptSpec("score.py"), Settings("serves"))
    records.write(ws._home, ServiceRecord(plan, time.time(), time.time()))
    with pytest.raises(WorkspaceException, match="Services: serves"):
        ws.delete()
    assert Workspace.get("mine-1").name == "mine-1"
    ws.delete(delete_dependent_resources=True)
    assert not (home / "mine-1").exists()


def test_a_login_object_is_taken_and_said_once_to_be_needless(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    say_once.cache_clear()
    for _ in range(2):
        Workspace.create("mine-1", auth=InteractiveLoginAuthentication(), exist_ok=True, show_output=False)
    assert capsys.readouterr().out.count("No login is needed") == 1


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("add_private_endpoint", (None,)),
        ("delete_private_endpoint_connection", ("x",)),
        ("list_keys", ()),
        ("sync_keys", ()),
        ("update_dependencies", ()),
        ("diagnose_workspace", ({},)),
        ("set_connection", ("a", "b", "c", "d", "e")),
        ("list_connections", ()),
        ("get_connection", ("x",)),
        ("delete_connection", ("x",)),
        ("setup", ()),
    ],
)
def test_what_only_azure_can_do_says_what_to_do_instead(home: Path, call: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(NotAvailableException) as caught:
        getattr(Workspace.create("mine-1"), call)(*arguments)
    assert caught.value.message.startswith(f"{call} is not available here. ")
    assert isinstance(caught.value, NotImplementedError)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"MLDEPLOY_HOME": "/x/y"}, "/x/y"),
        ({"MLDEPLOY_HOME": "~/w", "HOME": "/h"}, "/h/w"),
        ({"JUPYTER_DATA_DIR": "/j"}, "/j/mldeploy"),
        ({"XDG_DATA_HOME": "/d"}, "/d/jupyter/mldeploy"),
        ({"HOME": "/h"}, "/h/.local/share/jupyter/mldeploy"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="macOS has folders of its own")
def test_where_workspaces_lie(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str) -> None:
    for name in ("MLDEPLOY_HOME", "JUPYTER_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(root()) == expected


def test_jupyters_own_rule_gives_the_same_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_core.paths import jupyter_data_dir

    monkeypatch.delenv("MLDEPLOY_HOME", raising=False)
    assert root() == Path(jupyter_data_dir()) / "mldeploy"


def test_opening_a_workspace_imports_nothing_heavy(home: Path) -> None:
    code = (
        "import sys; from jupyter_mldeploy.core import Workspace; ws = Workspace.from_config(); ws.webservices;"
        "print(sorted({'mlflow', 'numpy', 'pandas', 'sqlalchemy', 'IPython', 'jupyter_core'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"
