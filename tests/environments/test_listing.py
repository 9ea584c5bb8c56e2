"""The environment.yml of a bundle."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from jupyter_mldeploy import environments
from jupyter_mldeploy.specs import EnvironmentSpec

words = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20)


def test_the_text_is_a_conda_file_with_everything_that_was_asked() -> None:
    spec = EnvironmentSpec(
        name="lab",
        python="3.11.4",
        conda=("numpy=1.26", "pip"),
        channels=("conda-forge",),
        pip=("six", 'x; python_version < "3.9"'),
        pip_options=("--pre",),
        variables={"TOKEN": "not-for-a-bundle"},
    )
    text = environments.text(spec)
    assert YAML(typ="safe").load(text) == {
        "name": "lab",
        "channels": ["conda-forge"],
        "dependencies": [
            "python=3.11.4",
            "numpy=1.26",
            "pip",
            {"pip": ["--pre", "six", 'x; python_version < "3.9"']},
        ],
    }
    assert "not-for-a-bundle" not in text


def test_a_range_and_no_python_at_all_are_written_as_conda_has_them() -> None:
    assert "- python>=3.9,<4\n" in environments.text(EnvironmentSpec(python=">=3.9,<4"))
    assert "- python\n" in environments.text(EnvironmentSpec())


@given(words, st.lists(words), st.lists(words))
def test_any_text_comes_back_from_the_yaml_as_it_was(name: str, channels: list[str], pip: list[str]) -> None:
    spec = EnvironmentSpec(name=name, channels=tuple(channels), pip=tuple(pip))
    loaded = YAML(typ="safe").load(environments.text(spec))
    assert loaded["name"] == name
    assert loaded.get("channels", []) == channels
    assert (loaded["dependencies"][-1]["pip"] if pip else []) == pip
