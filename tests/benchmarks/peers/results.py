"""All that a run has seen, on disk and back, so that it can be shown again without being measured again."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .figures import Figures, Sample, Standing
from .goals import goals
from .workloads import WORKLOADS, Workload


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    return f"{os.cpu_count()} cores ({model}), {platform.system()}, Python {platform.python_version()}"


@dataclass(frozen=True)
class Results:
    """The figures, and of what and when they are."""

    figures: Figures = field(default_factory=Figures)
    versions: str = ""
    machine: str = field(default_factory=machine)
    date: str = field(default_factory=lambda: time.strftime("%Y-%m-%d"))

    @property
    def workloads(self) -> list[Workload]:
        seen = {standing.workload for standing in self.figures.standings}
        return [workload for name, workload in WORKLOADS.items() if name in seen]

    def save(self, path: Path) -> None:
        content = {
            "machine": self.machine,
            "date": self.date,
            "versions": self.versions,
            "goals": [asdict(goal) for goal in goals(self.figures)],
            "standings": [asdict(standing) for standing in self.figures.standings],
            "samples": [asdict(sample) for sample in self.figures.samples],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1))


def read(path: Path) -> Results:
    content = json.loads(path.read_text())
    samples = [Sample(**sample) for sample in content["samples"]]
    figures = Figures(samples, [Standing(**standing) for standing in content["standings"]])
    return Results(figures, content["versions"], content["machine"], content["date"])
