"""Locks: this interpreter when it satisfies what is asked, else uv's pins, kept until asked anew."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from wheelhouse import PASSWORD, USER, Index, make_wheel

from jupyter_mldeploy import environments
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.environments import numpy_one, pythons
from jupyter_mldeploy.errors import EnvironmentUnresolvable, InvalidInput
from jupyter_mldeploy.specs import EnvironmentSpec

THIS = "{}.{}.{}".format(*sys.version_info[:3])


def quiet(text: str) -> None:
    """Hears nothing."""


def test_an_empty_spec_is_this_interpreter_as_it_is(home: Home) -> None:
    lock = environments.lock(EnvironmentSpec(), home, say=quiet)
    assert (lock.interpreter, lock.python, lock.requirements) == (sys.executable, THIS, ())
    assert not home.path.exists()
    assert environments.prepare(lock, home) == sys.executable


def test_this_interpreter_is_used_when_it_satisfies_all_that_is_asked_and_its_closure_is_pinned(home: Home) -> None:
    asked = EnvironmentSpec(pip=("pytest", "hypothesis>=6", 'nothing-like-it; python_version < "3"'))
    lock = environments.lock(asked, home, say=quiet)
    assert lock.interpreter == sys.executable
    assert {f"pytest=={version('pytest')}", f"iniconfig=={version('iniconfig')}"} <= set(lock.requirements)
    assert not any(pin.startswith("nothing") for pin in lock.requirements)
    assert environments.lock(asked, home, say=quiet).digest == lock.digest


def test_an_extra_counts_with_what_it_needs(home: Home, wheels: Path) -> None:
    plain = environments.lock(EnvironmentSpec(pip=("msgspec",)), home, say=quiet)
    assert plain.interpreter == sys.executable
    with pytest.raises(EnvironmentUnresolvable):  # an extra that needs what is not here, nor in the folder of wheels
        environments.lock(EnvironmentSpec(pip=("hypothesis[redis]",)), home, say=quiet)


@pytest.mark.parametrize("python", ["3.6.2", "2.7", "3.10.18", "3.8.13", THIS, THIS.rpartition(".")[0], ">=3.8"])
def test_a_dead_python_and_the_sdks_own_default_do_not_keep_this_interpreter_from_serving(
    home: Home, python: str
) -> None:
    said: list[str] = []
    spec = EnvironmentSpec(name="diabetes_env", python=python, conda=("pytest", "pip"), pip=("azureml-defaults",))
    lock = environments.lock(spec, home, say=said.append)
    assert lock.interpreter == sys.executable
    assert said == list(lock.notices)
    assert len(said) == 1
    assert "azureml-defaults" in said[0]
    assert (f"Python {python}" in said[0]) == (not pythons.fits(python, THIS))


def test_a_python_that_is_not_installed_is_replaced_by_the_nearest_with_a_notice(home: Home, wheels: Path) -> None:
    make_wheel(wheels, "labpkg")
    lock = environments.lock(EnvironmentSpec(python="3.99", pip=("labpkg",)), home, say=quiet)
    newest = max([pythons.this(), *pythons.installed()], key=lambda python: python.minor)
    assert lock.python.startswith("{}.{}".format(*newest.minor))
    assert "Python 3.99 is not installed" in lock.notices[0]
    assert environments.lock(EnvironmentSpec(python="3.99", pip=("pytest",)), home, say=quiet).interpreter


def test_another_python_that_is_installed_is_used_when_it_was_asked_for(home: Home, wheels: Path) -> None:
    others = [python for python in pythons.installed() if python.minor != sys.version_info[:2]]
    if not others:
        pytest.skip("only one Python is installed here")
    make_wheel(wheels, "iniconfig")
    asked = ".".join(others[0].version.split(".")[:2])
    lock = environments.lock(EnvironmentSpec(python=asked, pip=("iniconfig",)), home, say=quiet)
    assert lock.python.startswith(asked)
    assert not lock.interpreter
    assert not lock.notices


def test_a_lock_is_kept_until_it_is_asked_for_anew(home: Home, wheels: Path) -> None:
    make_wheel(wheels, "labpkg", "1.0")
    spec = EnvironmentSpec(pip=("labpkg",))
    first = environments.lock(spec, home, say=quiet)
    make_wheel(wheels, "labpkg", "2.0")
    assert environments.lock(spec, home, say=quiet) == first
    again = environments.lock(spec, home, refresh=True, say=quiet)
    assert (first.requirements, again.requirements) == (("labpkg==1.0",), ("labpkg==2.0",))
    assert first.digest != again.digest
    assert environments.lock(spec, home, say=quiet) == again


def test_a_kept_lock_tells_its_notice_again_under_the_name_that_asks(home: Home, wheels: Path) -> None:
    make_wheel(wheels, "labpkg")
    for name in ("first", "second"):
        spec = EnvironmentSpec(name=name, pip=("labpkg", "azureml-core==1.61"))
        said: list[str] = []
        environments.lock(spec, home, say=said.append)
        assert said[-1] == f"Environment {name!r}: azureml-core==1.61 left out, the scoring server is built in."


def test_another_wheel_of_the_same_name_is_another_lock(home: Home, tmp_path: Path) -> None:
    spec = EnvironmentSpec(pip=(str(make_wheel(tmp_path, "labpkg", says="one")),))
    first = environments.lock(spec, home, say=quiet)
    make_wheel(tmp_path, "labpkg", says="two")
    second = environments.lock(spec, home, say=quiet)
    assert "--hash=sha256:" in first.requirements[0]
    assert first.digest != second.digest


def test_what_cannot_be_resolved_says_so_in_uvs_words_and_keeps_nothing(home: Home, wheels: Path) -> None:
    make_wheel(wheels, "labpkg", "1.0")
    with pytest.raises(EnvironmentUnresolvable) as caught:
        environments.lock(EnvironmentSpec(name="lab", pip=("labpkg==99",)), home, say=quiet)
    assert "'lab'" in caught.value.message
    assert "labpkg==99" in caught.value.message
    assert "Change the versions" in caught.value.message
    assert not list(home.environments.glob("locks/*.json"))


def test_two_requirements_that_exclude_each_other_name_both(home: Home, wheels: Path) -> None:
    make_wheel(wheels, "base", "1.0")
    make_wheel(wheels, "base", "2.0")
    make_wheel(wheels, "upper", "1.0", needs=("base>=2",))
    with pytest.raises(EnvironmentUnresolvable) as caught:
        environments.lock(EnvironmentSpec(pip=("upper", "base<2")), home, say=quiet)
    assert "upper" in caught.value.message
    assert "base<2" in caught.value.message


def test_a_kept_lock_whose_python_is_gone_is_resolved_anew(home: Home, wheels: Path) -> None:
    make_wheel(wheels, "labpkg")
    spec = EnvironmentSpec(pip=("labpkg",))
    environments.lock(spec, home, say=quiet)
    (kept,) = home.environments.glob("locks/*.json")
    kept.write_text(kept.read_text().replace(THIS, "3.77.1"))
    assert environments.lock(spec, home, say=quiet).python == THIS


def test_a_package_that_an_uninstall_left_in_pieces_does_not_count(
    home: Home, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(wheels, "labpkg")
    (tmp_path / "site/labpkg-1.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert not environments.lock(EnvironmentSpec(pip=("labpkg",)), home, say=quiet).interpreter


def test_an_index_that_does_not_answer_says_where_to_look(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(EnvironmentUnresolvable) as caught:
        environments.lock(EnvironmentSpec(pip=("labpkg",)), home, say=quiet)
    assert "could not be reached" in caught.value.message


def test_an_index_in_pip_conf_is_used_and_its_password_shows_nowhere(
    home: Home, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(index.folder, "labpkg", says="from the index")
    conf = tmp_path / "pip.conf"
    conf.write_text(f"[global]\nindex-url = http://{USER}:{PASSWORD}@{index.address}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(conf))
    said: list[str] = []
    lock = environments.lock(EnvironmentSpec(pip=("labpkg",)), home, say=said.append)
    python = environments.prepare(lock, home, said.append)
    assert Path(python).exists()
    with pytest.raises(EnvironmentUnresolvable) as caught:
        environments.lock(EnvironmentSpec(pip=("labpkg", "not-there")), home, say=said.append)
    kept = "".join(path.read_text() for path in home.environments.glob("locks/*.json"))
    seen = "\n".join([*said, caught.value.message, repr(lock), kept, *index.command_lines])
    assert " pip compile " in seen  # the index did look at the command lines of the very processes that asked it
    assert PASSWORD not in seen


def test_both_indexes_count_and_the_best_version_of_all_wins_as_with_pip(
    home: Home, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(index.folder, "labpkg", "1.0")
    other = Index(tmp_path / "other")
    make_wheel(other.folder, "labpkg", "2.0")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{USER}:{PASSWORD}@{index.address}")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"http://{other.address}")
    lock = environments.lock(EnvironmentSpec(pip=("labpkg",)), home, say=quiet)
    other.shutdown()
    other.server_close()
    assert lock.requirements == ("labpkg==2.0",)


def test_an_index_option_of_the_environment_stays_with_the_lock_and_its_password_in_a_variable(
    home: Home, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(index.folder, "labpkg")
    monkeypatch.setenv("FEED_PASSWORD", PASSWORD)
    option = f"--index-url http://{USER}:${{FEED_PASSWORD}}@{index.address}"
    lock = environments.lock(EnvironmentSpec(pip=("labpkg",), pip_options=(option,)), home, say=quiet)
    assert lock.options == (option,)
    assert Path(environments.prepare(lock, home, quiet)).exists()
    stored = "".join(path.read_text() for path in home.environments.rglob("*.json"))
    assert PASSWORD not in repr(lock) + stored


def test_the_users_own_interpreter_is_taken_as_it_is(home: Home) -> None:
    spec = EnvironmentSpec(user_managed=True, interpreter=sys.executable, pip=("not-there==1",))
    lock = environments.lock(spec, home, say=quiet)
    assert (lock.interpreter, lock.python, lock.requirements) == (sys.executable, THIS, ())
    assert environments.lock(EnvironmentSpec(user_managed=True), home, say=quiet).interpreter == sys.executable


def test_an_interpreter_of_an_image_is_left_aside_with_the_image(home: Home) -> None:
    spec = EnvironmentSpec(user_managed=True, interpreter="/opt/miniconda/bin/python", docker={"base_image": "mine:1"})
    environments.check(spec)
    lock = environments.lock(spec, home, say=quiet)
    assert lock.interpreter == sys.executable
    assert "base image is left aside" in lock.notices[0]
    assert "/opt/miniconda/bin/python is the image's" in lock.notices[1]
    inside = environments.lock(environments.inside(spec), home, say=quiet)
    assert "left aside" not in " ".join(inside.notices)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("#!/bin/sh\necho 3.7.1\n", "3.8"),
        ("#!/bin/sh\nexit 3\n", "does not run"),
        ("#!/bin/sh\necho hello 3\n", "hello 3"),
    ],
)
def test_an_interpreter_that_is_too_old_or_none_is_refused(home: Home, tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "python"
    path.write_text(text)
    path.chmod(0o755)
    with pytest.raises((InvalidInput, EnvironmentUnresolvable)) as caught:
        environments.lock(EnvironmentSpec(user_managed=True, interpreter=str(path)), home, say=quiet)
    assert says in caught.value.message
    assert str(path) in caught.value.message


def test_numpy_is_held_below_2_for_wheels_built_before_it_and_that_is_told(home: Home, wheels: Path) -> None:
    for numpy in ("1.26.4", "2.2.0"):
        make_wheel(wheels, "numpy", numpy)
    make_wheel(wheels, "scikit_learn", "1.0.2", needs=("numpy>=1.14",))
    lock = environments.lock(EnvironmentSpec(pip=("scikit-learn==1.0.2",)), home, say=quiet)
    assert "numpy==1.26.4" in lock.requirements
    assert "numpy is kept below 2, as scikit-learn==1.0.2 needs" in lock.notices[0]
    own = environments.lock(EnvironmentSpec(pip=("scikit-learn==1.0.2", "numpy>=1.20")), home, say=quiet)
    assert "numpy==2.2.0" in own.requirements
    assert numpy_one.broken((), ("numpy==2.0.0", "scikit-learn==1.5.0", "pandas==2.2.2", "x @ file:///x")) == ()
    assert numpy_one.broken((), ("numpy==1.26.4", "scikit-learn==1.0.2")) == ()


def test_a_project_folders_own_uv_settings_do_not_leak_in(
    home: Home, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(wheels, "labpkg")
    (tmp_path / "pyproject.toml").write_text('[tool.uv]\nconstraint-dependencies = ["labpkg==77"]\n')
    monkeypatch.chdir(tmp_path)
    assert environments.lock(EnvironmentSpec(pip=("labpkg",)), home, say=quiet).requirements == ("labpkg==1.0",)


def test_uv_missing_is_one_clear_sentence(home: Home, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(wheels, "labpkg")
    import uv

    def gone() -> str:
        raise FileNotFoundError("uv")

    monkeypatch.setattr(uv, "find_uv_bin", gone)
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(EnvironmentUnresolvable, match="uv, which builds environments, is missing"):
        environments.lock(EnvironmentSpec(pip=("labpkg",)), home, say=quiet)
