"""What is checked before any work, and what the notice says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mldeploy import environments
from jupyter_mldeploy.environments.asked import read
from jupyter_mldeploy.errors import InvalidInput, MLDeployError
from jupyter_mldeploy.specs import EnvironmentSpec

GOOD = [
    EnvironmentSpec(),
    EnvironmentSpec(pip=("scikit-learn==1.5.2", "numpy>=1.26,<3 ; python_version >= '3.10'", "pandas[excel]")),
    EnvironmentSpec(pip=("six==1.16.0 --hash=sha256:00", "# a comment", "six # another", "")),
    EnvironmentSpec(pip=("git+https://github.com/x/y.git", "y @ https://example.org/y.whl", "--pre")),
    EnvironmentSpec(pip=("y @ git+ssh://git@github.com/x/y.git",)),
    EnvironmentSpec(pip_options=("--index-url https://my-org@feed.example.org/simple",)),
    EnvironmentSpec(pip_options=("--extra-index-url https://${FEED_USER}:${FEED_TOKEN}@feed.example.org/simple",)),
    EnvironmentSpec(conda=("python=3.9", "numpy", "conda-forge::pandas=2.2")),
    EnvironmentSpec(python="3.11"),
    EnvironmentSpec(python=">=3.9,<4"),
    EnvironmentSpec(python="3.6.2"),
    EnvironmentSpec(user_managed=True, interpreter="python3", pip=("not read === at all",)),
]


@pytest.mark.parametrize("spec", GOOD, ids=lambda spec: str(spec.pip or spec.pip_options or spec.conda or spec.python))
def test_a_spec_that_can_work_is_accepted(spec: EnvironmentSpec) -> None:
    environments.check(spec)


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        (EnvironmentSpec(pip=("six", "numpy==")), "'numpy=='"),
        (EnvironmentSpec(pip=("scikit learn",)), "'scikit learn'"),
        (EnvironmentSpec(pip=("./wheels/gone.whl",)), "'./wheels/gone.whl'"),
        (EnvironmentSpec(conda=("=1.2",)), "'=1.2'"),
        (EnvironmentSpec(python="three"), "'three'"),
        (EnvironmentSpec(python="===three"), "'===three'"),
        (EnvironmentSpec(user_managed=True, interpreter="/no/such/python"), "'/no/such/python'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_line_that_cannot_work_is_refused_by_name_before_any_work(spec: EnvironmentSpec, named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        environments.check(spec)
    assert named in caught.value.message


@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url https://me:hunter2@feed.example.org/simple",
        "y @ https://me:hunter2@example.org/y.whl",
        "git+https://hunter2hunter2hunter2hunter2@github.com/x/y.git",
    ],
)
def test_a_password_in_a_line_is_refused_and_not_repeated(line: str) -> None:
    spec = EnvironmentSpec(pip_options=(line,)) if line.startswith("-") else EnvironmentSpec(pip=(line,))
    with pytest.raises(InvalidInput) as caught:
        environments.check(spec)
    assert "hunter2" not in caught.value.message
    assert "****" in caught.value.message
    assert "${" in caught.value.message


def test_azures_own_packages_are_left_out_whatever_their_spelling() -> None:
    ours = ("azureml-defaults", "azureml_core==1.61", "AzureML.Core>=1", "azureml-sdk[automl]", "azureml-defaults~=1.0")
    asked = read(EnvironmentSpec(pip=(*ours, "six"), conda=("azureml-mlflow",)))
    assert asked.requirements == ("six",)
    assert all(line in asked.notices[0] for line in ours)
    assert read(EnvironmentSpec(pip=("azure-storage-blob",))).requirements == ("azure-storage-blob",)


def test_everything_that_was_changed_is_told() -> None:
    spec = EnvironmentSpec(
        conda=("scikit-learn=1.0", "pytorch", "openssl", "some-lab-package", "pip=20.2", "ffmpeg=4"),
        pip_options=("--use-feature=2020-resolver", "--pre"),
    )
    told = "; ".join(read(spec).notices)
    assert "scikit-learn=1.0 as scikit-learn==1.0.*" in told
    assert "pytorch as torch" in told
    assert "not Python packages: openssl" in told
    assert "conda name: some-lab-package" in told
    assert "programs that only conda has: ffmpeg=4" in told
    assert "only pip knows were left out: --use-feature=2020-resolver" in told
    assert "pip=20.2" not in told
    assert read(spec).options == ("--pre",)


def test_a_wheel_by_its_path_is_accepted_when_it_is_there(tmp_path: Path) -> None:
    wheel = tmp_path / "x-1.0-py3-none-any.whl"
    wheel.touch()
    environments.check(EnvironmentSpec(pip=(str(wheel),)))


@given(st.text(max_size=60))
def test_any_line_is_taken_or_refused_with_one_of_our_errors(line: str) -> None:
    for spec in (EnvironmentSpec(pip=(line,)), EnvironmentSpec(conda=(line,)), EnvironmentSpec(python=line)):
        try:
            environments.check(spec)
        except MLDeployError as error:
            assert error.message
