"""Where no engine can be had, CI fails and everybody else is told: never a silent pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ONE = "test_an_engine_that_answers_is_used_and_a_variable_decides_otherwise"


@pytest.mark.parametrize(("provision", "outcome"), [("1", "1 error"), ("0", "1 skipped")])
def test_a_missing_engine_fails_in_ci_and_is_skipped_aloud_elsewhere(
    tmp_path: Path, provision: str, outcome: str
) -> None:
    own = {"MLDEPLOY_TEST_DOCKER_HOST": "none, for this test", "MLDEPLOY_TEST_PROVISION": provision}
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'inner'}"]
    done = subprocess.run(
        [*command, f"{Path(__file__).with_name('test_deployed.py')}::{ONE}"],
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert outcome in done.stdout, done.stdout + done.stderr
    assert "a Docker engine          MISSING  none, for this test" in done.stdout
    assert (done.returncode == 0) is (provision == "0")
