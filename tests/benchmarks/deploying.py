"""From `%deploy` to the first answer, and `reload`, against a bare interpreter that imports and loads the same."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from measure import Row, children, median, pss, python, seconds

ROUNDS = 7
SCRIPT = """
import json
import joblib
import sklearn.linear_model
from azureml.core.model import Model

def init():
    global model
    model = joblib.load(Model.get_model_path("bench"))

def run(raw_data):
    return model.predict(json.loads(raw_data)["data"]).tolist()
"""
BARE = "import json, joblib, sklearn.linear_model, sys\njoblib.load(sys.argv[1])\nprint('loaded')"
STAY = f"{BARE}\nimport time\nsys.stdout.flush()\ntime.sleep(60)"
BODY = '{"data": [[0.1, 0.2]]}'


class Bench:
    """A shell with the magics, a registered model, and a service to deploy over and over."""

    def __init__(self, folder: Path) -> None:
        os.environ["MLDEPLOY_HOME"] = str(folder / "home")
        from IPython.core.interactiveshell import InteractiveShell

        self.folder, self.script = folder, folder / "score.py"
        self.model = folder / "model.pkl"
        self.shell: Any = InteractiveShell.instance()
        self.shell.run_line_magic("load_ext", "jupyter_mldeploy")

    def prepare(self) -> None:
        import joblib
        from sklearn.linear_model import LogisticRegression

        from jupyter_mldeploy import Model, Workspace

        joblib.dump(LogisticRegression().fit([[0, 0], [1, 1]], [0, 1]), self.model)
        self.script.write_text(SCRIPT)
        Model.register(Workspace.from_config(), str(self.model), "bench")

    def deploy(self) -> None:
        self.shell.run_line_magic("deploy", f"bench -m bench -e {self.script}")
        self.answer()

    def answer(self) -> None:
        assert self.shell.run_line_magic("score", f"bench '{BODY}'") == [0]

    def reload(self) -> None:
        self.script.write_text(SCRIPT + f"\n# {time.time()}\n")
        self.shell.run_line_magic("reload", "bench")
        self.answer()

    def delete(self) -> None:
        self.shell.run_line_magic("undeploy", "bench")

    def bare(self) -> float:
        return seconds(lambda: python(BARE, str(self.model)))


@contextmanager
def benched() -> Iterator[Bench]:
    """A prepared bench in a folder of its own, away from any workspace configuration; its chatter goes to stderr."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="mldeploy-bench-") as name, redirect_stdout(sys.stderr):
        os.chdir(name)
        try:
            bench = Bench(Path(name))
            bench.prepare()
            yield bench
        finally:
            os.chdir(before)


def rows() -> list[Row]:
    deploys, reloads = [], []
    with benched() as bench:
        for round_ in range(ROUNDS + 1):  # the first fills caches that every later deployment has
            bare = bench.bare()
            deploy = seconds(bench.deploy)
            again = bench.bare()
            reload = seconds(bench.reload)
            bench.delete()
            if round_:
                deploys.append((deploy, bare))
                reloads.append((reload, again))
    return [
        _row("%deploy to the first answer", deploys, 0.7),
        _row("%reload to the next answer", reloads, 0.3),
    ]


def _row(name: str, pairs: list[tuple[float, float]], goal: float) -> Row:
    more = median([ours - bare for ours, bare in pairs])
    ours, bare = (median([pair[i] for pair in pairs]) for i in range(2))
    return Row(name, f"{more:+.2f} s ({ours:.2f}; bare {bare:.2f})", f"≤ +{goal} s", more <= goal)


def memory_rows() -> list[Row]:
    with benched() as bench:
        bench.deploy()
        try:
            return _memory(bench)
        finally:
            bench.delete()


def _memory(bench: Bench) -> list[Row]:
    from jupyter_mldeploy import Workspace, services

    handle = services.record(Workspace.from_config()._home, "bench").handle
    assert handle is not None
    front = handle.data["pid"]
    (worker,) = children(front)
    # As many processes map the same libraries in both cases: measured while both are up.
    bare = subprocess.Popen([sys.executable, "-c", STAY, str(bench.model)], stdout=subprocess.PIPE)
    try:
        assert bare.stdout is not None
        bare.stdout.readline()
        more, ours = pss(worker) - pss(bare.pid), pss(front)
    finally:
        bare.kill()
        bare.wait()
    return [
        Row("worker over the user's own libraries", f"{more:+.1f} MB PSS", "≤ +15 MB", more <= 15),
        Row("front", f"{ours:.1f} MB PSS", "≤ 45 MB", ours <= 45),
    ]
