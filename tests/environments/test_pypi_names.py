"""Names that PyPI retired, in old requirement lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mldeploy import environments
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.environments.asked import read
from jupyter_mldeploy.environments.pypi_names import current
from jupyter_mldeploy.specs import EnvironmentSpec


@pytest.mark.parametrize(
    ("line", "today"),
    [
        ("sklearn", "scikit-learn"),
        ("sklearn==0.0", "scikit-learn"),
        ("SKLearn ; python_version > '3'", 'scikit-learn ; python_version > "3"'),
        ("tensorflow-gpu==2.12", "tensorflow==2.12"),
        ("tensorflow_gpu>=2,<3", "tensorflow>=2,<3"),
        ("pytorch", "torch"),
        ("scikit-learn==1.5", "scikit-learn==1.5"),
        ("sklearn-pandas==2.2", "sklearn-pandas==2.2"),
        ("./sklearn-1.0-py3-none-any.whl", "./sklearn-1.0-py3-none-any.whl"),
        ("sklearn @ https://example.org/sklearn-1.0-py3-none-any.whl",) * 2,
    ],
)
def test_a_retired_name_is_replaced_and_others_stay_as_they_are(line: str, today: str) -> None:
    assert current(line) == today


def test_the_notice_tells_both_names() -> None:
    asked = read(EnvironmentSpec(pip=("sklearn", "numpy")))
    assert asked.requirements == ("scikit-learn", "numpy")
    assert asked.notices == ("under the name of today: sklearn as scikit-learn",)


def test_this_interpreter_serves_what_was_asked_for_under_the_old_name(home: Home) -> None:
    lock = environments.lock(EnvironmentSpec(pip=("sklearn==0.0",)), home, say=lambda text: None)
    assert lock.interpreter


@given(st.text(max_size=40))
def test_any_line_comes_back_as_a_line(line: str) -> None:
    assert isinstance(current(line), str)
