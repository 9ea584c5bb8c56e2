"""Registering big models against what the disk and the hash alone cost, each in a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import Row, median, python, seconds, settle

ROUNDS = 3
COPY = (
    "import shutil, sys, time\nb = time.perf_counter()\n"
    "shutil.copyfile(sys.argv[1], sys.argv[2])\nprint(time.perf_counter() - b)"
)
HASH = (
    "import hashlib, sys, time\nb = time.perf_counter()\n"
    "hashlib.file_digest(open(sys.argv[1], 'rb'), 'sha256')\nprint(time.perf_counter() - b)"
)
REGISTER = """
import resource, sys, time
from jupyter_mldeploy import Model, Workspace
ws = Workspace.create("bench", exist_ok=True, show_output=False)
list(ws.models)  # opens the store, so that only registering is timed
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # what MLflow itself takes
b = time.perf_counter()
Model.register(ws, sys.argv[1], "big")
took = time.perf_counter() - b
print(took, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="mldeploy-bench-") as name:
        folder = Path(name)
        return [*big_file(folder), *many_files(folder)]


def register(path: Path, home: Path) -> tuple[float, float]:
    """Seconds, and MB of memory on top of what the process had."""
    command = [sys.executable, "-c", REGISTER, str(path)]
    done = subprocess.run(command, env=_environment(home), capture_output=True, text=True, check=True)
    took, memory = done.stdout.strip().splitlines()[-1].split()
    return float(took), float(memory)


def big_file(folder: Path) -> list[Row]:
    file = folder / "big.bin"
    with file.open("wb") as output:
        for seed in range(1024):
            output.write((seed.to_bytes(4, "big") * 256) * 1024)
    ratios, memories, shown = [], [], []
    for _ in range(ROUNDS):
        settle()
        copied = float(python(COPY, str(file), str(folder / "copy.bin")))
        (folder / "copy.bin").unlink()
        settle()
        hashed = float(python(HASH, str(file)))
        settle()
        took, memory = register(file, folder / "home")
        shutil.rmtree(folder / "home")
        ratios.append(took / max(copied, hashed))
        memories.append(memory)
        shown.append((took, copied, hashed))
    took, copied, hashed = (median([s[i] for s in shown]) for i in range(3))
    file.unlink()
    what = f"{median(ratios):.2f} × ({took:.2f} s; copy {copied:.2f}, hash {hashed:.2f})"
    return [
        Row("register 1 GB", what, "≤ 1.3 × the slower", median(ratios) <= 1.3),
        Row("  memory it adds", f"{max(memories):.0f} MB", "< 150 MB", max(memories) < 150),
    ]


def many_files(folder: Path) -> list[Row]:
    tree = folder / "many"
    for top in range(100):
        (tree / str(top)).mkdir(parents=True)
        for leaf in range(100):
            (tree / str(top) / str(leaf)).write_text(f"{top} {leaf}")
    ratios, shown = [], []
    for _ in range(ROUNDS):
        settle()
        copied = seconds(lambda: subprocess.run(["cp", "-r", str(tree), str(folder / "copied")], check=True))
        shutil.rmtree(folder / "copied")
        settle()
        took, _ = register(tree, folder / "home")
        shutil.rmtree(folder / "home")
        ratios.append(took / copied)
        shown.append((took, copied))
    took, copied = (median([s[i] for s in shown]) for i in range(2))
    what = f"{median(ratios):.2f} × ({took:.2f} s; cp -r {copied:.2f})"
    return [Row("register 10,000 files", what, "≤ 2 × cp -r", median(ratios) <= 2)]


def _environment(home: Path) -> dict[str, str]:
    import os

    return {**os.environ, "MLDEPLOY_HOME": str(home)}
