"""Registering, listing, changing, deleting and fetching, over the workspace's own store and over a tracking server."""

from __future__ import annotations

import getpass
import hashlib
from pathlib import Path
from typing import Any

import pytest

from jupyter_mldeploy.errors import FileMissing, InvalidInput, ModelNotFound, ModelPathNotFound, NameTaken
from jupyter_mldeploy.registry import Registry
from jupyter_mldeploy.specs import ModelDetails, RunInfo

DETAILS = ModelDetails(
    description="what it is",
    tags={"area": "health", "odd / key?~%": "ü"},
    properties={"alpha": "0.5", "odd / key?~%": "1"},
    framework="ScikitLearn",
    framework_version="1.5",
    extra={"resource_configuration": {"cpu": 1.0, "memoryInGB": 0.5, "gpu": None}},
)
PLAIN = ModelDetails()


def files(path: Path) -> list[str]:
    return sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.is_file())


def test_a_file_is_registered_under_its_base_name_with_all_that_was_said(
    registry: Registry, name: str, model_file: Path
) -> None:
    model = registry.register(name, model_file, details=DETAILS)
    assert (model.id, model.entry, model.size) == (f"{name}:1", "model.pkl", 15)
    assert model.digest == hashlib.sha256(b"a trained model").hexdigest()
    assert (model.description, model.framework, model.framework_version) == ("what it is", "ScikitLearn", "1.5")
    assert (model.tags, model.properties, model.extra) == (DETAILS.tags, DETAILS.properties, DETAILS.extra)
    assert (model.created_by, model.run_id, model.experiment_name) == (getpass.getuser(), None, None)
    assert model == registry.model(name, 1) == registry.model(name)
    path = registry.fetch(model)
    assert (path.name, path.read_bytes()) == ("model.pkl", b"a trained model")
    assert registry.ref(model).path == str(path)


def test_a_folder_keeps_its_own_name_and_what_is_in_it(registry: Registry, name: str, model_folder: Path) -> None:
    model = registry.register(name, model_folder, details=PLAIN)
    path = registry.fetch(model)
    assert (model.entry, path.name) == ("net", "net")
    assert files(path) == ["config.json", "weights/a.bin", "weights/b.bin"]


def test_child_paths_keep_only_those_parts(registry: Registry, name: str, model_folder: Path) -> None:
    children = ["config.json", str(model_folder / "weights" / "b.bin")]
    path = registry.fetch(registry.register(name, model_folder, child_paths=children, details=PLAIN))
    assert (path.name, files(path)) == ("net", ["config.json", "weights/b.bin"])


@pytest.mark.parametrize(("key", "entry"), [("outputs/model.pkl", "model.pkl"), ("outputs", "outputs"), ("top", "top")])
def test_a_runs_file_or_folder_is_registered_where_it_is(
    registry: Registry, run: RunInfo, name: str, key: str, entry: str
) -> None:
    registry.upload(run.id, "outputs/model.pkl", b"from a run")
    registry.upload(run.id, "top", b"from a run")
    model = registry.register_from_run(name, run.id, key, DETAILS)
    path = registry.fetch(model)
    assert (model.run_id, model.experiment_name, model.tags) == (run.id, run.experiment_name, DETAILS.tags)
    assert (model.entry, path.name) == (entry, entry)
    assert (path / "model.pkl" if path.is_dir() else path).read_bytes() == b"from a run"


def test_a_key_that_the_run_lacks_is_refused_with_what_it_has(registry: Registry, run: RunInfo, name: str) -> None:
    registry.upload(run.id, "outputs/model.pkl", b"x")
    with pytest.raises(ModelPathNotFound, match="outputs/model.pkl"):
        registry.register_from_run(name, run.id, "model.pkl", PLAIN)
    assert registry.models(name) == []


def test_models_are_listed_newest_first(registry: Registry, name: str, model_file: Path) -> None:
    for model in (name, f"{name}b", name):
        registry.register(model, model_file, details=PLAIN)
    assert [m.id for m in registry.models(name)] == [f"{name}:2", f"{name}:1"]
    ids = [m.id for m in registry.models() if m.name.startswith(name)]
    assert ids == [f"{name}:2", f"{name}b:1", f"{name}:1"]
    latest = [m.id for m in registry.models(latest=True) if m.name.startswith(name)]
    assert latest == [f"{name}:2", f"{name}b:1"]


def test_a_missing_model_is_refused_with_the_names_or_the_versions(
    registry: Registry, name: str, model_file: Path
) -> None:
    registry.register(name, model_file, details=PLAIN)
    with pytest.raises(ModelNotFound, match=f"No model named 'x'.*{name}"):
        registry.model("x")
    with pytest.raises(ModelNotFound, match=f"'{name}' has no version 7. Versions: 1."):
        registry.model(name, 7)
    for odd in ("it's", 'a "quoted" name', "both ' and \""):
        with pytest.raises(ModelNotFound):
            registry.model(odd)


def test_tags_description_and_extra_change_and_properties_never_do(
    registry: Registry, name: str, model_file: Path
) -> None:
    registry.register(name, model_file, details=DETAILS)
    registry.change_model(name, 1, description="better", tags={"area": None, "odd / key?~%": "2", "new": ""})
    registry.change_model(name, 1, extra={"sample": "id"})
    registry.add_model_properties(name, 1, {"beta": "1"})
    with pytest.raises(NameTaken, match="'alpha' already"):
        registry.add_model_properties(name, 1, {"gamma": "1", "alpha": "2"})
    model = registry.model(name)
    assert (model.description, model.tags) == ("better", {"odd / key?~%": "2", "new": ""})
    assert model.extra == {"sample": "id"}
    assert model.properties == {**DETAILS.properties, "beta": "1"}


