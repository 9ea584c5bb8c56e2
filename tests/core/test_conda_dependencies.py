"""CondaDependencies: one row for each line of v1's table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mldeploy.core.conda_dependencies import CondaDependencies
from jupyter_mldeploy.core.exceptions import UserErrorException

COURSE = """\
name: diabetes_env
# the Python of 2019
dependencies:
- python=3.6.2 # pinned
- scikit-learn
- pip
- pip:
  - azureml-defaults
"""


def course(tmp_path: Path, text: str = COURSE) -> CondaDependencies:
    path = tmp_path / "environment.yml"
    path.write_text(text)
    return CondaDependencies(str(path))


def lines(conda: CondaDependencies) -> tuple[list[str], list[str], list[str], list[str]]:
    return list(conda.conda_channels), list(conda.conda_packages), list(conda.pip_options), list(conda.pip_packages)


def changed(change: Callable[[CondaDependencies], Any], **created: Any) -> CondaDependencies:
    conda = CondaDependencies.create(**created)
    change(conda)
    return conda


def test_the_default_content_is_v1s() -> None:
    conda = CondaDependencies()
    assert conda.as_dict()["name"] == "project_environment"
    assert lines(conda) == (["anaconda", "conda-forge"], ["python=3.8.13"], [], ["azureml-defaults"])
    assert conda.get_default_number_of_packages() == 2
    assert conda.get_python_version() == "3.8.13"


def test_create_has_its_own_python_default_and_given_pip_packages_replace_azureml_defaults() -> None:
    assert CondaDependencies.create().get_python_version() == "3.10.18"
    assert lines(CondaDependencies.create())[3] == ["azureml-defaults"]
    assert lines(CondaDependencies.create(pip_packages=["six"]))[3] == ["six"]
    assert lines(CondaDependencies.create(pip_packages="six", conda_packages="numpy"))[1:] == (
        ["python=3.10.18", "numpy"],
        [],
        ["six"],
    )
    pinned = CondaDependencies.create("https://i", [], ["python=3.9", "b=1"], "3.11", True)
    assert lines(pinned)[1:] == (["python=3.9", "b=1"], ["--index-url https://i"], [])


def test_comments_and_order_survive_a_round_trip(tmp_path: Path) -> None:
    conda = course(tmp_path)
    assert conda.serialize_to_string() == COURSE.replace("3.6.2 #", "3.6.2 #")
    conda.add_pip_package("six")
    conda.save(str(tmp_path / "again.yml"))
    again = CondaDependencies(str(tmp_path / "again.yml")).serialize_to_string()
    assert "# the Python of 2019" in again
    assert "# pinned" in again


def test_a_file_without_channels_is_accepted_and_can_get_one(tmp_path: Path) -> None:
    conda = course(tmp_path)
    assert lines(conda) == ([], ["python=3.6.2", "scikit-learn", "pip"], [], ["azureml-defaults"])
    conda.remove_channel("conda-forge")
    conda.add_channel("conda-forge")
    assert list(conda.conda_channels) == ["conda-forge"]


@pytest.mark.parametrize(
    ("change", "created", "packages"),
    [
        (lambda c: c.add_conda_package("numpy"), {}, ["python=3.10.18", "numpy"]),
        (lambda c: c.add_conda_package("python=3.9"), {}, ["python=3.9"]),
        (lambda c: c.add_conda_package("python-dateutil"), {}, ["python=3.10.18", "python-dateutil"]),
        (lambda c: c.add_conda_package("numpy=2"), {"conda_packages": ["numpy=1", "b"]}, ["numpy=2", "b"]),
        (lambda c: c.add_conda_package("f::NumPy>=2"), {"conda_packages": ["numpy=1"]}, ["f::NumPy>=2"]),
        (lambda c: c.remove_conda_package("numpy"), {"conda_packages": ["numpy=1", "b"]}, ["b"]),
        (lambda c: c.remove_conda_package("absent"), {"conda_packages": ["b"]}, ["b"]),
        (lambda c: c.set_python_version("3.12"), {}, ["python=3.12"]),
        (lambda c: c.set_python_version(">=3.9,<4"), {}, ["python>=3.9,<4"]),
        (lambda c: c.add_tensorflow_conda_package(), {}, ["tensorflow"]),
        (lambda c: c.add_tensorflow_conda_package("gpu", "2.1"), {}, ["tensorflow-gpu=2.1"]),
    ],
)
def test_conda_packages_change_as_in_v1(change: Any, created: dict[str, Any], packages: list[str]) -> None:
    found = list(changed(change, **created).conda_packages)
    assert [entry for entry in found if entry != "python=3.10.18"] == [p for p in packages if p != "python=3.10.18"]


@pytest.mark.parametrize(
    ("change", "given", "options", "packages"),
    [
        (lambda c: c.add_pip_package("six"), ["a"], [], ["a", "six"]),
        (lambda c: c.add_pip_package("Scikit_Learn==1.5"), ["scikit-learn", "a"], [], ["Scikit_Learn==1.5", "a"]),
        (lambda c: c.add_pip_package("a[x]>=2"), ["a==1"], [], ["a[x]>=2"]),
        (lambda c: c.remove_pip_package("a"), ["a==1", "b"], [], ["b"]),
        (lambda c: c.remove_pip_package("absent"), ["b"], [], ["b"]),
        (lambda c: c.set_pip_option("--pre"), ["a"], ["--pre"], ["a"]),
        (lambda c: [c.set_pip_option("--pre") for _ in "ab"], ["a"], ["--pre"], ["a"]),
        (
            lambda c: [c.set_pip_option(f"--extra-index-url https://{x}") for x in "ab"],
            [],
            ["--extra-index-url https://a", "--extra-index-url https://b"],
            [],
        ),
        (lambda c: [c.set_pip_index_url(f"https://{x}") for x in "ab"], ["a"], ["--index-url https://b"], ["a"]),
        (lambda c: c.remove_pip_option("--pre"), ["--pre", "a"], [], ["a"]),
        (lambda c: c.remove_pip_option("-f x"), ["-f x", "-f y"], ["-f y"], []),
        (lambda c: c.remove_pip_option("-f"), ["-f x", "-f y"], [], []),
        (lambda c: c.set_pip_requirements(["--pre", "b == 2"]), ["-f x", "a"], ["--pre"], ["b == 2"]),
        (lambda c: c.add_tensorflow_pip_package(), [], [], ["tensorflow"]),
        (lambda c: c.add_tensorflow_pip_package("gpu", "2.1"), [], [], ["tensorflow-gpu==2.1"]),
        (lambda c: c.add_cntk_package("gpu"), [], [], ["cntk-gpu"]),
    ],
)
def test_the_pip_block_changes_as_in_v1(change: Any, given: list[str], options: list[str], packages: list[str]) -> None:
    conda = CondaDependencies.create()
    conda.set_pip_requirements(given)
    change(conda)
    assert (list(conda.pip_options), list(conda.pip_packages)) == (options, packages)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda c: c.remove_conda_package("python=3.9"), "Python cannot be removed"),
        (lambda c: c.add_pip_package("--pre"), "'--pre'"),
        (lambda c: c.set_pip_option("pre"), "'pre'"),
        (lambda c: c.remove_pip_option("pre"), "'pre'"),
        (lambda c: c.set_python_version("three"), "'three'"),
        (lambda c: c.set_python_version(3.9), "3.9"),
        (lambda c: c.add_conda_package("python"), "'python'"),
        (lambda c: c.add_tensorflow_pip_package("tpu"), "'tpu'"),
        (lambda c: c.add_tensorflow_conda_package("tpu"), "'tpu'"),
        (lambda c: c.add_cntk_package("tpu"), "'tpu'"),
        (lambda c: CondaDependencies.create(python_version="x"), "'x'"),
        (lambda c: c.save("."), "folder"),
        (lambda c: c.save("no/such/folder/env.yml"), "does not exist"),
    ],
)
def test_what_v1_refuses_is_refused_with_its_value(call: Any, says: str) -> None:
    with pytest.raises(UserErrorException) as caught:
        call(CondaDependencies())
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- numpy\n", "mapping"),
        ("just words", "mapping"),
        ("", "mapping"),
        ("name: x\npackages: [a]\n", "packages"),
        ("dependencies: numpy\n", "list"),
        ("dependencies: [3.9]\n", "3.9"),
        ("dependencies: [{conda: [a]}]\n", "pip block"),
        ("dependencies: [{pip: [1]}]\n", "1 under pip"),
        ("channels: 3\n", "channels"),
        ("name: [unclosed\n", "YAML"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UserErrorException) as caught:
        course(tmp_path, text)
    assert says in caught.value.message


def test_every_known_key_is_accepted(tmp_path: Path) -> None:
    conda = course(tmp_path, "name: x\nprefix: /opt\nvariables: {A: b}\nchannels:\ndependencies:\n")
    assert lines(conda) == ([], [], [], [])
    conda.add_pip_package("six")
    assert list(conda.pip_packages) == ["six"]


def test_a_missing_file_is_v1s_error_and_the_built_in_one() -> None:
    for kind in (UserErrorException, FileNotFoundError):
        with pytest.raises(kind, match=r"no-such\.yml"):
            CondaDependencies("no-such.yml")


@pytest.mark.parametrize("text", ["dependencies: []", "dependencies: [python]"])
def test_python_missing_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserErrorException):
        course(tmp_path, text).get_python_version()


def test_the_four_properties_are_iterators() -> None:
    conda = CondaDependencies()
    for found in (conda.conda_channels, conda.conda_packages, conda.pip_packages, conda.pip_options):
        assert iter(found) is found


@pytest.mark.parametrize(
    ("given", "merged"),
    [
        (["a>=1", "a<2", "b"], ["a<2,>=1", "b"]),
        (["A_b", "a-b==1"], ["A_b==1"]),
        (["a[x]", "a[y]>=1"], ["a[x,y]>=1"]),
        (["a; python_version<'3'", "a"], ['a; python_version < "3"', "a"]),
        (["--pre", "./x.whl", "a"], ["--pre", "./x.whl", "a"]),
        ([], []),
    ],
)
def test_requirements_of_one_distribution_merge_into_one(given: list[str], merged: list[str]) -> None:
    assert CondaDependencies.merge_requirements(given) == merged


def test_save_to_file_returns_the_path_below_the_base_and_makes_no_folder(tmp_path: Path) -> None:
    conda = CondaDependencies()
    with pytest.raises(FileNotFoundError):
        conda.save_to_file(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".azureml").mkdir()
    assert conda.save_to_file(str(tmp_path)) == ".azureml/auto_conda_dependencies.yml"
    assert conda.save_to_file(str(tmp_path), "my.yml") == "my.yml"
    assert (tmp_path / "my.yml").read_text() == conda.serialize_to_string()


def test_save_without_a_path_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        CondaDependencies().save()


names = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True).filter(lambda name: name != "python")


@given(st.lists(st.tuples(names, st.sampled_from(["", "==1", ">=2"])), max_size=8))
def test_adding_keeps_one_line_for_each_name_and_removing_takes_it_away(added: list[tuple[str, str]]) -> None:
    conda = CondaDependencies.create(pip_packages=[])
    for name, version in added:
        conda.add_pip_package(name + version)
        conda.add_conda_package(name + version)
    last = {name: name + version for name, version in added}
    assert sorted(conda.pip_packages) == sorted(last.values())
    assert sorted([*conda.conda_packages][1:]) == sorted(last.values())
    for name in last:
        conda.remove_pip_package(name)
    assert list(conda.pip_packages) == []


def test_the_origin_of_packages_is_pips_index_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:secret@index.example/simple")
    assert CondaDependencies.sdk_origin_url() == "https://index.example/simple"
