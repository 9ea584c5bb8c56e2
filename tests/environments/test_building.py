"""Environments on disk: built aside, whole or not at all, once however many ask."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from wheelhouse import Index, make_wheel

from jupyter_mldeploy import environments
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.errors import DiskFull, EnvironmentUnresolvable
from jupyter_mldeploy.specs import EnvironmentSpec, Lock

PREPARE = """
import sys, json
from pathlib import Path
import msgspec
from jupyter_mldeploy import environments
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.specs import Lock
lock = msgspec.json.decode(sys.argv[1], type=Lock)
said = []
python = environments.prepare(lock, Home(Path(sys.argv[2])), said.append)
print(json.dumps([python, said]))
"""


def quiet(text: str) -> None:
    """Hears nothing."""


def locked(home: Home, *pip: str) -> Lock:
    return environments.lock(EnvironmentSpec(pip=pip), home, say=quiet)


def in_a_process(lock: Lock, home: Home) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PREPARE, msgspec.json.encode(lock).decode(), str(home.path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def says(python: str, module: str) -> str:
    run = subprocess.run([python, "-c", f"import {module}; print({module}.SAYS)"], capture_output=True, text=True)
    return run.stdout.strip()


def test_a_lock_becomes_a_venv_with_just_what_it_pins_and_is_built_once(home: Home, wheels: Path) -> None:
    make_wheel(wheels, "base", "1.0", says="hello")
    make_wheel(wheels, "upper", "3.0", needs=("base",))
    lock = locked(home, "upper")
    said: list[str] = []
    python = environments.prepare(lock, home, said.append)
    assert python == str(home.environments / lock.digest / "bin" / "python")
    assert says(python, "base") == "hello"
    run = subprocess.run([python, "-c", "import pytest"], capture_output=True)
    assert run.returncode != 0  # nothing of this interpreter shines through
    assert environments.prepare(lock, home, said.append) == python
    assert len(said) == 1


def test_another_version_than_this_interpreters_is_served_from_its_own_venv(home: Home, wheels: Path) -> None:
    make_wheel(wheels, "iniconfig", "0.1", says="another")
    lock = locked(home, "iniconfig==0.1")
    assert says(environments.prepare(lock, home, quiet), "iniconfig") == "another"


def test_a_real_package_from_the_real_index(home: Home) -> None:
    python = environments.prepare(locked(home, "six==1.16.0"), home, quiet)
    run = subprocess.run([python, "-c", "import six; print(six.__version__)"], capture_output=True, text=True)
    assert run.stdout.strip() == "1.16.0"


def test_two_processes_that_ask_at_once_build_once(home: Home, wheels: Path) -> None:
    make_wheel(wheels, "labpkg", says="built once")
    lock = locked(home, "labpkg")
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in [in_a_process(lock, home) for _ in "ab"]]
    assert answers[0][0] == answers[1][0]
    assert sum(len(said) for _, said in answers) == 1
    assert says(answers[0][0], "labpkg") == "built once"


def test_a_build_that_was_killed_half_way_is_recognised_and_made_again(home: Home, tmp_path: Path) -> None:
    index = Index(tmp_path / "index", slow=True)
    make_wheel(index.folder, "labpkg", says="whole")
    options = (f"--index-url http://{index.address}",)
    lock = replace(locked(home), interpreter="", requirements=("labpkg==1.0",), options=options, digest="f" * 32)
    builder = in_a_process(lock, home)
    assert index.asked.wait(30)
    os.killpg(builder.pid, signal.SIGKILL)
    builder.communicate()
    left = list(home.environments.glob(".f*"))
    assert left
    assert not (home.environments / lock.digest).exists()
    index.release.set()
    index.slow = False
    assert says(environments.prepare(lock, home, quiet), "labpkg") == "whole"
    assert not list(home.environments.glob(".f*"))
    index.shutdown()
    index.server_close()


@pytest.mark.parametrize("damage", ["no mark", "base interpreter gone"])
def test_a_damaged_environment_is_built_anew(home: Home, wheels: Path, damage: str) -> None:
    make_wheel(wheels, "labpkg", says="whole")
    lock = locked(home, "labpkg")
    python = Path(environments.prepare(lock, home, quiet))
    if damage == "no mark":
        (python.parents[1] / "lock.json").unlink()
    else:
        python.unlink()
        python.symlink_to("/no/such/python")
    (python.parents[1] / "old").touch()
    assert says(environments.prepare(lock, home, quiet), "labpkg") == "whole"
    assert not (python.parents[1] / "old").exists()


def test_a_moved_workspace_keeps_its_environments(home: Home, wheels: Path, tmp_path: Path) -> None:
    make_wheel(wheels, "labpkg", says="moved")
    lock = locked(home, "labpkg")
    environments.prepare(lock, home, quiet)
    home.path.rename(tmp_path / "elsewhere")
    said: list[str] = []
    python = environments.prepare(lock, Home(tmp_path / "elsewhere"), said.append)
    assert says(python, "labpkg") == "moved"
    assert said == []


def test_a_build_that_fails_says_why_and_leaves_nothing(
    home: Home, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(wheels, "labpkg")
    lock = locked(home, "labpkg")
    for wheel in wheels.iterdir():
        wheel.unlink()
    monkeypatch.setenv("UV_CACHE_DIR", str(home.path / "cache"))
    with pytest.raises(EnvironmentUnresolvable) as caught:
        environments.prepare(lock, home, quiet)
    assert "labpkg" in caught.value.message
    assert [path.name for path in home.environments.iterdir() if path.is_dir()] == ["locks"]


def test_a_wheel_whose_content_changed_after_the_lock_is_refused(home: Home, tmp_path: Path) -> None:
    lock = locked(home, str(make_wheel(tmp_path, "labpkg", says="one")))
    time.sleep(0.01)
    make_wheel(tmp_path, "labpkg", says="two")
    with pytest.raises(EnvironmentUnresolvable, match=r"(?i)hash"):
        environments.prepare(lock, home, quiet)


def test_an_interpreter_that_is_gone_or_a_lock_of_another_platform_is_told(home: Home) -> None:
    with pytest.raises(EnvironmentUnresolvable, match="gone"):
        environments.prepare(replace(locked(home), interpreter="/no/such/python"), home, quiet)
    with pytest.raises(EnvironmentUnresolvable, match="plan9-68020"):
        environments.prepare(replace(locked(home), interpreter="", platform="plan9-68020"), home, quiet)


def test_a_full_disk_is_told_and_nothing_is_left(small_disk: Path) -> None:
    home = Home(small_disk / "workspace")
    lock = Lock("e" * 32, "{}.{}.{}".format(*sys.version_info[:3]), environments.locking.platform())
    with pytest.raises(DiskFull):
        environments.prepare(lock, home, quiet)
    assert not [path for path in home.environments.iterdir() if path.is_dir()]