def test_a_number_is_never_given_again(registry: Registry, name: str, model_file: Path) -> None:
    from mlflow.tracking import MlflowClient

    def register() -> int:
        return registry.register(name, model_file, details=PLAIN).version

    assert [register(), register()] == [1, 2]
    registry.delete_model(name, 2)
    assert register() == 3
    for version in (1, 3):
        registry.delete_model(name, version)
    assert register() == 4
    MlflowClient(registry.tracking_uri, registry.tracking_uri).delete_registered_model(name)
    assert registry.models(name) == []
    assert [register(), register()] == [5, 6]
    assert [m.version for m in registry.models(name)] == [6, 5]


def test_a_deleted_model_takes_its_content_with_it_but_never_a_runs(
    local: Registry, home: Any, model_file: Path
) -> None:
    local.register("own", model_file, details=PLAIN)
    run = local.start_run("0")
    local.upload(run.id, "model.pkl", model_file)
    local.register_from_run("from-run", run.id, "model.pkl", PLAIN)
    local.delete_model("own", 1)
    local.delete_model("from-run", 1)
    assert len(list((home.path / "artifacts").rglob("model.pkl"))) == 1
    assert local.artifacts(run.id) == ["model.pkl"]
    with pytest.raises(ModelNotFound):
        local.delete_model("own", 1)


def test_a_model_that_mlflow_copied_keeps_its_content(local: Registry, model_file: Path) -> None:
    from mlflow.tracking import MlflowClient

    local.register("m", model_file, details=PLAIN)
    MlflowClient(local.tracking_uri, local.tracking_uri).copy_model_version("models:/m/1", "copy")
    local.delete_model("m", 1)
    assert local.fetch(local.model("copy")).read_bytes() == b"a trained model"


BAD: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    ("a name with a slash", {"name": "a/b"}, InvalidInput, "no name for a model"),
    ("no name", {"name": " "}, InvalidInput, "no name for a model"),
    ("a missing path", {"source": "nowhere"}, FileMissing, "nowhere does not exist"),
    ("an empty folder", {"source": "empty"}, InvalidInput, "holds no file"),
    ("a pipe", {"source": "pipe"}, InvalidInput, "device, pipe or socket"),
    ("children of a file", {"source": "model.pkl", "child_paths": ["x"]}, InvalidInput, "is a file"),
    ("a missing child", {"source": "net", "child_paths": ["x"]}, FileMissing, "'x', which does not exist"),
    ("a child outside", {"source": "net", "child_paths": ["../model.pkl"]}, InvalidInput, "outside"),
    ("a tag that is no text", {"details": ModelDetails(tags={"a": 1})}, InvalidInput, "'a' is 1, a int"),  # type: ignore[dict-item]
    ("a value too long", {"details": ModelDetails(properties={"a": "x" * 9999})}, InvalidInput, "at most 5,000"),
    ("a key too long", {"details": ModelDetails(tags={"?" * 200: ""})}, InvalidInput, "200 characters"),
    ("an empty key", {"details": ModelDetails(tags={"": ""})}, InvalidInput, "needs a name"),
    ("too much beside it", {"details": ModelDetails(extra={"a": "x" * 9999})}, InvalidInput, "at most 5,000"),
]


@pytest.mark.parametrize(("_what", "change", "error", "message"), BAD, ids=[row[0] for row in BAD])
def test_what_cannot_be_registered_is_refused_before_any_work(
    _what: str,
    change: dict[str, Any],
    error: type[Exception],
    message: str,
    local: Registry,
    tmp_path: Path,
    model_file: Path,
    model_folder: Path,
) -> None:
    import os

    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    asked = {"name": "m", "source": model_file.name, "child_paths": None, "details": PLAIN} | change
    with pytest.raises(error, match=message):
        local.register(
            asked["name"], tmp_path / asked["source"], child_paths=asked["child_paths"], details=asked["details"]
        )
    assert local.models() == []
    assert not list((tmp_path / "workspace" / "artifacts").rglob("*"))


def test_a_full_disk_is_found_before_any_work(local: Registry, tmp_path: Path) -> None:
    from jupyter_mldeploy.errors import DiskFull

    huge = tmp_path / "huge.bin"
    with huge.open("wb") as file:
        file.truncate(1 << 43)  # 8 TB on paper
    with pytest.raises(DiskFull, match="8796093 MB are needed"):
        local.register("m", huge, details=PLAIN)
    assert local.models() == []
    assert not list((tmp_path / "workspace" / "artifacts").rglob("model*"))


def test_content_that_changed_on_the_server_is_not_served(home: Any, server: str, name: str, model_file: Path) -> None:
    from mlflow.tracking import MlflowClient

    from jupyter_mldeploy.errors import RegistryError

    registry = Registry(home, server)
    model = registry.register(name, model_file, details=PLAIN)
    client = MlflowClient(server)
    model_file.write_bytes(b"something else")
    client.log_artifact(client.get_model_version(name, "1").run_id, str(model_file), "model")
    with pytest.raises(RegistryError, match="differs from what was registered"):
        registry.fetch(model)


def test_a_remote_model_is_brought_once(home: Any, server: str, name: str, model_folder: Path) -> None:
    registry = Registry(home, server)
    model = registry.register(name, model_folder, details=PLAIN)
    path = registry.fetch(model)
    assert path == home.path / "models" / name / "1" / "net"
    (path / "mark").touch()
    assert (registry.fetch(model) / "mark").exists()
