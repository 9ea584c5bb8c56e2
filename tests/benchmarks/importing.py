"""How long the front doors take to import, each in a fresh interpreter, interleaved."""

from __future__ import annotations

from measure import Row, median, python

ROUNDS = 15
TIMED = "import time\n{before}\nbegin = time.perf_counter()\n{code}\nprint(time.perf_counter() - begin)"
SHELL = "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()"
CASES = [
    ("import jupyter_mldeploy", "", "import jupyter_mldeploy", 30),
    ("%load_ext jupyter_mldeploy", SHELL, "shell.run_line_magic('load_ext', 'jupyter_mldeploy')", 100),
    ("import jupyter_mldeploy.azureml", "", "import jupyter_mldeploy.azureml", 100),
]


def rows() -> list[Row]:
    times: dict[str, list[float]] = {name: [] for name, *_ in CASES}
    for _ in range(ROUNDS):
        for name, before, code, _goal in CASES:
            times[name].append(float(python(TIMED.format(before=before, code=code))))
    return [
        Row(name, f"{median(times[name]) * 1000:.1f} ms", f"≤ {goal} ms", median(times[name]) * 1000 <= goal)
        for name, _, _, goal in CASES
    ]
