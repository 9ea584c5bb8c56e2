"""Both ways through plain MLflow: what we keep is visible to it, and what a user logged with it is there through us."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_mldeploy.errors import RegistryError
from jupyter_mldeploy.registry import Registry
from jupyter_mldeploy.specs import ModelDetails, RunInfo

QUICK: dict[str, Any] = {"serialization_format": "pickle", "pip_requirements": ["scikit-learn"]}


@pytest.fixture
def mlflow(registry: Registry, name: str) -> Any:
    """MLflow's own door, set to the same store as a user would."""
    import mlflow

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(registry.tracking_uri)
    mlflow.set_registry_uri(registry.tracking_uri)
    mlflow.set_experiment(experiment_id=registry.experiment(f"by-mlflow-{name}", create=True).id)
    yield mlflow
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(before)
    mlflow.set_registry_uri(None)


def test_mlflow_sees_our_runs_metrics_tags_and_artifacts(registry: Registry, run: RunInfo, mlflow: Any) -> None:
    registry.log(run.id, "loss", [0.5])
    registry.tag_run(run.id, {"colour": "red"})
    registry.upload(run.id, "outputs/a.txt", b"text")
    registry.end_run(run.id, "Completed")
    frame = mlflow.search_runs(experiment_ids=[run.experiment_id])
    row = frame.iloc[0]
    assert (row["run_id"], row["metrics.loss"], row["tags.colour"], row["status"]) == (run.id, 0.5, "red", "FINISHED")
    assert Path(mlflow.artifacts.download_artifacts(f"runs:/{run.id}/outputs/a.txt")).read_bytes() == b"text"


def test_mlflow_sees_our_models_and_their_content(
    registry: Registry, name: str, mlflow: Any, model_file: Path, model_folder: Path
) -> None:
    registry.register(name, model_file, details=ModelDetails(description="d", tags={"a": "b"}))
    registry.register(name, model_folder, details=ModelDetails())
    version = mlflow.MlflowClient().get_model_version(name, "1")
    assert (version.description, version.tags["a"], version.status) == ("d", "b", "READY")
    first = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/1"))
    second = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/2"))
    assert [path.name for path in first.iterdir()] == ["model.pkl"]
    assert sorted(path.name for path in second.iterdir()) == ["config.json", "weights"]


def test_an_mlflow_model_folder_that_we_registered_loads_in_mlflow(
    registry: Registry, name: str, mlflow: Any, tmp_path: Path
) -> None:
    mlflow.sklearn.save_model(classifier(), tmp_path / "flavoured", **QUICK)
    registry.register(name, tmp_path / "flavoured", details=ModelDetails())
    assert mlflow.pyfunc.load_model(f"models:/{name}/1").predict([[0.0], [3.0]]).tolist() == [0, 1]


def test_what_a_user_logged_with_mlflow_is_there(registry: Registry, mlflow: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    with mlflow.start_run(run_name="theirs") as active:
        mlflow.set_tag("colour", "red")
        for step in range(3):
            mlflow.log_metric("loss", 1 - step / 4, step=step)
        mlflow.log_metric("accuracy", 0.9)
        mlflow.log_artifact(str(tmp_path / "notes.txt"), "docs")
    info = registry.run(active.info.run_id)
    assert (info.name, info.status, info.tags) == ("theirs", "Completed", {"colour": "red"})
    assert registry.metrics(info.id) == {"loss": [1.0, 0.75, 0.5], "accuracy": 0.9}
    assert registry.artifacts(info.id) == ["docs/notes.txt"]


def test_a_model_that_a_user_logged_and_registered_with_mlflow_is_there(
    registry: Registry, name: str, mlflow: Any
) -> None:
    with mlflow.start_run() as active:
        mlflow.sklearn.log_model(classifier(), name="classifier", registered_model_name=name, **QUICK)
    model = registry.model(name)
    path = registry.fetch(model)
    assert (model.version, model.run_id, model.entry, path.name) == (1, active.info.run_id, "classifier", "classifier")
    assert (model.experiment_name, model.properties) == (f"by-mlflow-{name}", {})
    assert (path / "MLmodel").is_file()
    assert mlflow.sklearn.load_model(str(path)).predict([[3.0]]).tolist() == [1]


def test_a_model_that_mlflow_logged_can_be_registered_by_its_name_in_the_run(
    registry: Registry, name: str, mlflow: Any
) -> None:
    with mlflow.start_run() as active:
        mlflow.sklearn.log_model(classifier(), name="classifier", **QUICK)
    run_id = active.info.run_id
    assert "classifier/MLmodel" in registry.artifacts(run_id)
    whole = registry.register_from_run(name, run_id, "classifier", ModelDetails())
    part = registry.register_from_run(name, run_id, "classifier/model.pkl", ModelDetails())
    assert (whole.entry, part.entry) == ("classifier", "model.pkl")
    assert (registry.fetch(whole) / "MLmodel").is_file()
    assert registry.fetch(part).name == "model.pkl"
    assert mlflow.pyfunc.load_model(f"models:/{name}/1").predict([[3.0]]).tolist() == [1]


def test_versions_that_a_user_made_with_mlflow_point_at_a_folder_or_a_file(
    registry: Registry, name: str, mlflow: Any, model_folder: Path
) -> None:
    client = mlflow.MlflowClient()
    with mlflow.start_run() as active:
        mlflow.log_artifacts(str(model_folder), "net")
    client.create_registered_model(name)
    root = active.info.artifact_uri
    client.create_model_version(name, f"{root}/net", active.info.run_id)
    client.create_model_version(name, f"{root}/net/config.json", active.info.run_id)
    folder, file = (registry.fetch(registry.model(name, version)) for version in (1, 2))
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "weights"]
    assert (folder.name, file.name, file.read_text()) == ("net", "config.json", "{}")


def test_a_version_made_anew_by_mlflow_under_an_old_number_is_not_the_old_content(
    registry: Registry, name: str, mlflow: Any, tmp_path: Path
) -> None:
    client = mlflow.MlflowClient()
    for content in ("old", "new"):
        (tmp_path / "f").write_text(content)
        with mlflow.start_run() as active:
            mlflow.log_artifact(str(tmp_path / "f"), "net")
        client.create_registered_model(name)
        client.create_model_version(name, f"{active.info.artifact_uri}/net", active.info.run_id)
        assert (registry.fetch(registry.model(name, 1)) / "f").read_text() == content
        client.delete_registered_model(name)


def test_a_name_from_the_store_never_leads_out_of_the_workspace(
    registry: Registry, name: str, mlflow: Any, model_file: Path, tmp_path: Path
) -> None:
    registry.register(name, model_file, details=ModelDetails())
    mlflow.MlflowClient().set_model_version_tag(name, "1", "mldeploy.entry", "../../../../evil")
    model = registry.model(name)
    assert model.entry == "evil"
    with pytest.raises(RegistryError, match="differs from what was registered"):
        registry.fetch(model)
    assert not list(tmp_path.rglob("evil"))


def classifier() -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
