"""Experiments, over the workspace's own store and over a tracking server."""

from __future__ import annotations

import pytest

from jupyter_mldeploy.errors import NameTaken, NotFound
from jupyter_mldeploy.registry import Registry


def names(registry: Registry, **which: bool) -> list[str]:
    return [info.name for info in registry.experiments(**which)]


def test_a_missing_experiment_is_refused_with_the_names_that_exist(registry: Registry, name: str) -> None:
    registry.experiment(name, create=True)
    with pytest.raises(NotFound, match=f"No experiment named 'else-{name}'.*{name}"):
        registry.experiment(f"else-{name}")


def test_creating_an_experiment_twice_gives_the_same_one(registry: Registry, name: str) -> None:
    assert registry.experiment(name, create=True) == registry.experiment(name, create=True)


def test_tags_of_any_characters_come_back_and_go_away(registry: Registry, name: str) -> None:
    info = registry.experiment(name, create=True)
    registry.tag_experiment(info.id, {"plain": "1", "späce / ünder?": "ja", "..": "dots"})
    assert registry.experiment(name).tags == {"plain": "1", "späce / ünder?": "ja", "..": "dots"}
    registry.tag_experiment(info.id, {"plain": None, "..": None, "never there": None})
    assert registry.experiment(name).tags == {"späce / ünder?": "ja"}


def test_an_archived_experiment_is_listed_apart_until_it_is_active_again(registry: Registry, name: str) -> None:
    info = registry.experiment(name, create=True)
    registry.archive_experiment(info.id, archived=True)
    assert name not in names(registry)
    assert name in names(registry, archived=True)
    assert registry.experiment(name).archived_time
    registry.archive_experiment(info.id, archived=False)
    assert name in names(registry)
    assert registry.experiment(name).archived_time is None


def test_a_deleted_experiment_frees_its_name(registry: Registry, name: str) -> None:
    old = registry.experiment(name, create=True)
    registry.delete_experiment(old.id)
    assert name not in names(registry)
    assert registry.experiment(name, create=True).id != old.id


def test_a_name_that_mlflow_keeps_for_a_deleted_experiment_says_how_to_get_it_back(local: Registry) -> None:
    from mlflow.tracking import MlflowClient

    info = local.experiment("gone", create=True)
    MlflowClient(local.tracking_uri).delete_experiment(info.id)
    with pytest.raises(NameTaken, match=f"restore --experiment-id {info.id}"):
        local.experiment("gone", create=True)


def test_what_carries_registered_models_is_no_experiment_to_see(local: Registry, model_file: object) -> None:
    from pathlib import Path

    from jupyter_mldeploy.specs import ModelDetails

    assert isinstance(model_file, Path)
    local.register("m", model_file, details=ModelDetails())
    assert names(local) == ["Default"]
    assert local.runs() == []
