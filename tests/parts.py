"""The real parts that tests need: used when there, else installed when MLDEPLOY_TEST_PROVISION=1, else skipped aloud.

In CI a skip for want of a part is a failure; the run ends with a table of parts and whether each was real.
"""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

PROVISION = os.environ.get("MLDEPLOY_TEST_PROVISION") == "1"
USED = "part"


class Part:
    """Asks for real parts on behalf of one test, and notes what came of it."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._properties = request.node.user_properties

    def command(self, name: str, debian: str) -> str:
        """The path of command `name`; Debian package `debian` brings it where installing is allowed."""
        path = shutil.which(name)
        if path is None and PROVISION:
            _install(debian)
            path = shutil.which(name)
        if path is None:
            self.missing(name, f"install it with: apt-get install {debian}")
        self.real(name, path)
        return path

    def real(self, name: str, what: str) -> None:
        """Note that part `name` is there, and which one."""
        self._properties.append((USED, f"{name}\treal\t{what}"))

    def missing(self, name: str, advice: str) -> None:
        """Skip, or fail where parts have to be there."""
        self._properties.append((USED, f"{name}\tMISSING\t{advice}"))
        if PROVISION:
            pytest.fail(f"The part {name} could not be had: {advice}")
        pytest.skip(f"needs {name}: {advice}")


def _install(package: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
        subprocess.run(
            ["apt-get", "-q", *command], check=False, env=environment, stdout=subprocess.DEVNULL, timeout=600
        )
