"""`azureml.monitoring.ModelDataCollector` inside a service: what is collected is read back by pandas as it was."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest
from pandas.testing import assert_frame_equal

from .test_shims import SCRIPT, outcome
from .test_standalone import interpreters
from .worker_driver import SERVER, Worker, write

CORRELATION, TIMESTAMP = "$aml_dc_correlation_id", "$aml_dc_scoring_timestamp"
ADDED = [
    CORRELATION,
    TIMESTAMP,
    "$aml_dc_boundary",
    "$aml_workspace",
    "$aml_service_name",
    "$aml_model_name",
    "$aml_model_version",
    "$aml_request_id",
]
START = """
import datetime, decimal, math, time
import numpy, pandas
from azureml.monitoring import ModelDataCollector
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    root = write(tmp_path_factory.mktemp("app"), SCRIPT)
    with Worker(root, MLDEPLOY_MODELDATA=str(tmp_path_factory.mktemp("data"))) as worker:
        worker.root = root  # type: ignore[attr-defined]
        yield worker.ready()


def run(worker: Worker, code: str) -> Any:
    found = outcome(worker, START + code)
    assert not (isinstance(found, str) and "Traceback" in found), found
    return found


def files(worker: Worker, model: str) -> list[Path]:
    """The files of a model, in the order in which they were begun."""
    found = run(worker, "import os\nout = os.environ['MLDEPLOY_MODELDATA']")
    return sorted(
        Path(found).glob(f"*/*/*/*/{model}/**/*.csv"), key=lambda path: (path.parent, len(path.name), path.name)
    )


def collected(worker: Worker, model: str) -> pandas.DataFrame:
    """The one file of a model, as pandas reads it."""
    (path,) = files(worker, model)
    return pandas.read_csv(path)


TEXTS = '["plain", "a,b", "two\\nlines", "cr\\rlf\\r\\nend", "quo\\"te", "Grüße 🙂", " spaces "]'
# what is collected → what pandas reads
KINDS = {
    "pandas.DataFrame({'n': [1, 2**60 + 1], 'x': [0.1, 1e-300], 't': ['a', 'b,c'], 'b': [True, False]})": None,
    "pandas.DataFrame({'a': [1.5, math.nan], 'b': ['x', None]})": None,
    f"pandas.DataFrame({{'text': {TEXTS}}})": None,
    "pandas.Series([1, 2, 3], name='y')": {"y": [1, 2, 3]},
    "pandas.Series(['a', 'b'])": {"0": ["a", "b"]},
    "numpy.array([7, 8])": {"0": [7], "1": [8]},
    "numpy.array([[1.25, 2], [3, 4]])": {"0": [1.25, 3.0], "1": [2.0, 4.0]},
    "numpy.array([[0.1]], dtype='float32')": {"0": [float.fromhex("0x1.99999a0000000p-4")]},
    "numpy.arange(12).reshape(2, 3, 2)": {str(n): [n, n + 6] for n in range(6)},
    "[1, 'two', 3.5]": {"0": [1], "1": ["two"], "2": [3.5]},
    "[numpy.int64(1), numpy.float64(0.5)]": {"0": [1], "1": [0.5]},
    "[[1, 2], [3, 4]]": {"0": [1, 3], "1": [2, 4]},
    "[(1, 2), [3]]": {"0": [1, 3], "1": [2.0, None]},
    "[numpy.array([1, 2]), numpy.array([3, 4])]": {"0": [1, 3], "1": [2, 4]},
    "[{'a': 1, 'b': 'x'}, {'b': 'y', 'c': 2.5}]": {"a": [1.0, None], "b": ["x", "y"], "c": [None, 2.5]},
    "{'a': 1, 'deep': {'b': [1, 2]}}": {"a": [1], "deep": ['{"b": [1, 2]}']},
    "0.5": {"0": [0.5]},
    "numpy.float32(0.5)": {"0": [0.5]},
    "'a text, with a comma'": {"0": ["a text, with a comma"]},
    "b'\\xff\\x00bytes'.replace(b'\\x00', b'')": {"0": ["\\xffbytes"]},
    "decimal.Decimal('1.5')": {"0": [1.5]},
    "'\\ud800'": {"0": ["\\ud800"]},
}


@pytest.mark.parametrize("number", range(len(KINDS)), ids=KINDS)
def test_pandas_reads_back_what_was_collected(worker: Worker, number: int) -> None:
    code, expected = list(KINDS.items())[number]
    run(worker, f"ModelDataCollector('kind{number}').collect({code})")
    found = collected(worker, f"kind{number}")
    assert list(found.columns[-len(ADDED) :]) == ADDED
    meant = eval(code, {"pandas": pandas, "math": __import__("math")}) if expected is None else expected
    assert_frame_equal(found.iloc[:, : -len(ADDED)], pandas.DataFrame(meant), rtol=0)


