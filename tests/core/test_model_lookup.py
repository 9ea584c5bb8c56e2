"""Finding models: the constructor, lists, and the path of one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mldeploy.core import Model, Workspace
from jupyter_mldeploy.core.exceptions import ModelNotFoundException, UserErrorException, WebserviceException


@pytest.fixture(scope="module")
def found(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Three versions of `found`: the second has the tag and the property, the third the framework."""
    if "found" not in ws.models:
        file = tmp_path_factory.mktemp("models") / "m.pkl"
        file.write_bytes(b"m")
        Model.register(ws, str(file), "found", tags={"a": 1})
        Model.register(ws, str(file), "found", tags={"a": 2, "b": "x"}, properties={"p": "q"}, datasets=[("t", "d-1")])
        Model.register(ws, str(file), "found", model_framework="Onnx")
        Model.register(ws, str(file), "found-too")
    yield ws


@pytest.mark.parametrize(
    ("arguments", "version"),
    [
        ({"name": "found"}, 3),
        ({"name": "found", "version": 1}, 1),
        ({"name": "found", "version": "2"}, 2),
        ({"name": "found", "version": 0}, 3),
        ({"id": "found:2"}, 2),
        ({"id": "found:2", "name": "ignored", "version": 9}, 2),
        ({"name": "found", "tags": ["a"]}, 2),
        ({"name": "found", "tags": [["a", 1]]}, 1),
        ({"name": "found", "tags": ["a", ("b", "x")]}, 2),
        ({"name": "found", "properties": [["p", "q"]]}, 2),
        ({"name": "found", "model_framework": "Onnx"}, 3),
    ],
    ids=str,
)
def test_the_constructor_looks_up(found: Workspace, arguments: dict[str, object], version: int) -> None:
    model = Model(found, **arguments)  # type: ignore[arg-type]
    assert (model.name, model.version, type(model.version)) == ("found", version, int)
    assert model.workspace is found


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "unknown"},
        {"name": "found", "version": 9},
        {"name": "found", "version": "x"},
        {"id": "found:9"},
        {"id": "unknown:1"},
        {"id": "found"},
        {"name": "found", "tags": [["a", "9"]]},
        {"name": "found", "run_id": "r"},
        {"name": 'it\'s "quoted"'},
    ],
    ids=str,
)
def test_what_is_not_there_starts_with_the_token(found: Workspace, arguments: dict[str, object]) -> None:
    with pytest.raises(WebserviceException) as caught:
        Model(found, **arguments)  # type: ignore[arg-type]
    assert caught.value.message.startswith("ModelNotFound")


def test_a_missing_model_lists_what_exists(found: Workspace) -> None:
    with pytest.raises(WebserviceException, match="found"):
        Model(found, "unknown")
    with pytest.raises(WebserviceException, match="1, 2, 3"):
        Model(found, "found", version=9)


def test_neither_name_nor_id_is_refused(found: Workspace) -> None:
    with pytest.raises(WebserviceException, match="name or an id"):
        Model(found)


def test_an_empty_object_has_attributes_and_no_workspace() -> None:
    model = Model(None)
    assert (model.name, model.id, model.tags, model.properties, model.datasets) == ("", "", {}, {}, {})
    with pytest.raises(WebserviceException, match="empty"):
        model.download()


@pytest.mark.parametrize(
    ("arguments", "versions"),
    [
        ({}, [3, 2, 1]),
        ({"latest": True}, [3]),
        ({"tags": ["a"]}, [2, 1]),
        ({"tags": [["a", "1"]]}, [1]),
        ({"tags": []}, [3, 2, 1]),
        ({"properties": ["p"]}, [2]),
        ({"model_framework": "Onnx"}, [3]),
        ({"dataset_id": "d-1"}, [2]),
        ({"run_id": "none"}, []),
        ({"page_count": 20}, [3, 2, 1]),
    ],
    ids=str,
)
def test_lists_are_newest_first_and_filtered(
    found: Workspace, arguments: dict[str, object], versions: list[int]
) -> None:
    assert [model.version for model in Model.list(found, "found", **arguments)] == versions  # type: ignore[arg-type]


def test_a_list_of_all_names_has_dicts_never_none(found: Workspace) -> None:
    models = Model.list(found)
    assert {"found", "found-too"} <= {model.name for model in models}
    for model in models:
        assert isinstance(model.tags, dict) and isinstance(model.properties, dict)
    latest = [model.name for model in Model.list(found, latest=True)]
    assert len(latest) == len(set(latest))


@pytest.mark.parametrize(
    "arguments",
    [
        {"tags": "a"},
        {"tags": {"a": 1}},
        {"tags": ("a",)},
        {"tags": [["a", "b", "c"]]},
        {"tags": [3]},
        {"page_count": 19},
        {"page_count": 256},
    ],
    ids=str,
)
def test_filters_of_a_wrong_shape_are_user_errors(found: Workspace, arguments: dict[str, object]) -> None:
    with pytest.raises(UserErrorException):
        Model.list(found, **arguments)  # type: ignore[arg-type]


def lay(path: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("m")


def test_in_a_service_the_highest_version_counts(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AML_APP_ROOT", str(here))
    lay("azureml-models/served/2/m.pkl")
    lay("azureml-models/served/10/m.pkl")
    assert Model.get_model_path("served") == str(here / "azureml-models/served/10/m.pkl")
    assert Model.get_model_path("served", 2).endswith("served/2/m.pkl")


def test_beside_a_file_of_that_name_a_script_can_be_tried(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AML_APP_ROOT", raising=False)
    lay("tried")
    assert Model.get_model_path("tried") == "tried"


def test_path_errors_are_v1s(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AML_APP_ROOT", raising=False)
    with pytest.raises(ModelNotFoundException, match=r"download\(\)"):
        Model.get_model_path("nowhere")
    with pytest.raises(WebserviceException):
        Model.get_model_path("nowhere", version=1)
    with pytest.raises(WebserviceException, match="int"):
        Model.get_model_path("nowhere", version="1")  # type: ignore[arg-type]
    lay("azureml-models/two/1/a")
    lay("azureml-models/two/1/b")
    with pytest.raises(WebserviceException, match="exactly one"):
        Model.get_model_path("two")


def test_with_a_workspace_the_path_is_that_of_the_registry(found: Workspace) -> None:
    assert Path(Model.get_model_path("found", _workspace=found)).read_bytes() == b"m"
    assert Path(Model.get_model_path("found", 1, found)).name == "m.pkl"
    with pytest.raises(WebserviceException, match="ModelNotFound"):
        Model.get_model_path("unknown", _workspace=found)
