"""What the Docker target takes, beside processes and other makers of images: `python tests/benchmarks/containers.py`.

`--readme` writes the tables into the README, `--alone` leaves the other makers out. Needs root, Linux and wrk. An
engine of its own is started; MLDEPLOY_TEST_DOCKER_HOST names one that runs already.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import engine as engines
from on_engine import KEYS, SLEEPS, Callers, Containers
from peers import images, venvs
from peers.report import write_between
from sandbox import Sandbox

from jupyter_mldeploy.errors import ServiceUnreachable
from jupyter_mldeploy.specs import Bundle, Handle, ModelRef, Settings
from jupyter_mldeploy.targets import Target, target

SCRIPT = "def init(): pass\ndef run(raw_data): return {0}\n"
PREDICT = """
import json, joblib, os

def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "logistic.joblib"))

def run(raw_data):
    return model.predict(json.loads(raw_data)["data"]).tolist()  # {0}
"""
POST = """wrk.method = "POST"
wrk.body = [[{"data": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}]]
wrk.headers["Content-Type"] = "application/json"
"""
SUM = "import json\ndef init(): pass\ndef run(raw_data): return sum(json.loads(raw_data)['data'])\n"  # W1
ROUNDS, SECONDS, CONNECTIONS = 5, 4, (1, 8, 64)
README = Path(__file__).parents[2] / "README.md"
MARKS = "<!-- containers: begin -->", "<!-- containers: end -->"


class Table:
    """What was measured, and what it should be; printed as it comes."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []

    def add(self, what: str, took: list[float] | float, unit: str = "s", goal: str = "") -> None:
        values = took if isinstance(took, list) else [took]
        digits = 2 if statistics.median(values) < 10 else 0
        spread = f" ({min(values):.{digits}f} to {max(values):.{digits}f})" if len(values) > 1 else ""
        self.say(what, f"{statistics.median(values):.{digits}f}{unit and ' '}{unit}{spread}", goal)

    def say(self, what: str, measured: str, goal: str = "") -> None:
        self.rows.append((what, measured, goal))
        print(f"{what:<70} {measured:<32} {goal}", flush=True)

    def markdown(self) -> str:
        return "\n".join(f"| {' | '.join(row)} |" for row in [("", "measured", "goal"), ("---",) * 3, *self.rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readme", action="store_true", help="write the tables into the README")
    parser.add_argument("--alone", action="store_true", help="without the other makers of images")
    options = parser.parse_args()
    table, makers = Table(), ""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mldeploy-bench-")))
        host = os.environ.get("MLDEPLOY_TEST_DOCKER_HOST") or stack.enter_context(engines.engine(folder / "engine"))
        os.environ.update(DOCKER_HOST=host, MLDEPLOY_BASE_IMAGE=engines.BASE)
        made = Containers(Sandbox(folder), host)
        for measure in (_building, _deploying, _changing, _handing_over, _serving):
            measure(made, table)
        if not options.alone:
            makers = _beside_others(made)
    if options.readme:
        text = f"Measured on {date.today():%Y-%m-%d} on {os.cpu_count()} cores, Docker 20.10.\n\n{table.markdown()}"
        write_between(README, MARKS, "\n\n".join(filter(None, [text, makers])))


def _timed(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _fresh() -> str:
    """A base that no build has seen."""
    return f"FROM {engines.BASE}\nRUN echo {os.urandom(4).hex()}"


def _building(made: Containers, table: Table) -> None:
    fresh = _fresh()
    one = made.bundle(SCRIPT.format(1), base_dockerfile=fresh)
    table.add("first build of an environment of one package, nothing cached", _timed(lambda: _prepare(made, one)))
    two = made.bundle(SCRIPT.format(1), pip=("packaging", "six"), base_dockerfile=fresh)
    table.add("build after one more pip package", _timed(lambda: _prepare(made, two)), goal="that layer's time")
    table.add("build of what is there", [_timed(lambda: _prepare(made, two)) for _ in range(ROUNDS)])
    handle = made.started(one)
    beyond, environment = _size(made, handle)
    table.add("image, beyond its base and the service's environment", (beyond - environment) / 1e6, "MB", "≤ 45 MB")
    _clear(made)


def _prepare(made: Containers, bundle: Bundle) -> None:
    made.target.prepare(bundle, made.settings(), str)


def _size(made: Containers, handle: Handle) -> tuple[int, int]:
    """Bytes of the container's image beyond its base, and of these the service's own environment."""
    size = made.client.images.get(handle.data["image"]).attrs["Size"]
    base = made.client.images.get(engines.BASE).attrs["Size"]
    return size - base, int(made.shell(handle, "du -sb /opt/service").split()[0])


def _deploying(made: Containers, table: Table) -> None:
    bundle, settings = made.bundle(SCRIPT.format(1)), Settings("summing", target="docker")
    _prepare(made, bundle)

    def deploy() -> None:
        _prepare(made, bundle)
        handle = made.target.start(bundle, settings, {})
        _until_it_serves(made, handle)

    took = []
    for _ in range(ROUNDS):
        took.append(_timed(deploy))
        _clear(made)
    table.add("second deployment of an unchanged bundle, to healthy", took, goal="≤ 1.5 s")


def _until_it_serves(made: Containers, handle: Handle) -> None:
    """As an operation waits."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(ServiceUnreachable):
            if made.target.control(handle, {"v": 1, "op": "wait", "seconds": 1})[0].data.get("phase") == "serving":
                return
        time.sleep(0.01)
    raise SystemExit(f"The container does not serve: {made.target.state(handle)}")


def _changing(made: Containers, table: Table) -> None:
    settings = Settings("summing", target="docker")
    with _running(made.target, made, settings) as handle:
        edits = [made.bundle(SCRIPT.format(number)) for number in range(2, 2 + ROUNDS)]
        took = [_timed(lambda: made.target.update(handle, e, settings, {})) for e in edits]  # noqa: B023
        table.add("a script edit, in the running container", took, goal="≤ 0.5 s")


def _handing_over(made: Containers, table: Table) -> None:
    handle = made.started(made.bundle(SLEEPS.format("one")), workers=3)
    other = made.bundle(SLEEPS.format("two"), pip=("packaging", "six"))
    _prepare(made, other)
    with Callers(made.target.address(handle).local, [(0, True)] * 4 + [(0, False)] * 4 + [(1.2, True)] * 2) as callers:
        time.sleep(1)
        made.target.update(handle, other, made.settings(workers=3), KEYS)
    lost = [answer for _, answer in callers.seen if answer not in ("one", "two")]
    table.add("a changed environment takes over: longest time without an answer", callers.gap, goal="≤ 0.5 s")
    table.say("… requests of ten callers that were lost meanwhile", f"{len(lost)} of {len(callers.seen)}", "0")
    _clear(made)


def _serving(made: Containers, table: Table) -> None:
    process = target("process", made.box.home)
    plain, contained = Settings("summing"), Settings("summing", target="docker")
    with _running(process, made, plain, SUM) as one, _running(made.target, made, contained, SUM) as two:
        seen = made.inspected(two)["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        places = {
            "process": process.address(one).local,
            "its own address": f"http://{seen}:5001",
            "the published port": made.target.address(two).local,
        }
        rates: dict[tuple[int, str], list[float]] = {(n, name): [] for n in CONNECTIONS for name in places}
        for (connections, name), found in list(rates.items()) * ROUNDS:
            found.append(_rate(made.box.folder, places[name], connections))
    middle = {key: statistics.median(found) for key, found in rates.items()}
    for name in list(places)[1:]:
        shares = ", ".join(f"{middle[n, name] / middle[n, 'process']:.2f}" for n in CONNECTIONS)
        goal = "≥ 0.75" if "own" in name else "reported"
        table.say(f"W1 requests/s by {name} ÷ a process's, {CONNECTIONS} connections", shares, goal)
    table.say("… of the process", ", ".join(f"{middle[n, 'process']:,.0f}" for n in CONNECTIONS))


def _rate(folder: Path, address: str, connections: int) -> float:
    (folder / "post.lua").write_text(POST)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "-s", str(folder / "post.lua"), f"{address}/score"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found and "Non-2xx" not in said, said
    return float(found[1])


def _beside_others(made: Containers) -> str:
    """The same logistic regression with the same packages, as each maker of images builds it."""
    folder = made.box.folder / "peers"
    (folder / "models").mkdir(parents=True)
    python = venvs.environment("bentoml", venvs.cache()) / "bin/python"
    subprocess.run([python, images.PROGRAMS / "prepare.py", folder / "models"], check=True)
    base = images.base(made.client, folder, engines.BASE)
    rows = [("", "image beyond its base", "from cold", "again, unchanged", "a changed model or script")]
    rows.append(_ours_beside(made, folder / "models" / "logistic.joblib"))
    for name, title in images.TITLES.items():
        peer = images.Peer(name, folder, made.client, base)
        context = peer.write()
        cold, again = peer.build(context, cached=False), peer.build(context)
        size, changed = peer.size(), peer.build(peer.write())
        rows.append((title, f"{size / 1e6:.0f} MB", *(f"{seconds:.1f} s" for seconds in (cold, again, changed))))
        peer.remove()
    made.client.images.remove(base, force=True)
    print("\n".join("   ".join(f"{cell:<26}" for cell in row) for row in rows), flush=True)
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], ("---",) * 5, *rows[1:]])


def _ours_beside(made: Containers, model: Path) -> tuple[str, ...]:
    fresh, models = _fresh(), (ModelRef("logistic", 1, str(model)),)

    def bundle(number: int) -> Bundle:
        return made.bundle(PREDICT.format(number), models, venvs.SHARED, base_dockerfile=fresh)

    one, settings = bundle(1), Settings("summing", target="docker")
    cold, again = _timed(lambda: _prepare(made, one)), _timed(lambda: _prepare(made, one))
    handle = made.target.start(one, settings, {})
    _until_it_serves(made, handle)
    changed = _timed(lambda: made.target.update(handle, bundle(2), settings, {}))
    size, _ = _size(made, handle)
    _clear(made)
    return "here", f"{size / 1e6:.0f} MB", f"{cold:.1f} s", f"{again:.1f} s", f"{changed:.1f} s, serving"


@contextmanager
def _running(runs_on: Target, made: Containers, settings: Settings, script: str = SCRIPT) -> Iterator[Handle]:
    bundle = made.bundle(script.format(1) if script is SCRIPT else script)
    handle = runs_on.start(bundle, settings, {})
    try:
        while runs_on.state(handle).phase != "Healthy":
            time.sleep(0.02)
        yield handle
    finally:
        runs_on.stop(handle)


def _clear(made: Containers) -> None:
    for left in list(made.target.found()):
        made.target.stop(left)


if __name__ == "__main__":
    main()
