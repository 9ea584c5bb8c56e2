"""The README is run, not believed: its commands, its workflow, and its word on every dependency."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

import jupyter_mldeploy

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.S | re.M)
    assert found, title
    return found[1]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


@pytest.mark.parametrize("title", ["Run", "Test"])
def test_each_section_has_one_block_of_one_command(title: str) -> None:
    (block,) = blocks(section(title), "sh")
    assert len(block.strip().splitlines()) == 1


def test_ci_runs_the_very_command_of_the_test_section() -> None:
    """The script reads it from the README; asked to say it, it must say the same."""
    (block,) = blocks(section("Test"), "sh")
    script = (ROOT / ".ci" / "run").read_text()
    assert 'bash -euo pipefail -c "$command"' in script
    printing = script.replace('bash -euo pipefail -c "$command"', 'printf %s "$command"').replace(
        '"$0"', str(ROOT / ".ci/run")
    )
    done = subprocess.run(["bash", "-c", printing], capture_output=True, text=True, check=True)
    assert done.stdout == block.strip()


def test_the_workflow_is_short_and_runs(tmp_path: Path) -> None:
    (code,) = blocks(section("The workflow in 30 lines"), "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 30
    environment = {**os.environ, "MLDEPLOY_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert re.search(r"^running \[[\d., ]+\] \[[\d., ]+\]$", done.stdout, re.M), done.stdout[-3000:]


@pytest.mark.parametrize(
    "requirement", [*PROJECT["dependencies"], *(r for r in PROJECT["optional-dependencies"]["labs"])]
)
def test_every_dependency_says_why_it_is_there(requirement: str) -> None:
    name = re.match(r"[\w.-]+", requirement)
    assert name
    assert re.search(rf"`{re.escape(name[0])}`", section("What it stands on")), name[0]


def test_the_version_is_in_the_changelog() -> None:
    assert f"## {jupyter_mldeploy.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_pictures_and_links_inside_exist() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_no_path_of_a_machine_is_in_the_project() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    for name in filter(None, listed):
        text = (ROOT / name).read_bytes()
        assert not re.search(rb"/(root|home|work|Users)/\w+/", text), name
