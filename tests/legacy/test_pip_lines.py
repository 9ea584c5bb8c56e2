"""`pip install azureml-…` in a notebook is answered by a notice; all else on the line still happens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_mldeploy.azureml.pip_lines import answered, without_azureml

ONLY_AZUREML = [
    "pip install azureml-sdk",
    "pip install --upgrade azureml-core[notebooks]",
    "pip install -q 'azureml-core==1.20' --extra-index-url https://example.org/simple",
    "pip3 install azureml-core>=1.20",
    "python -m pip install --user azureml_sdk azureml.widgets",
    "{sys.executable} -m pip install azureml-defaults",
    "pip install azureml-sdk > /dev/null",
]
MIXED = {
    "pip install azureml-sdk pandas==1.5": "pip install pandas==1.5",
    "pip install --upgrade azureml-core[notebooks]>=1.20 scipy": "pip install --upgrade scipy",
    "pip install azureml-sdk && pip install foo": "pip install foo",
    "pip install foo && pip install azureml-sdk": "pip install foo && true",
    "pip install -r requirements.txt azureml-core": "pip install -r requirements.txt",
    "pip install -i https://example.org/simple azureml-core foo": "pip install -i https://example.org/simple foo",
}
UNTOUCHED = [
    "!pip show azureml-core\n",
    "!pip uninstall -y azureml-core\n",
    "!pip install azure-ai-ml myazureml\n",
    "conda.add_pip_package('azureml-defaults')  # what pip install would bring\n",
    "print('pip install azureml-sdk')\n",
    "# !pip install azureml-sdk\n",
    "x = 'azureml'; y = 'install'\n",
]


@pytest.mark.parametrize("mark", ["!", "%"])
@pytest.mark.parametrize("command", ONLY_AZUREML)
def test_a_line_with_nothing_else_becomes_the_notice(command: str, mark: str) -> None:
    (line,) = answered([f"  {mark}{command}\n"])
    assert line.startswith("  print('azureml") and "not installed" in line
    compile(line.strip(), "cell", "exec")


@pytest.mark.parametrize("command", MIXED)
def test_the_rest_of_a_line_is_still_installed(command: str) -> None:
    notice, line = answered([f"!{command}\n"])
    assert "not installed" in notice and line == f"!{MIXED[command]}\n"


@pytest.mark.parametrize("line", UNTOUCHED)
def test_other_lines_are_left_as_they_are(line: str) -> None:
    assert answered([line]) == [line]


def test_lines_that_go_on_are_read_as_one() -> None:
    cell = ["!pip install foo \\\n", "    azureml-sdk \\\n", "    bar\n", "x = 1\n"]
    assert answered(cell)[1:] == ["!pip install foo bar\n", "x = 1\n"]


def test_automagic_and_shell_cells_are_answered_too() -> None:
    assert "not installed" in answered(["pip install azureml-sdk\n"])[0]
    first, said, last = answered(["%%bash\n", "pip install azureml-sdk\n", "echo hi\n"])
    assert said.startswith("echo '") and (first, last) == ("%%bash\n", "echo hi\n")


def test_a_cell_that_is_text_is_left_as_it_is() -> None:
    for first in ("%%writefile setup.sh\n", "%%html\n"):
        cell = [first, "pip install azureml-sdk\n", "!pip install azureml-sdk\n"]
        assert answered(cell) == cell
    assert "not installed" in answered(["%%capture\n", "!pip install azureml-sdk\n"])[1]


def test_what_was_left_out_is_named() -> None:
    assert without_azureml("pip install azureml-sdk azureml-train") == ("", ["azureml-sdk", "azureml-train"])


def test_a_file_of_requirements_is_installed_without_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content = "# ours\nazureml-defaults==1.20\nnumpy\n-r more.txt\n  azureml-core[notebooks]\n"
    Path("requirements.txt").write_text(content)
    Path("none.txt").write_text("numpy\n")
    notice, line = answered(["!pip install -r requirements.txt -r none.txt\n"])
    assert "azureml-defaults, azureml-core are not installed" in notice
    copy = Path(line.split('"')[1])
    assert copy.read_text() == f"# ours\nnumpy\n-r {tmp_path / 'more.txt'}\n"
    assert line == f'!pip install -r "{copy}" -r none.txt\n' and Path("requirements.txt").read_text() == content
    assert answered(["!pip install -r none.txt azure\n"]) == ["!pip install -r none.txt azure\n"]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell whose `pip` only writes down what it was asked."""
    fake = tmp_path / "bin" / "pip"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\necho "$@" >> "$PIP_ASKED"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PIP_ASKED", str(tmp_path / "asked"))
    made = InteractiveShell()
    made.input_transformers_cleanup.append(answered)
    yield made


def test_in_a_shell_only_the_other_packages_reach_pip(
    shell: InteractiveShell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("!pip install azureml-sdk[notebooks]").raise_error()
    shell.run_cell("if True:\n    !pip install azureml-sdk foo").raise_error()
    assert capsys.readouterr().out.count("not installed") == 2
    assert (tmp_path / "asked").read_text() == "install foo\n"
