"""Pins of versions that were never built for the Python at hand, in a folder of wheels that is all there is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from wheelhouse import make_wheel

from jupyter_mldeploy import environments
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.environments import here, pythons
from jupyter_mldeploy.errors import EnvironmentUnresolvable
from jupyter_mldeploy.specs import EnvironmentSpec

THIS = "{}.{}.{}".format(*sys.version_info[:3])


def quiet(text: str) -> None:
    """Hears nothing."""


def for_python_3_7(folder: Path, name: str, version: str) -> None:
    """A wheel that only Python 3.7 installs."""
    path = make_wheel(folder, name, version)
    path.rename(path.with_name(path.name.replace("py3-none-any", "cp37-cp37m-manylinux2014_x86_64")))


def test_a_pin_of_another_time_gives_way_to_what_this_notebook_has_and_that_is_told(home: Home, wheels: Path) -> None:
    for_python_3_7(wheels, "iniconfig", "0.1")
    lock = environments.lock(EnvironmentSpec(name="old", python="3.6.2", pip=("iniconfig==0.1",)), home, say=quiet)
    assert lock.interpreter == sys.executable
    assert len(lock.notices) == 1
    assert f"Python 3.6.2 is out of support, Python {THIS} is used" in lock.notices[0]
    assert f"never built for Python {THIS}: iniconfig==0.1; taken instead: iniconfig==" in lock.notices[0]
    assert (
        environments.lock(EnvironmentSpec(name="old", python="3.6.2", pip=("iniconfig==0.1",)), home, say=quiet) == lock
    )


def test_such_a_lock_is_made_anew_for_another_interpreter_and_after_a_change_of_its_packages(
    home: Home, wheels: Path
) -> None:
    for_python_3_7(wheels, "iniconfig", "0.1")
    spec = EnvironmentSpec(python="3.6.2", pip=("iniconfig==0.1",))
    first = environments.lock(spec, home, say=quiet)
    (kept,) = home.environments.glob("locks/*.json")
    for old, new in ((sys.executable, "/another/venv/bin/python"), (first.requirements[0], "iniconfig==0.0.1")):
        kept.write_text(kept.read_text().replace(old, new))
        assert environments.lock(spec, home, say=quiet) == first


def test_what_this_notebook_has_not_is_taken_in_any_version(home: Home, wheels: Path) -> None:
    for_python_3_7(wheels, "labpkg", "0.1")
    make_wheel(wheels, "labpkg", "2.0", says="new")
    make_wheel(wheels, "other", "1.0")
    spec = EnvironmentSpec(python="3.8.13", conda=("labpkg=0.1",), pip=("other==1.0",))
    lock = environments.lock(spec, home, say=quiet)
    assert lock.requirements == ("labpkg==2.0", "other==1.0")
    assert "taken instead: labpkg" in lock.notices[0]
    assert "other" not in lock.notices[0].split("never built")[1]


@pytest.mark.parametrize("python", ["3.6.8", ">=3.5.2,<3.6.8"])
def test_a_range_of_another_time_gives_way_as_a_pin_does(home: Home, wheels: Path, python: str) -> None:
    for_python_3_7(wheels, "iniconfig", "0.1")
    spec = EnvironmentSpec("old", python=python, pip=("iniconfig>=0.0.1,<=0.2", "pytest"))
    lock = environments.lock(spec, home, say=quiet)
    assert lock.interpreter == sys.executable
    assert f"Python {python} is out of support" in lock.notices[0]
    assert "iniconfig>=0.0.1,<=0.2; taken instead: iniconfig==" in lock.notices[0]


def test_what_is_not_to_be_had_together_any_more_is_taken_as_this_notebook_has_it(home: Home, wheels: Path) -> None:
    for_python_3_7(wheels, "labpkg", "0.1")
    make_wheel(wheels, "labpkg", "2.0", needs=("iniconfig>=1",))
    make_wheel(wheels, "iniconfig", "0.2")
    own = here.version_of("iniconfig")
    make_wheel(wheels, "iniconfig", own)
    spec = EnvironmentSpec("old", python="3.6.8", pip=("labpkg==0.1", "iniconfig==0.2"))
    lock = environments.lock(spec, home, say=quiet)
    assert lock.requirements == (f"iniconfig=={own}", "labpkg==2.0")
    assert (
        f"not to be had together on Python {THIS}: iniconfig==0.2; taken instead: iniconfig=={own}" in lock.notices[0]
    )
    chosen = EnvironmentSpec(pip=("labpkg==2.0", "iniconfig==0.2"))
    with pytest.raises(EnvironmentUnresolvable, match="iniconfig"):
        environments.lock(chosen, home, say=quiet)


def test_who_chose_a_python_that_is_here_is_told_that_nothing_fits(home: Home, wheels: Path) -> None:
    for_python_3_7(wheels, "labpkg", "0.1")
    make_wheel(wheels, "labpkg", "2.0")
    if not pythons.nobody_chose(THIS):
        with pytest.raises(EnvironmentUnresolvable, match="labpkg"):
            environments.lock(EnvironmentSpec(python=THIS, pip=("labpkg==0.1",)), home, say=quiet)


def test_a_version_that_does_not_exist_stays_an_error(home: Home, wheels: Path) -> None:
    make_wheel(wheels, "labpkg", "2.0")
    with pytest.raises(EnvironmentUnresolvable, match="labpkg==9.9"):
        environments.lock(EnvironmentSpec(python="3.6.2", pip=("labpkg==9.9",)), home, say=quiet)


def test_an_index_that_does_not_answer_is_asked_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(EnvironmentUnresolvable, match="could not be reached") as caught:
        environments.lock(EnvironmentSpec(python="3.6.2", pip=("labpkg==1", "other==2")), home, say=quiet)
    assert "look for wheels" in caught.value.message
