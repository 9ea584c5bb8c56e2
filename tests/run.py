"""Everything that has to hold, from a fresh clone: `python3 tests/run.py`. Standard library only.

Makes a virtual environment beside the project, installs the package and what the tests need, then runs the guards
(they are fast) and the tests. Arguments go on to pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = Path(os.environ.get("MLDEPLOY_TEST_VENV", ROOT / ".venv"))
BIN = VENV / "bin"
GUARDS = ("ruff check .", "ruff format --check .", "mypy", "lint-imports")


def run(*command: str | Path) -> None:
    """Run one step; the first that fails ends the run with its exit code."""
    print("$", " ".join(map(str, command)), flush=True)
    done = subprocess.run(list(map(str, command)), cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main(arguments: list[str]) -> None:
    if not (BIN / "python").exists():
        venv.create(VENV, with_pip=True)
    run(BIN / "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", ".[test]")
    for guard in GUARDS:
        tool, *rest = guard.split()
        run(BIN / tool, *rest)
    run(BIN / "python", "-m", "pytest", "tests/house", "-q", "--deselect", "tests/house/test_guards.py")
    run(BIN / "python", "-m", "pytest", "--ignore", "tests/house", "-n", "2", "--dist", "loadgroup", *arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
