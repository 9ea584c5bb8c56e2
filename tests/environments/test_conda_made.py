"""Environments that conda's packages make, by py-rattler from a channel in a folder: solved, installed, scored."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from channel import VERSION, Channel
from deployer import Deployer, deployer
from wheelhouse import make_wheel

from jupyter_mldeploy import environments
from jupyter_mldeploy.core import Environment, Workspace
from jupyter_mldeploy.core.conda_dependencies import CondaDependencies
from jupyter_mldeploy.core.model import Model
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.environments import by_executable, conda_made
from jupyter_mldeploy.errors import EnvironmentUnresolvable, InvalidInput
from jupyter_mldeploy.specs import EnvironmentSpec, Lock

# A small program that answers as micromamba does, with py-rattler doing the work.
MICROMAMBA = """#!{python}
import json, sys
from pathlib import Path
from jupyter_mldeploy.environments.by_rattler import Rattler
asked = sys.argv[1:]
Path({log!r}).open("a").write(" ".join(asked) + "\\n")
def value(option):
    return [asked[i + 1] for i, word in enumerate(asked) if word == option]
if "--dry-run" in asked:
    first = max(i for i, word in enumerate(asked) if word.startswith("--")) + 2
    try:
        found = Rattler().solve(asked[first:], value("--channel"))
    except Exception as error:
        print("critical libmamba", error, file=sys.stderr)
        sys.exit(1)
    link = [dict(name=p.name, version=p.version, url=p.url, md5=p.md5, depends=["python"] if p.python else [])
            for p in found]
    print(json.dumps({{"actions": {{"LINK": link, "PREFIX": value("--prefix")[0]}}, "dry_run": True, "success": True}}))
else:
    lines = Path(value("--file")[0]).read_text().splitlines()
    assert lines[0] == "@EXPLICIT"
    Rattler().install(lines[1:], Path(value("--prefix")[0]))
