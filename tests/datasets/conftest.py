"""A workspace and two CSV files in the current folder; nothing here needs a store of models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mldeploy.core import Workspace


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "here" / "data").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    for number in (1, 2):
        rows = [f"{number}{row},{20 + row},2020-0{number}-{row + 1:02d}" for row in range(10)]
        Path(f"data/diabetes{number}.csv").write_text("\n".join(["PatientID,Age,When", *rows]) + "\n")
    yield Workspace("a-subscription", "a-group", "datasets")
