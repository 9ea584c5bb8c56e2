"""wrk against one address, with a body of our own and all quantiles that are asked for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = """
function init(arguments)
  local file = io.open({body}, "rb")
  wrk.method, wrk.body = "POST", file:read("*a")
  file:close()
  wrk.headers["Content-Type"] = {kind}
  {key}
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration, failed,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
"""


class NoFigure(Exception):
    """A measurement that came to nothing; the message says why."""


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests answered in so many seconds, failures of any kind, quantiles in ms."""

    requests: int
    seconds: float
    errors: int
    p50: float
    p99: float
    p999: float


@dataclass(frozen=True)
class Target:
    """An address, and the wrk script that asks it."""

    url: str
    script: Path


def write_script(path: Path, body: Path, kind: str, key: str | None = None) -> None:
    """Write the wrk script for a body of a content type; it may hold a key, so it is for its owner alone."""
    header = f'wrk.headers["Authorization"] = {json.dumps("Bearer " + key)}' if key else ""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(SCRIPT.format(body=json.dumps(str(body)), kind=json.dumps(kind), key=header))


def wrk(target: Target, connections: int, seconds: int) -> Load:
    """Ask for so many seconds. Raises NoFigure when nothing was answered."""
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "-s", str(target.script), target.url]
    try:
        done = subprocess.run(["wrk", *options], capture_output=True, text=True, timeout=seconds + 90)
    except subprocess.TimeoutExpired as error:
        raise NoFigure(f"wrk did not end within {error.timeout:.0f} s") from error
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise NoFigure(f"wrk failed: {(done.stdout + done.stderr).strip()[-500:]}")
    requests, duration, errors, *quantiles = (int(value) for value in line.split()[1:])
    if not requests:
        raise NoFigure(f"no answer in {seconds} s at {connections} connections ({errors} errors)")
    return Load(requests, duration / 1e6, errors, *(value / 1000 for value in quantiles))


def command(name: str, package: str) -> str | None:
    """The path of a command that a Debian package brings; installed where tests may install (see tests/parts.py)."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    if shutil.which(name, path=path) is None and os.environ.get("MLDEPLOY_TEST_PROVISION") == "1":
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update"], ["install", "-y", "--no-install-recommends", package]):
            subprocess.run(["apt-get", "-q", *step], env=quiet, stdout=subprocess.DEVNULL, timeout=600)
    return shutil.which(name, path=path)
