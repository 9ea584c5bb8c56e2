"""`Model.profile`: a real load test on the rows of a data set, in a service that is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deployer import BROKEN, Deployer, deployer

from jupyter_mldeploy import services
from jupyter_mldeploy.core import Model, Workspace, _load_test
from jupyter_mldeploy.core._profiling import percentile
from jupyter_mldeploy.core.exceptions import UserErrorException, WebserviceException
from jupyter_mldeploy.core.profile import ModelProfile

BUSY = """
    import json, time

    def init():
        global ballast
        ballast = bytearray(b"x") * 150_000_000

    def run(raw_data):
        seconds = json.loads(raw_data)["busy"]
        if seconds < 0:
            raise ValueError("less than no time")
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass
        return "done"
"""


class Rows:
    """What a tabular data set is to a profile."""

    def __init__(self, *columns: list[Any]) -> None:
        self.columns = columns

    def to_pandas_dataframe(self) -> pd.DataFrame:
        return pd.DataFrame(dict(enumerate(self.columns)))


@pytest.fixture
def own(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    monkeypatch.setattr(_load_test, "LEAST_SECONDS", 1.0)
    with deployer(ws, tmp_path) as made:
        yield made
        assert not [name for name in services.names(ws._home) if name.startswith("profile-")]
        assert not list(ws._home.services.glob("profile-*"))


def test_latency_throughput_cpu_and_memory_are_measured(own: Deployer) -> None:
    rows = Rows(['{"busy": 0.02}'] * 9 + ['{"busy": 0.06}'])
    profile = Model.profile(own.ws, "busy", [], own.inference(BUSY), rows, cpu=1.0, memory_in_gb=0.5, description="d")
    profile.wait_for_completion(show_output=True)
    found = profile.get_details()
    assert (found["state"], found["successRate"], found["requestedCpu"], found["description"]) == (
        "Succeeded",
        100.0,
        1.0,
        "d",
    )
    assert found["totalQueries"] == found["successQueries"] >= 20
    assert 20 <= found["latencyPercentile50InMs"] < 40
    assert found["latencyPercentile50InMs"] <= found["latencyPercentile90InMs"] <= found["latencyPercentile95InMs"]
    assert 60 <= found["latencyPercentile99InMs"] <= found["latencyPercentile999InMs"]
    assert 0.4 < found["maxUtilizedCpu"] < 1.6, "one worker is busy all the time"
    assert 0.15 < found["maxUtilizedMemoryInGB"] < 0.4, "the ballast counts"
    assert 0.2 <= found["recommendedMemoryInGB"] <= 0.5
    assert 0.5 <= found["recommendedCpu"] <= 2.0
    assert 10 < found["measuredQueriesPerSecond"] < 50
    assert (
        ModelProfile(own.ws, "busy").get_details()
        == found
        == {k: v for k, v in profile.serialize().items() if v is not None}
    )


def test_failed_requests_are_counted_and_shown(own: Deployer) -> None:
    rows = Rows(['{"busy": 0}', '{"busy": -1}'])
    found = Model.profile(own.ws, "half", [], own.inference(BUSY), rows).get_details()
    assert 40 < found["successRate"] < 60
    assert found["state"] == "Succeeded"
    profile = Model.profile(own.ws, "none", [], own.inference(BUSY), Rows(['{"busy": -1}']))
    with pytest.raises(WebserviceException, match=r"(?s)status 500: .*ValueError: less than no time"):
        profile.wait_for_completion()


def test_a_script_that_does_not_start_is_a_failed_profile_with_its_traceback(own: Deployer) -> None:
    profile = Model.profile(own.ws, "broken", [], own.inference(BROKEN), Rows(["{}"]))
    assert profile.state == "Failed"
    with pytest.raises(WebserviceException, match="no such model in here"):
        profile.wait_for_completion()
    assert "recommendedCpu" not in profile.get_details()


@pytest.mark.parametrize(
    ("dataset", "why"),
    [
        ("{}", "is a str: give a TabularDataset"),
        (None, "NoneType"),
        (Rows([]), "has no rows"),
        (Rows(["a"], ["b"]), "has 2 columns"),
        (Rows(["a", 1]), "holds 1; its rows are texts"),
        (Rows([1.5]), "holds 1.5"),
    ],
)
def test_a_data_set_of_another_shape_is_refused_before_any_work(dataset: Any, why: str, own: Deployer) -> None:
    with pytest.raises(UserErrorException, match=why):
        Model.profile(own.ws, "shape", [], own.inference(), dataset)


@pytest.mark.parametrize(
    "given",
    [{"cpu": 0.05}, {"cpu": 3.6}, {"cpu": "1"}, {"memory_in_gb": 0}, {"memory_in_gb": 15.1}, {"profile_name": "../x"}],
)
def test_a_value_out_of_range_is_refused_before_any_work(given: dict[str, Any], own: Deployer) -> None:
    with pytest.raises(UserErrorException):
        Model.profile(
            **{
                "workspace": own.ws,
                "profile_name": "range",
                "models": [],
                "inference_config": own.inference(),
                "input_dataset": Rows(["{}"]),
                **given,
            }
        )


def test_an_unknown_profile_says_so_first(own: Deployer) -> None:
    with pytest.raises(WebserviceException) as caught:
        ModelProfile(own.ws, "nobody")
    assert caught.value.message.startswith("ModelProfileNotFound")


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.9, 0.999, 0.0)] == [50.0, 90.0, 100.0, 1.0]
    assert percentile([7.0], 0.99) == 7.0


def test_ps_tells_the_same_as_the_kernels_files(own: Deployer) -> None:
    import os

    seconds, memory = _load_test._by_ps(os.getpid())
    exact_seconds, exact_memory = _load_test.usage(os.getpid())
    assert abs(seconds - exact_seconds) < 2.5
    assert abs(memory - exact_memory) < 0.3 * exact_memory
