"""The shell, as a shell runs it: its output, its one line of error, its exit code."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from jupyter_mldeploy import services
from jupyter_mldeploy.core import Environment, Model, Workspace
from jupyter_mldeploy.core.model import InferenceConfig
from jupyter_mldeploy.core.webservice import AciWebservice

Shell = Callable[..., subprocess.CompletedProcess[str]]
Deploy = Callable[..., Path]
DATA = '{"data": [[1, 2], [3, 4]]}'
SUM = """
import json

def init():
    print("ready to add")

def run(raw_data):
    return [sum(row) for row in json.loads(raw_data)["data"]]
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def shell(root: Path) -> Shell:
    def run(*arguments: str, given: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jupyter_mldeploy.cli", *arguments],
            cwd=root,
            env=os.environ | {"MLDEPLOY_HOME": str(root / "home")} | variables,
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def workspace(root: Path) -> Workspace:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLDEPLOY_HOME", str(root / "home"))
        return Workspace.create("default", exist_ok=True)


@pytest.fixture
def deploy(workspace: Workspace, root: Path) -> Iterator[Deploy]:
    """Deploy by the SDK; what a test leaves is deleted."""

    def run(name: str, text: str = SUM) -> Path:
        path = root / f"{name.replace('-', '_')}.py"
        path.write_text(textwrap.dedent(text))
        config = InferenceConfig(entry_script=str(path), environment=Environment("plain"))
        kind = AciWebservice.deploy_configuration(auth_enabled=True)
        Model.deploy(workspace, name, [], config, kind).wait_for_deployment()
        return path

    yield run
    for name in services.names(workspace._home):
        services.delete(workspace._home, name)


def failed(done: subprocess.CompletedProcess[str], code: int = 1) -> str:
    """The one line of an error."""
    assert done.returncode == code, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert "Traceback" not in line
    return line


def test_a_service_is_listed_scored_reloaded_restarted_and_deleted(shell: Shell, deploy: Deploy, root: Path) -> None:
    script = deploy("adder")
    listed = shell("services").stdout.splitlines()
    assert listed[1].split()[:5] == ["adder", "ACI", "Healthy", "1/1", "key"]

    (root / "cases.json").write_text(DATA)
    for done in (
        shell("score", "adder", DATA),
        shell("score", "adder", "@cases.json"),
        shell("score", "adder", "-", given=DATA),
    ):
        assert json.loads(done.stdout) == [3, 7], done.stderr

    logs = shell("logs", "adder").stdout
    assert "ready to add" in logs
    assert len(shell("logs", "adder", "-n", "1").stdout.splitlines()) == 1
    assert not any(
        key in logs for key in services.keys(Workspace.from_config(str(root / "home/default"))._home, "adder")
    )

    script.write_text("def init(): pass\ndef run(raw_data): return 'a new answer'\n")
    assert "succeeded" in shell("reload", "adder").stdout
    assert shell("score", "adder", DATA).stdout == "a new answer\n"
    assert "succeeded" in shell("restart", "adder").stdout

    assert shell("delete", "adder").stdout == "Deleted adder\n"
    assert shell("services").stdout == "No services.\n"


def test_a_failed_reload_prints_the_scripts_traceback_and_the_old_version_serves(shell: Shell, deploy: Deploy) -> None:
    script = deploy("adder")
    script.write_text("def init():\n    raise RuntimeError('not today')\ndef run(raw_data): pass\n")
    done = shell("reload", "adder")
    assert "not today" in failed(done)
    assert "line 2, in init" in done.stdout
    assert json.loads(shell("score", "adder", DATA).stdout) == [3, 7]


def test_deleting_all_asks_unless_told_yes(shell: Shell, deploy: Deploy) -> None:
    deploy("adder")
    assert "add --yes" in failed(shell("delete", "--all"))
    assert "adder" in shell("services").stdout
    assert shell("delete", "--all", "--yes").stdout == "Deleted adder\n"
    assert shell("delete", "--all").returncode == 0, "nothing to delete, nothing to ask"


def test_an_error_of_the_script_is_one_line(shell: Shell, deploy: Deploy) -> None:
    deploy("adder")
    assert "500" in failed(shell("score", "adder", "{}"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["logs", "nope"], "No service named 'nope'"),
        (["score", "nope", "1"], "No service named 'nope'"),
        (["reload", "nope"], "No service named 'nope'"),
        (["restart", "nope"], "No service named 'nope'"),
        (["delete", "nope"], "No service named 'nope'"),
        (["--workspace", "nope", "services"], "No workspace lies in"),
        (["--workspace", "./nope", "services"], "No workspace lies in"),
        (["demo", "--port", "70000"], "70000 is no port"),
    ],
)
def test_what_does_not_exist_is_one_line_and_exit_code_1(
    shell: Shell, workspace: Workspace, arguments: list[str], said: str
) -> None:
    assert said in failed(shell(*arguments))


def test_a_missing_data_file_is_named(shell: Shell, deploy: Deploy, root: Path) -> None:
    deploy("adder")
    assert str(root / "nope.json") in failed(shell("score", "adder", "@nope.json"))


@pytest.mark.parametrize(
    "arguments",
    [[], ["nope"], ["score", "adder"], ["delete"], ["delete", "adder", "--all"], ["logs", "adder", "-n", "x"]],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(shell: Shell, arguments: list[str]) -> None:
    assert "--help" in failed(shell(*arguments), code=2)


def test_a_workspace_is_chosen_by_name_or_folder(shell: Shell, workspace: Workspace, root: Path) -> None:
    for asked in ("default", str(root / "home" / "default"), "./home/default"):
        assert shell("--workspace", asked, "services").returncode == 0


def test_jupyter_finds_the_command() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("jupyter"), "mldeploy", "--version"],
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == version("jupyter-mldeploy")


def test_a_reader_that_has_seen_enough_is_no_error(shell: Shell, deploy: Deploy, root: Path) -> None:
    deploy("adder", SUM.replace('print("ready to add")', 'print(("y" * 99 + "\\n") * 2000)'))
    command = f"{sys.executable} -m jupyter_mldeploy.cli logs adder | head -n 1"
    environment = os.environ | {"MLDEPLOY_HOME": str(root / "home")}
    done = subprocess.run(command, shell=True, cwd=root, env=environment, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1 and not done.stderr


def test_the_demo_without_the_packages_of_the_labs_says_how_to_get_them(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['papermill'] = None; from jupyter_mldeploy.cli import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "papermill: pip install 'jupyter-mldeploy[labs]'" in failed(done)
