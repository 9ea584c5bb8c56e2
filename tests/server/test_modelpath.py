"""The table of spec section 6.4: where `get_model_path` finds a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mldeploy.server.modelpath import ModelNotFound, NotOneEntry, VersionInvalid, get_model_path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app root with models, which is not the current folder."""
    for path in ("file/1/a.pkl", "file/2/b.pkl", "file/10/c.pkl", "folder/3/saved/weights.bin", "two/1/a", "two/1/b"):
        (tmp_path / "root/azureml-models" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root/azureml-models" / path).touch()
    (tmp_path / "root/azureml-models/empty/1").mkdir(parents=True)
    (tmp_path / "root/azureml-models/unnumbered/latest").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("AML_APP_ROOT", str(tmp_path / "root"))
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("name", "version", "path"),
    [
        ("file", None, "file/10/c.pkl"),
        ("file", 2, "file/2/b.pkl"),
        ("folder", None, "folder/3/saved"),
        ("folder", 3, "folder/3/saved"),
    ],
)
def test_a_model_lies_under_its_name_and_version_or_the_highest_number(
    root: Path, name: str, version: int | None, path: str
) -> None:
    assert get_model_path(name, version) == str(root / "azureml-models" / path)


@pytest.mark.parametrize("version", ["2", 2.0, b"2"])
def test_a_version_must_be_an_int(root: Path, version: int) -> None:
    with pytest.raises(VersionInvalid, match="must be an int"):
        get_model_path("file", version)


@pytest.mark.parametrize(("name", "found"), [("two", "a, b"), ("empty", "nothing")])
def test_a_version_folder_must_hold_exactly_one_entry(root: Path, name: str, found: str) -> None:
    with pytest.raises(NotOneEntry, match=f"holds: {found}"):
        get_model_path(name)


@pytest.mark.parametrize(("name", "version"), [("mine.pkl", None), ("file", 7), ("unnumbered", None)])
def test_a_file_beside_the_script_serves_when_the_folders_are_missing(
    root: Path, name: str, version: int | None
) -> None:
    Path(name).touch()
    assert get_model_path(name, version) == name


def test_the_models_folder_wins_over_the_current_folder(root: Path) -> None:
    Path("file").touch()
    assert get_model_path("file") == str(root / "azureml-models/file/10/c.pkl")


@pytest.mark.parametrize(
    ("name", "version", "there"),
    [
        ("fiel", None, "Models there: empty, file, folder, two, unnumbered."),
        ("file", 7, "Its versions there: 1, 2, 10."),
        ("fiel", 7, "Models there: empty"),
        ("", None, "Models there: empty"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(root: Path, name: str, version: int | None, there: str) -> None:
    with pytest.raises(ModelNotFound) as raised:
        get_model_path(name, version)
    assert raised.value.message.startswith("ModelNotFound: ")
    assert there in raised.value.message
    assert raised.value.version == version


def test_without_a_root_the_current_folder_counts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AML_APP_ROOT")
    monkeypatch.chdir(root)
    assert get_model_path("file") == "azureml-models/file/10/c.pkl"


def test_a_given_root_wins_over_the_variable(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other/azureml-models/file/1").mkdir(parents=True)
    (tmp_path / "other/azureml-models/file/1/x").touch()
    assert get_model_path("file", root=str(tmp_path / "other")).endswith("other/azureml-models/file/1/x")