def test_times_are_read_back_as_times(worker: Worker) -> None:
    run(
        worker, "ModelDataCollector('times').collect(pandas.DataFrame({'t': pandas.to_datetime(['2020-01-02', None])}))"
    )
    (path,) = files(worker, "times")
    found = pandas.read_csv(path, parse_dates=["t", TIMESTAMP])
    assert found["t"][0] == pandas.Timestamp("2020-01-02")
    assert pandas.isna(found["t"][1])
    assert abs(found[TIMESTAMP][0] - pandas.Timestamp.now("UTC").tz_localize(None)).total_seconds() < 60


def test_the_path_names_workspace_service_model_version_designation_and_day(worker: Worker) -> None:
    run(
        worker,
        "for designation in ('inputs', 'signals', 'default'):\n"
        "    ModelDataCollector('Model', designation, ['a'], 'SUB/Group/ws', 'svc', 3, 'mine').collect([1])",
    )
    run(worker, "ModelDataCollector('../../evil', '..', collection_name='../x').collect([1])")
    day = pandas.Timestamp.now("UTC").strftime("%Y/%m/%d")
    root = files(worker, "Model")[0].parents[10]
    assert sorted(str(path.relative_to(root)) for path in files(worker, "Model")) == [
        f"sub/group/ws/svc/Model/3/default/{day}/mine.csv",
        f"sub/group/ws/svc/Model/3/inputs/{day}/inputs.csv",
        f"sub/group/ws/svc/Model/3/signals/{day}/mine.csv",
    ]
    assert (root / f"default/default/default/default/_.._evil/default/default/{day}/_x.csv").exists()


def test_feature_names_are_the_columns_and_what_is_more_is_numbered(worker: Worker) -> None:
    run(worker, "ModelDataCollector('named', feature_names=['a', 'b']).collect([[1, 2, 3], [4, 5, 6]])")
    assert list(collected(worker, "named").columns) == ["a", "b", "2", *ADDED]
    run(worker, "ModelDataCollector('fewer', feature_names=['a', 'b']).collect(numpy.array([1]))")
    assert list(collected(worker, "fewer").columns) == ["a", "b", *ADDED]


CORRELATED = {
    "list": "[0.5, 1]",
    "rows": "[[0.5, 1], [1.5, 2]]",
    "array": "numpy.array([0.5, 1])",
    "matrix": "numpy.array([[0.5, 1], [1.5, 2]])",
    "frame": "pandas.DataFrame({'p': [0.5, 1.5], 'q': [1, 2]})",
    "records": "[{'p': 0.5, 'q': 1}, {'p': 1.5, 'q': 2}]",
}


@pytest.mark.parametrize("kind", CORRELATED)
def test_inputs_and_predictions_share_an_id(worker: Worker, kind: str) -> None:
    run(
        worker,
        f"inputs = ModelDataCollector('in-{kind}', 'inputs', ['a', 'b'])\n"
        f"predictions = ModelDataCollector('out-{kind}', 'predictions', ['p', 'q'])\n"
        "told = inputs.collect(numpy.array([[1, 2]]), 'mine')\n"
        f"given = {CORRELATED[kind]}\n"
        "more = predictions.add_correlations(given, told)\n"
        "out = type(more) is type(given)\nassert out\npredictions.collect(more)",
    )
    asked, answered = collected(worker, f"in-{kind}"), collected(worker, f"out-{kind}")
    assert list(answered.columns) == ["p", "q", *ADDED]
    assert asked[CORRELATION][0].startswith("mine-")
    assert set(answered[CORRELATION]) == set(asked[CORRELATION])
    assert set(answered[TIMESTAMP]) == set(asked[TIMESTAMP])
    assert answered[["p", "q"]].to_numpy().tolist()[0] == [0.5, 1]


def test_other_columns_begin_another_file_and_known_ones_go_on_in_theirs(worker: Worker) -> None:
    for names in ("['a', 'b']", "['a', 'c']", "['a', 'b']", "['a']", "['a', 'c']"):
        run(worker, f"ModelDataCollector('changing').collect(pandas.DataFrame(1, index=[0], columns={names}))")
    found = files(worker, "changing")
    assert [path.name for path in found] == ["default.csv", "default-2.csv", "default-3.csv"]
    tables = [pandas.read_csv(path) for path in found]
    assert [(list(table.columns[:-8]), len(table)) for table in tables] == [
        (["a", "b"], 2),
        (["a", "c"], 2),
        (["a"], 1),
    ]


def test_a_line_that_a_killed_process_left_unfinished_is_left_alone(worker: Worker) -> None:
    run(worker, "ModelDataCollector('torn').collect([1])")
    (path,) = files(worker, "torn")
    with path.open("ab") as file:
        file.write(b'2,"torn')
    run(worker, "ModelDataCollector('torn').collect([3])")
    assert pandas.read_csv(files(worker, "torn")[1])["0"].tolist() == [3]


