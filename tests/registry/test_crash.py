"""Killed half-way, registering leaves no version; what it left is found by the next call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.registry import Registry
from jupyter_mldeploy.specs import ModelDetails

REGISTER = """
import pathlib, sys
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.registry import Registry, copying, registering
from jupyter_mldeploy.specs import ModelDetails
import os, signal
home, source, where = sys.argv[1:4]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

registry = Registry(Home(pathlib.Path(home)), *sys.argv[4:])
if where == "copying":
    os.copy_file_range = die
elif where == "uploading":
    registering.artifacts.send = die
elif where == "before the version":
    registering._create = die
else:
    registering.leftovers.finish = die
registry.register("crashed", pathlib.Path(source), details=ModelDetails())
"""


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.bin"
    path.write_bytes(os.urandom(3 << 20))
    return path


def crash(home: Home, source: Path, where: str, *uri: str) -> None:
    done = subprocess.run([sys.executable, "-c", REGISTER, str(home.path), str(source), where, *uri], timeout=120)
    assert done.returncode == -signal.SIGKILL


def leftovers(home: Home) -> list[str]:
    return [p.name for p in (home.path / "artifacts").rglob("*") if p.is_file()]


def journals(home: Home) -> list[Path]:
    return [path for path in (home.path / "registering").rglob("*") if path.is_file()]


@pytest.mark.parametrize("where", ["copying", "before the version"])
def test_killed_before_the_version_there_is_none_and_the_rest_goes(
    local: Registry, home: Home, big: Path, model_file: Path, where: str
) -> None:
    crash(home, big, where)
    assert local.models() == []
    assert leftovers(home) == ["big.bin"]
    assert local.register("crashed", model_file, details=ModelDetails()).version in (1, 2)
    assert leftovers(home) == ["model.pkl"]
    assert journals(home) == []


def test_killed_after_the_version_it_is_whole(local: Registry, home: Home, big: Path, model_file: Path) -> None:
    crash(home, big, "after the version")
    model = local.model("crashed")
    assert local.fetch(model).read_bytes() == big.read_bytes()
    local.register("other", model_file, details=ModelDetails())
    assert local.fetch(model).read_bytes() == big.read_bytes()
    assert journals(home) == []


def test_killed_while_uploading_to_a_server_there_is_none(home: Home, server: str, big: Path, model_file: Path) -> None:
    crash(home, big, "uploading", server)
    Registry(home).register("in another store", model_file, details=ModelDetails())
    assert len(journals(home)) == 1, "only the same store knows what was left in it"
    registry = Registry(home, server)
    assert registry.models("crashed") == []
    registry.register("fine", model_file, details=ModelDetails())
    assert journals(home) == []


def test_a_registration_at_work_is_not_swept_away(
    local: Registry, home: Home, tmp_path: Path, model_file: Path
) -> None:
    slow = REGISTER.replace("os.kill(os.getpid(), signal.SIGKILL)", "print('here', flush=True); sys.stdin.readline()")
    command = [sys.executable, "-c", slow, str(home.path), str(model_file), "before the version"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == b"here\n"
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(0.1)
        from jupyter_mldeploy.registry import leftovers as sweeping

        sweeping.sweep(local._store)
        assert leftovers(home) == ["model.pkl"]
    finally:
        process.kill()
        process.wait(10)
    local.register("next", model_file, details=ModelDetails())
    assert leftovers(home) == ["model.pkl"]


def test_an_error_half_way_leaves_nothing(
    local: Registry, home: Home, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.register("m", model_folder, details=ModelDetails())
    before = leftovers(home)
    monkeypatch.setattr(os, "write", full_disk)
    from jupyter_mldeploy.errors import DiskFull

    with pytest.raises(DiskFull, match="No room left"):
        local.register("m", model_folder, details=ModelDetails())
    monkeypatch.undo()
    assert leftovers(home) == before
    assert [m.version for m in local.models("m")] == [1]
    assert journals(home) == []


def full_disk(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_two_processes_that_register_at_once_get_two_numbers(home: Home, model_file: Path) -> None:
    plain = (
        REGISTER.partition("if where")[0]
        + "print(registry.register('m', pathlib.Path(source), details=ModelDetails()).version)"
    )
    command = [sys.executable, "-c", plain, str(home.path), str(model_file), ""]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    assert sorted(p.communicate(timeout=120)[0] for p in processes) == [b"1\n", b"2\n"]
