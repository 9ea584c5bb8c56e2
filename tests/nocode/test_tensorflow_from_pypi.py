"""The tests of `test_tensorflow.py`, in an environment that has TensorFlow beside all that this one has."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from parts import PROVISION, Part

PACKAGE = "tensorflow-cpu==2.21.0"
TESTS = Path(__file__).with_name("test_tensorflow.py")


@pytest.mark.timeout(600)
def test_a_saved_model_is_served_by_tensorflow(part: Part, tmp_path: Path) -> None:
    if not PROVISION:
        part.missing("tensorflow", f"pip install {PACKAGE}, a quarter of a gigabyte")
    python = tmp_path / "venv" / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    for command in (
        [*uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")],
        [*uv, "pip", "install", "--quiet", "--python", str(python), PACKAGE],
    ):
        if subprocess.run(command, check=False, timeout=400).returncode:
            part.missing("tensorflow", f"a package index that has {PACKAGE}")
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    (site / "beside.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    part.real("tensorflow", f"{PACKAGE} from PyPI")
    command = [
        str(python),
        "-m",
        "pytest",
        str(TESTS),
        "-q",
        "-p",
        "no:cacheprovider",
        f"--basetemp={tmp_path / 'own'}",
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=400, cwd=TESTS.parents[2])
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout and "skipped" not in done.stdout
