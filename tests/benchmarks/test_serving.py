"""The harness of the comparison: its arithmetic, its goals, and one small run from end to end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from parts import Part

sys.path.insert(0, str(Path(__file__).parent))

from peers import venvs
from peers.figures import Figures, Sample, rate
from peers.goals import goals
from peers.load import NoFigure, Target, write_script, wrk
from peers.manners import open_inference, outputs
from peers.plot import svg
from peers.report import BEGIN, END, write_readme
from peers.starting import _equal
from peers.workloads import WORKLOADS

COMMAND = Path(__file__).with_name("serving.py")


def sample(server: str, number: int, rate: float, workload: str = "W1") -> Sample:
    return Sample(workload, server, 64, number, 1000, rate, 1.0, 2.0, 3.0, 20.0)


def test_ratios_are_paired_by_round() -> None:
    """The machine was three times as fast in the second round, for both; unpaired medians would say 1.5."""
    seen = [("ours", 0, 200.0), ("ours", 1, 600.0), ("peer", 0, 100.0), ("peer", 1, 300.0), ("peer", 2, 900.0)]
    figures = Figures([sample(*each) for each in seen])
    ours, peer = (figures.rounds("W1", name, 64, rate) for name in ("ours", "peer"))
    assert figures.ratio(ours, peer) == 2.0
    assert figures.median("W1", "peer", 64, rate) == 300.0


def test_what_was_not_measured_is_no_figure() -> None:
    figures = Figures([sample("ours", 0, 200.0), sample("peer", 1, 100.0), sample("peer", 0, 0.0)])
    ours, peer = (figures.rounds("W1", name, 64, rate) for name in ("ours", "peer"))
    assert figures.ratio(ours, peer) is None
    assert figures.median("W1", "nobody", 64, rate) is None
    assert all(goal.met is None for goal in goals(Figures()))


def test_one_peer_that_is_too_near_misses_the_goal() -> None:
    five = ("azureml", "litserve", "mlserver", "mlflow", "bentoml")
    seen = [sample("ours", 0, 4000.0), *(sample(name, 0, 100.0) for name in five)]
    assert goals(Figures(seen))[0].met is True
    assert goals(Figures(seen[:-1]))[0].met is None  # one of them is missing
    near = goals(Figures([*seen[:-1], sample("bentoml", 0, 300.0)]))[0]
    assert near.met is False and "bentoml 13.33" in near.measured


def test_a_peer_is_compared_by_the_better_of_its_two_ways() -> None:
    rates = {"ours-batching": 4000.0, "litserve": 100.0, "litserve-batching": 400.0}
    seen = [sample(name, 0, value, "W2") for name, value in rates.items()]
    (goal,) = [each for each in goals(Figures(seen)) if each.name == "W2 at 64, batching on, against each of five"]
    assert "litserve 10.00" in goal.measured and goal.met is False


def test_answers_are_compared_number_by_number() -> None:
    assert _equal([[0.1 + 0.2]], [[0.3]]) and _equal([1], [1.0])
    assert not _equal([[0.3001]], [[0.3]]) and not _equal([1], [1, 1]) and not _equal([1], 1)


def test_the_open_inference_form_comes_back_as_it_went() -> None:
    (tensor,) = json.loads(open_inference([[1.0, 2.0], [3.0, 4.0]]).content)["inputs"]
    assert tensor["shape"] == [2, 2]
    assert outputs({"outputs": [{"shape": [2, 2], "data": [1.0, 2.0, 3.0, 4.0]}]}) == [[1.0, 2.0], [3.0, 4.0]]
    assert outputs({"outputs": [{"shape": [2, 1], "data": [1, 0]}]}) == [1, 0]


def test_only_what_is_between_the_marks_of_the_readme_changes(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_readme(readme, r"new \1")
    assert readme.read_text() == f"before\n{BEGIN}\nnew \\1\n{END}\nafter\n"


def test_the_plot_has_a_bar_for_each_server() -> None:
    plot = svg(Figures([sample("ours", 0, 40000.0), sample("nginx", 0, 1e5)]), [WORKLOADS["W1"]])
    bars = ElementTree.fromstring(plot).findall("{http://www.w3.org/2000/svg}rect")
    assert [bar.get("class") for bar in bars] == ["limits", "ours"]
    assert float(bars[0].get("width", 0)) > float(bars[1].get("width", 0))


def test_a_server_that_is_gone_gives_no_figure(part: Part, tmp_path: Path) -> None:
    part.command("wrk", "wrk")
    (tmp_path / "body").write_text("{}")
    write_script(tmp_path / "wrk.lua", tmp_path / "body", "application/json")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoFigure):
        wrk(Target(f"http://127.0.0.1:{port}/", tmp_path / "wrk.lua"), 1, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="the harness reads /proc")
def test_a_quick_run_of_ours_from_end_to_end(part: Part, tmp_path: Path) -> None:
    part.command("wrk", "wrk")
    try:
        venvs.environment(venvs.OURS, venvs.cache())
    except venvs.NotInstalled as error:
        part.missing("an environment of its own", f"a package index that uv reaches: {error}")
    command = [
        sys.executable,
        str(COMMAND),
        "--quick",
        "--only",
        "ours",
        "--workloads",
        "W1",
        "--rounds",
        "1",
    ]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = subprocess.run(
        [*command, "--connections", "8", "--output", str(tmp_path / "out")],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads((tmp_path / "out" / "serving.json").read_text())
    (measured,) = seen["samples"]
    assert measured["server"] == "ours" and measured["requests"] > 100 and measured["cpu"] > 0
    assert 0 < measured["p50"] <= measured["p99"] <= measured["p999"] and not measured["errors"]
    (standing,) = seen["standings"]
    assert standing["start"] > 0 and standing["memory"] > 5
    assert "W1: sum of ten floats" in done.stdout
    assert not [path for path in temporary.iterdir() if path.name.startswith("mldeploy-bench-")]