"""


def quiet(text: str) -> None:
    """Hears nothing."""


@pytest.fixture(autouse=True)
def _no_conda_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CONDA_EXE", "MAMBA_EXE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler"))


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    return Channel(tmp_path / "channel")


def asks(channel: Channel, *conda: str, **more: Any) -> EnvironmentSpec:
    return EnvironmentSpec(name="lab", conda=conda, channels=(channel.url,), **more)


def says(python: str, module: str) -> str:
    run = subprocess.run([python, "-c", f"import {module}; print({module}.SAYS)"], capture_output=True, text=True)
    return run.stdout.strip()


def test_condas_packages_are_solved_locked_by_their_sums_and_installed(home: Home, channel: Channel) -> None:
    channel.module("condabase", "2.0", says="below")
    channel.module("condalab", "1.1", says="old")
    channel.module("condalab", "1.2", says="from conda", needs=("condabase",))
    lock = environments.lock(asks(channel, "condalab=1", "pip"), home, say=quiet)
    assert lock.python == VERSION
    assert sorted(line.split("#")[0].rsplit("/", 1)[1] for line in lock.conda) == [
        "condabase-2.0-0.tar.bz2",
        "condalab-1.2-0.tar.bz2",
        f"python-{VERSION}-0.tar.bz2",
    ]
    assert all(len(line.split("#")[1]) == 32 for line in lock.conda)
    assert lock.notices == ()
    said: list[str] = []
    python = environments.prepare(lock, home, said.append)
    assert (says(python, "condalab"), says(python, "condabase")) == ("from conda", "below")
    assert environments.prepare(lock, home, said.append) == python
    assert len(said) == 1
    channel.module("condalab", "1.3")
    assert environments.lock(asks(channel, "condalab=1", "pip"), home, say=quiet) == lock


def test_pip_adds_to_condas_packages_and_keeps_their_versions(home: Home, channel: Channel, wheels: Path) -> None:
    channel.module("condalab", "1.2", says="from conda")
    for version in ("1.2", "9.0"):
        make_wheel(wheels, "condalab", version, says="from pip")
    make_wheel(wheels, "upper", "3.0", needs=("condalab",), says="on top")
    lock = environments.lock(asks(channel, "condalab", pip=("upper", "azureml-defaults")), home, say=quiet)
    assert lock.requirements == ("upper==3.0",)
    assert "azureml-defaults left out" in lock.notices[0]
    python = environments.prepare(lock, home, quiet)
    assert (says(python, "condalab"), says(python, "upper")) == ("from conda", "on top")


def test_this_interpreter_serves_when_it_satisfies_what_is_asked_also_where_conda_is(
    home: Home, channel: Channel
) -> None:
    lock = environments.lock(asks(channel, "pytest", python="3.6.2"), home, say=quiet)
    assert lock.interpreter == sys.executable


def test_a_program_comes_from_conda_and_is_found_by_the_service(home: Home, channel: Channel) -> None:
    channel.program("ffmpeg", "a film")
    spec = asks(channel, "ffmpeg", "pytest", python="3.8.13")
    with pytest.raises(EnvironmentUnresolvable, match="pytest"):
        environments.lock(spec, home, say=quiet)
    lock = environments.lock(asks(channel, "ffmpeg"), home, say=quiet)
    python = environments.prepare(lock, home, quiet)
    variables = environments.variables(python)
    assert subprocess.run(["ffmpeg"], env=variables, capture_output=True, text=True).stdout == "a film\n"
    assert environments.variables(sys.executable) == {}


def test_what_no_channel_has_says_so_in_the_solvers_words(home: Home, channel: Channel) -> None:
    with pytest.raises(EnvironmentUnresolvable, match="condalab") as caught:
        environments.lock(asks(channel, "condalab=7"), home, say=quiet)
    assert "py-rattler could not find packages" in caught.value.message
    assert not list(home.environments.glob("locks/*.json"))


def test_a_python_that_nobody_chose_gives_way_and_one_that_somebody_chose_does_not(
    home: Home, channel: Channel
) -> None:
    channel.module("condalab")
    lock = environments.lock(asks(channel, "condalab", python="3.6.2"), home, say=quiet)
    assert lock.python == VERSION
    assert "Python 3.6.2 is out of support" in lock.notices[0]
    with pytest.raises(EnvironmentUnresolvable, match="python"):
        environments.lock(asks(channel, "condalab", python="3.99"), home, say=quiet)


def test_what_conda_has_for_no_living_python_is_taken_from_pypi(home: Home, channel: Channel, wheels: Path) -> None:
    make_wheel(wheels, "condalab", "0.3", says="from PyPI")
    lock = environments.lock(asks(channel, "condalab=0.3", python="3.6.2"), home, say=quiet)
    assert lock.requirements == ("condalab==0.3",)
    assert "py-rattler has no such packages for a Python that is alive" in lock.notices[0]
    with pytest.raises(EnvironmentUnresolvable, match="py-rattler could not find"):
        environments.lock(asks(channel, "condalab=0.3", python="3.8"), home, say=quiet)


def test_condas_stars_are_read_by_every_solver(home: Home, channel: Channel) -> None:
    channel.module("condalab", "1.2.7")
    for spec in ("condalab=1.2.*", "condalab=1.*", "condalab==1.2.*", "condalab 1.2.*", "condalab >=1.0,<2"):
        assert environments.lock(asks(channel, spec), home, say=quiet).conda


def test_channels_that_nobody_reaches_leave_pypi_and_the_notice_says_so(
    home: Home, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(wheels, "condalab", says="from PyPI")
    spec = EnvironmentSpec(name="lab", conda=("condalab",), channels=("http://127.0.0.1:9/nowhere",))
    lock = environments.lock(spec, home, say=quiet)
    assert lock.requirements == ("condalab==1.0",)
    assert "condalab" in lock.notices[0]
    assert "py-rattler reached none of its channels" in lock.notices[0]


def test_a_package_that_changed_or_went_after_the_lock_is_refused(home: Home, channel: Channel) -> None:
    path = channel.module("condalab", says="one")
    lock = environments.lock(asks(channel, "condalab"), home, say=quiet)
    channel.module("condalab", says="two")
    with pytest.raises(EnvironmentUnresolvable, match="has changed"):
        environments.prepare(lock, home, quiet)
    path.unlink()
    with pytest.raises(EnvironmentUnresolvable, match="is gone"):
        environments.prepare(lock, home, quiet)
    assert not (home.environments / lock.digest).exists()


def test_a_moved_workspace_makes_its_conda_environments_anew(home: Home, channel: Channel, tmp_path: Path) -> None:
    channel.module("condalab", says="whole")
    lock = environments.lock(asks(channel, "condalab"), home, say=quiet)
    environments.prepare(lock, home, quiet)
    home.path.rename(tmp_path / "elsewhere")
    said: list[str] = []
    python = environments.prepare(lock, Home(tmp_path / "elsewhere"), said.append)
    assert says(python, "condalab") == "whole"
    assert len(said) == 1


def test_without_any_conda_such_a_lock_says_what_to_install(
    home: Home, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.module("condalab")
    lock = environments.lock(asks(channel, "condalab"), home, say=quiet)
    monkeypatch.setattr(conda_made, "tool", lambda: None)
    with pytest.raises(EnvironmentUnresolvable, match=r"jupyter-mldeploy\[conda\]"):
        environments.prepare(lock, home, quiet)


def test_a_token_in_a_channel_is_refused_and_not_repeated() -> None:
    for channel in ("https://conda.example.org/t/s3cret-token/lab", "https://me:s3cret-token@conda.example.org/lab"):
        with pytest.raises(InvalidInput) as caught:
            environments.check(EnvironmentSpec(conda=("numpy",), channels=(channel,)))
        assert "s3cret-token" not in caught.value.message
        assert "****" in caught.value.message


def test_an_executable_is_asked_to_solve_without_installing_and_to_install_what_was_solved(
    home: Home, channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.module("condalab", "1.2", says="by micromamba")
    log = tmp_path / "asked.log"
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/micromamba"
    program.write_text(MICROMAMBA.format(python=sys.executable, log=str(log)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    found = by_executable.found()
    assert found is not None
    assert found.name == "micromamba"
    lock = environments.lock(asks(channel, "condalab"), home, say=quiet)
    assert says(environments.prepare(lock, home, quiet), "condalab") == "by micromamba"
    solve, install = log.read_text().splitlines()
    assert solve.startswith("create --dry-run --json --yes --prefix ")
    assert install.startswith("create --yes --quiet --prefix ")
    with pytest.raises(EnvironmentUnresolvable, match="micromamba could not find packages"):
        environments.lock(asks(channel, "condalab=7"), home, say=quiet)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    with deployer(Workspace.create("lab", exist_ok=True), tmp_path) as made:
        yield made


def test_a_service_is_scored_from_an_environment_of_condas_packages(own: Deployer, channel: Channel) -> None:
    channel.module("condalab", "1.2", says="served from conda")
    script = "import condalab\ndef init():\n    pass\n\ndef run(raw_data):\n    return condalab.SAYS\n"
    environment = Environment("from-conda")
    conda = CondaDependencies.create(conda_packages=["condalab"])
    for name in [*conda.conda_channels]:
        conda.remove_channel(name)
    conda.add_channel(channel.url)
    environment.python.conda_dependencies = conda
    config = own.inference(script)
    config.environment = environment
    service = Model.deploy(own.ws, "from-conda", [], config)
    service.wait_for_deployment()
    assert service.run("{}") == "served from conda"


def test_locks_of_before_have_no_conda_packages() -> None:
    assert Lock("d", "3.11.7", "linux-x86_64").conda == ()
