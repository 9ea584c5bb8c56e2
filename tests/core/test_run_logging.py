"""What a run logs and reads back: v1's rules, one row each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mldeploy.core import Run
from jupyter_mldeploy.core._run_logging import joined, loggable
from jupyter_mldeploy.core.exceptions import AzureMLException, UserErrorException

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (0.5, 0.5),
        (3, 3),
        ("text", "text"),
        (numpy.float64(0.25), 0.25),
        (numpy.float32(0.5), 0.5),
        (numpy.int64(7), 7),
        (numpy.array(2.5), 2.5),
        ((1, 2), "(1, 2)"),
        ({"a": 1}, "{'a': 1}"),
        (None, "None"),
        (numpy.array([1, 2]), "array([1, 2])"),
        (b"x", "b'x'"),
    ],
    ids=repr,
)
def test_log_keeps_numbers_and_texts_and_the_repr_of_the_rest(run: Run, value: object, stored: object) -> None:
    run.log("value", value)
    assert run.get_metrics() == {"value": stored}


@pytest.mark.parametrize("value", [[1], range(3), (n for n in (1, 2))], ids=["list", "range", "generator"])
def test_log_refuses_many_values_and_points_to_log_list(run: Run, value: object) -> None:
    with pytest.raises(UserErrorException, match="log_list"):
        run.log("value", value)
    assert run.get_metrics() == {}


def test_a_name_logged_once_is_a_value_and_again_a_list(run: Run) -> None:
    run.log("once", 1, "with a description", 5)
    for value in (1, 2):
        run.log("again", value, step=value)
    run.log_list("list", [numpy.float64(1), 2.0])
    assert run.get_metrics() == {"once": 1, "again": [1, 2], "list": [1, 2]}
    assert run.get_metrics("again") == {"again": [1, 2]}
    assert run.get_metrics(name="unknown") == {}


def test_rows_and_tables_are_dicts_of_columns(run: Run) -> None:
    run.log_row("one", "described", x=1, y="a")
    for x in (1, 2):
        run.log_row("two", x=x, y=x * x)
    run.log_table("table", {"x": [1, numpy.int64(2)], "y": range(2)})
    assert run.get_metrics() == {
        "one": {"x": 1, "y": "a"},
        "two": {"x": [1, 2], "y": [1, 4]},
        "table": {"x": [1, 2], "y": [0, 1]},
    }


@pytest.mark.parametrize("value", [[1, 2], "text", {"x": [1], "y": [1, 2]}], ids=["list", "text", "uneven"])
def test_a_table_that_is_none_is_refused(run: Run, value: object) -> None:
    with pytest.raises(UserErrorException):
        run.log_table("table", value)  # type: ignore[arg-type]


@pytest.mark.parametrize("call", ["log_confusion_matrix", "log_accuracy_table", "log_residuals", "log_predictions"])
def test_objects_are_dicts_or_json_texts(run: Run, call: str) -> None:
    getattr(run, call)("as-dict", {"schema_type": "x", "data": {"n": [1]}})
    getattr(run, call)("as-text", '{"schema_type": "y"}')
    assert run.get_metrics() == {"as-dict": {"schema_type": "x", "data": {"n": [1]}}, "as-text": {"schema_type": "y"}}
    for bad in ("no json", "[1]", [1], {"x": object()}):
        with pytest.raises(UserErrorException):
            getattr(run, call)("bad", bad)


def test_a_plot_becomes_a_png_of_the_run(run: Run) -> None:
    class Plot:
        def savefig(self, file: object, format: str) -> None:
            assert format == "png"
            file.write(PNG)  # type: ignore[attr-defined]

    run.log_image("curve", plot=Plot())
    run.log_image("curve", plot=Plot(), description="the same second again")
    keys = run.get_file_names()
    assert len(keys) == 2
    assert all(key.startswith("curve_") and key.endswith(".png") for key in keys)
    assert sorted(run.get_metrics()["curve"]) == keys


def test_an_image_file_is_checked_by_its_content(run: Run, here: Path) -> None:
    Path("real.png").write_bytes(PNG)
    Path("fake.png").write_text("no image")
    run.log_image("image", path="real.png")
    with pytest.raises(UserErrorException, match="not an image"):
        run.log_image("image", "fake.png")
    with pytest.raises(UserErrorException, match=r"missing\.png"):
        run.log_image("image", "missing.png")


@pytest.mark.parametrize("arguments", [{}, {"path": "a.png", "plot": object()}], ids=["neither", "both"])
def test_an_image_is_exactly_one_of_path_and_plot(run: Run, arguments: dict[str, object]) -> None:
    with pytest.raises(AzureMLException, match="exactly one"):
        run.log_image("image", **arguments)  # type: ignore[arg-type]


def test_metrics_of_children_are_joined_when_asked(run: Run) -> None:
    run.log("auc", 1)
    child = run.child_run()
    child.log("auc", 2)
    child.child_run().log("own", 3)
    assert run.get_metrics() == {"auc": 1}
    assert run.get_metrics(recursive=True) == {"auc": [1, 2], "own": 3}


@given(st.one_of(st.integers(), st.floats(allow_nan=False), st.text(), st.booleans()))
def test_plain_values_are_logged_as_they_are(value: object) -> None:
    assert loggable(value) == value


@given(st.dictionaries(st.text(), st.integers()), st.dictionaries(st.text(), st.integers()))
def test_joining_loses_no_value(one: dict[str, int], other: dict[str, int]) -> None:
    both = joined(one, other)
    assert both.keys() == one.keys() | other.keys()
    for key in one.keys() & other.keys():
        assert both[key] == [one[key], other[key]]


def test_numpy_is_not_imported_to_log(tmp_path: Path) -> None:
    code = (
        "import sys; from jupyter_mldeploy.core._run_logging import loggable; loggable(1.5); "
        "sys.exit('numpy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