def test_a_new_day_begins_a_new_folder(worker: Worker) -> None:
    run(
        worker,
        "collector, real = ModelDataCollector('days'), time.time\n"
        "for moment in (1709251199.5, 1709251200.5):\n"  # around midnight after 29 February 2024, UTC
        "    time.time = lambda: moment\n    collector.collect([moment])\n"
        "time.time = real",
    )
    assert [str(path.parent)[-10:] for path in files(worker, "days")] == ["2024/02/29", "2024/03/01"]
    assert [pandas.read_csv(path)["0"].tolist() for path in files(worker, "days")] == [[1709251199.5], [1709251200.5]]


def test_version_and_service_are_known_without_being_given(tmp_path: Path) -> None:
    root = write(tmp_path / "app", SCRIPT)
    write(root, "x", "azureml-models/m/2/file")
    write(root, "x", "azureml-models/m/10/file")
    with Worker(root, SERVICE_NAME="my-service") as worker:
        run(worker.ready(), "ModelDataCollector('m', 'labels').collect([1])")
    (path,) = (root / "modeldata").rglob("*.csv")
    assert "/my-service/m/10/labels/" in str(path)


MANY = """
import sys
sys.path.insert(0, sys.argv[1])
from azureml.monitoring import ModelDataCollector
collector = ModelDataCollector("many", "inputs", ["process", "number", "text"])
for number in range(200):
    collector.collect([[int(sys.argv[2]), number, "x,\\n" * (number % 50)], [int(sys.argv[2]), -number, ""]])
"""


def test_four_processes_at_once_never_interleave(tmp_path: Path) -> None:
    environment = {"MLDEPLOY_MODELDATA": str(tmp_path)}
    command = [sys.executable, "-c", MANY, str(SERVER / "shims")]
    writers = [subprocess.Popen([*command, str(n)], env=environment) for n in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    (path,) = tmp_path.rglob("*.csv")
    found = pandas.read_csv(path)
    assert len(found) == 4 * 200 * 2
    for process in range(4):
        own = found[found["process"] == process]
        assert own["number"].tolist() == [n for number in range(200) for n in (number, -number)]
        assert own["text"].fillna("").tolist()[::2] == ["x,\n" * (number % 50) for number in range(200)]
    assert found[CORRELATION].nunique() == 800


@pytest.mark.parametrize("kind", sorted(interpreters()))
def test_it_collects_under_every_other_python_that_is_here(kind: str, tmp_path: Path) -> None:
    with Worker(write(tmp_path, SCRIPT), python=interpreters()[kind]) as worker:
        code = (
            "from azureml.monitoring import ModelDataCollector\ncollector = ModelDataCollector('m', 'inputs', ['a'])\n"
        )
        code += "told = collector.collect([['cr\\rlf\\n'], [2]], 'x')\nout = collector.add_correlations([3], told)\n"
        assert len(outcome(worker.ready(), code)) == 9  # type: ignore[arg-type]
    (path,) = tmp_path.rglob("*.csv")
    assert pandas.read_csv(path)["a"].tolist() == ["cr\rlf\n", "2"]


def test_switched_off_it_does_nothing_and_says_so_once(tmp_path: Path) -> None:
    with Worker(write(tmp_path, SCRIPT), AML_MODEL_DC_STORAGE_ENABLED="false") as worker:
        code = "out = [ModelDataCollector('m').collect([1]), ModelDataCollector('n').add_correlations([1], None)]"
        assert run(worker.ready(), code) == [None, [1]]
        assert [entry["x"] for entry in worker.logs if "not collected" in entry["x"]] == [
            "Model data is not collected: AML_MODEL_DC_STORAGE_ENABLED is false."
        ]
    assert not list(tmp_path.rglob("*.csv"))


def test_debug_prints_what_is_collected_and_where(tmp_path: Path) -> None:
    with Worker(write(tmp_path, SCRIPT), AML_MODEL_DC_DEBUG="true") as worker:
        run(worker.ready(), "ModelDataCollector('m', feature_names=['a']).collect([7])")
        said = "\n".join(entry["x"] for entry in worker.said(3))
    assert "a,$aml_dc_correlation_id," in said
    assert "\n7," in said
    assert f"Model data is collected in {tmp_path}/modeldata/default/" in said


def test_a_disk_that_takes_no_more_fails_no_request_and_leaves_whole_lines(tmp_path: Path, small_disk: Path) -> None:
    with Worker(write(tmp_path, SCRIPT), MLDEPLOY_MODELDATA=str(small_disk)) as worker:
        run(worker.ready(), "for n in range(40):\n    ModelDataCollector('m').collect([n, 'x' * 50_000])")
        assert any("cannot be written" in entry["x"] for entry in worker.logs)
    (path,) = small_disk.rglob("*.csv")
    found = pandas.read_csv(path)
    assert 5 < len(found) < 40
    assert (found["1"] == "x" * 50_000).all()


def test_the_module_has_the_names_that_scripts_import(worker: Worker) -> None:
    code = (
        "import azureml.monitoring\nfrom azureml.monitoring.modeldatacollector import ModelDataCollector as Same\n"
        "out = [Same is ModelDataCollector, Same.AML_DC_CORRELATION_HEADER]"
    )
    assert run(worker, code) == [True, CORRELATION]
