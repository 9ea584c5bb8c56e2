"""The scoring server beside its peers, one command: `python tests/benchmarks/serving.py [--quick] [--readme]`.

Installs each server in an environment of its own, measures them in turns with wrk, and writes all rounds as JSON, the
tables as text and a plot as SVG. Needs Linux, uv, and wrk (nginx is used where it is).
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).parent))

from peers import venvs
from peers.load import command
from peers.plot import svg
from peers.report import markdown, text, write_readme
from peers.results import Results, read
from peers.rounds import Bench
from peers.servers import SERVERS, family
from peers.workloads import QUICK, WORKLOADS, Workload

README = venvs.ROOT / "README.md"
NAME = "serving.json"
PLOT = Path(__file__).parent / "serving.svg"
FULL_MINUTES, QUICK_MINUTES = 24.0, 3.8


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    results = read(options.output / NAME) if options.report_only else _measured(options)
    plot, report = svg(results.figures, results.workloads), text(results)
    (options.output / NAME).with_suffix(".svg").write_text(plot)
    (options.output / NAME).with_suffix(".txt").write_text(report + "\n")
    print(report, "", f"All rounds, tables and plot are in {options.output}", sep="\n")
    if options.readme:
        PLOT.write_text(plot)
        write_readme(README, markdown(results, str(PLOT.relative_to(venvs.ROOT))))
    return int(any(sample.errors for sample in results.figures.samples))


def _measured(options: argparse.Namespace) -> Results:
    """Each workload gets its share of the time; what is measured is on disk after each."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # the servers are to be ended then too
        signal.signal(number, _interrupted)
    if command("wrk", "wrk") is None:
        raise SystemExit("The load comes from wrk, which is not here. Get it with: apt-get install wrk")
    workloads = _workloads(options)
    places, unfit, versions = _installed(workloads, options.cache)
    results = Results(versions=versions)
    with tempfile.TemporaryDirectory(prefix="mldeploy-bench-") as folder:
        bench = Bench(places, unfit, Path(folder), _say)
        bench.prepare()
        end = time.monotonic() + options.minutes * 60
        for at, workload in enumerate(workloads):
            share = workload.weight / sum(each.weight for each in workloads[at:])
            now = time.monotonic()
            bench.run(workload, results.figures, now + (end - now) * share)
            results.save(options.output / NAME)
    return results


def _workloads(options: argparse.Namespace) -> list[Workload]:
    """The workloads that were asked for, with the servers that were."""
    names = options.workloads or (QUICK if options.quick else WORKLOADS)
    chosen = []
    for name in names:
        workload = WORKLOADS[name]
        servers = [each for each in workload.servers if not options.only or _asked(each, options.only)]
        connections = options.connections or ([1, 64] if options.quick else workload.connections)
        rounds = options.rounds or (1 if options.quick else workload.rounds)
        chosen.append(replace(workload, servers=tuple(servers), connections=tuple(connections), rounds=rounds))
    return [workload for workload in chosen if workload.servers]


def _asked(server: str, only: Sequence[str]) -> bool:
    return server in only or family(server) in only


def _installed(workloads: Sequence[Workload], cache: Path) -> tuple[dict[str, Path], dict[str, str], str]:
    """The environments, the servers that cannot take part and why, and the versions in words."""
    names = {SERVERS[name].venv for workload in workloads for name in workload.servers} | {venvs.OURS}
    places: dict[str, Path] = {}
    unfit: dict[str, str] = {}
    versions: list[str] = []
    for name in sorted(names, key=[venvs.OURS, *venvs.PACKAGES].index):
        try:
            places[name] = venvs.environment(name, cache)
        except venvs.NotInstalled as error:
            if name == venvs.OURS:
                raise SystemExit(f"This checkout could not be installed: {error}") from error
            unfit |= {server: f"not installed: {error}" for server in SERVERS if SERVERS[server].venv == name}
            continue
        versions.append(f"{venvs.package(name)} {venvs.version(places[name], venvs.package(name))}")
        _say(versions[-1])
    settings = venvs.settings(places[venvs.OURS])
    versions[0] += " (with key, request ids and counters; access line and request log off)"
    if "batch" not in settings:
        unfit["ours-batching"] = "not built: this checkout has no setting `batch`"
    return places, unfit, ", ".join(versions)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help=f"one round of {', '.join(QUICK)}: minutes, for a first look"
    )
    parser.add_argument("--only", type=_list, help="servers or families: ours, limits, azureml, fastapi, … (all)")
    parser.add_argument("--workloads", type=_workload_names, help=f"of {', '.join(WORKLOADS)} (all)")
    parser.add_argument("--connections", type=lambda words: [int(word) for word in words.split(",")])
    parser.add_argument("--rounds", type=int, help="instead of each workload's own number")
    parser.add_argument(
        "--minutes",
        type=float,
        help=f"no round begins that would end later ({FULL_MINUTES:g}; quick: {QUICK_MINUTES:g})",
    )
    parser.add_argument(
        "--cache", type=Path, default=venvs.cache(), help="where the environments are kept; MLDEPLOY_BENCH_CACHE"
    )
    parser.add_argument("--output", type=Path, help="folder of the results (in the cache)")
    parser.add_argument("--report-only", action="store_true", help="measure nothing: show what is in --output again")
    parser.add_argument(
        "--readme", action="store_true", help="write the tables into the README, and the plot beside it"
    )
    options = parser.parse_args(arguments)
    options.minutes = options.minutes or (QUICK_MINUTES if options.quick else FULL_MINUTES)
    options.output = options.output or options.cache / "results"
    return options


def _list(words: str) -> list[str]:
    known = {*SERVERS, *map(family, SERVERS)}
    return _known(words, known)


def _workload_names(words: str) -> list[str]:
    return _known(words, set(WORKLOADS))


def _known(words: str, known: set[str]) -> list[str]:
    found = words.split(",")
    for word in found:
        if word not in known:
            raise argparse.ArgumentTypeError(f"no {word!r} here; there are {', '.join(sorted(known))}")
    return found


def _interrupted(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
