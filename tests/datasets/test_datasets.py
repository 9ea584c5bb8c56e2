from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mldeploy.core import Dataset, Workspace
from jupyter_mldeploy.core._data import DataType, OutputFileDatasetConfig, TabularDataset, steps
from jupyter_mldeploy.core._data.datapath import DataPath
from jupyter_mldeploy.core._data.dataset_type_definitions import PromoteHeadersBehavior
from jupyter_mldeploy.core.exceptions import AzureMLException, UserErrorException

pd = pytest.importorskip("pandas")


@pytest.fixture
def table(ws: Workspace) -> TabularDataset:
    store = ws.get_default_datastore()
    store.upload("data", "diabetes-data", show_progress=False)
    return Dataset.Tabular.from_delimited_files(path=(store, "diabetes-data/*.csv"))


def ages(dataset: TabularDataset) -> list[int]:
    return [int(age) for age in dataset.to_pandas_dataframe()["Age"]]


def test_files_become_one_frame_with_types(table: TabularDataset) -> None:
    frame = table.to_pandas_dataframe()
    assert list(frame.columns) == ["PatientID", "Age", "When"] and len(frame) == 20
    assert frame["Age"].dtype == "int64" and pd.api.types.is_datetime64_any_dtype(frame["When"])
    assert list(frame.index) == list(range(20))


def test_rows_and_columns_are_chosen_in_order(table: TabularDataset) -> None:
    assert ages(table.take(3)) == [20, 21, 22]
    assert ages(table.skip(18)) == [28, 29]
    assert ages(table.skip(1).take(2)) == [21, 22]
    assert list(table.drop_columns("Age").to_pandas_dataframe()) == ["PatientID", "When"]
    assert list(table.keep_columns(["When", "Age"]).to_pandas_dataframe()) == ["When", "Age"]
    assert ages(table.filter((table["Age"] > 26) & ~(table["Age"] == 28)).take(2)) == [27, 29]


def test_a_split_parts_the_rows_the_same_way_at_every_reading(table: TabularDataset) -> None:
    train, test = table.random_split(percentage=0.7, seed=1)
    first, second = train.to_pandas_dataframe(), test.to_pandas_dataframe()
    assert (len(first), len(second)) == (14, 6)
    assert sorted([*first["PatientID"], *second["PatientID"]]) == sorted(table.to_pandas_dataframe()["PatientID"])
    assert list(train.to_pandas_dataframe()["PatientID"]) == list(first["PatientID"])
    unseeded, rest = table.random_split(0.5)
    assert set(unseeded.to_pandas_dataframe()["PatientID"]).isdisjoint(rest.to_pandas_dataframe()["PatientID"])


@given(st.integers(0, 60), st.floats(0, 1), st.integers(0, 2**31))
def test_a_split_loses_and_doubles_nothing(count: int, percentage: float, seed: int) -> None:
    options = {"percentage": percentage, "seed": seed}
    parts = [steps.positions(count, [("split", {**options, "first": first})]) for first in (True, False)]
    assert sorted(parts[0] + parts[1]) == list(range(count))


def test_times_choose_rows(table: TabularDataset) -> None:
    timed = table.with_timestamp_columns("When")
    assert len(timed.time_after(datetime(2020, 2, 1)).to_pandas_dataframe()) == 10
    assert len(timed.time_between(datetime(2020, 1, 2), datetime(2020, 1, 3)).to_pandas_dataframe()) == 2
    assert len(timed.time_before(datetime(2020, 1, 2), include_boundary=False).to_pandas_dataframe()) == 1
    with pytest.raises(UserErrorException, match="with_timestamp_columns"):
        table.time_before(datetime(2020, 1, 1))


def test_a_registered_dataset_is_found_by_name_version_and_id(ws: Workspace, table: TabularDataset) -> None:
    first = table.register(ws, "diabetes dataset", description="d", tags={"format": "CSV"}, create_new_version=True)
    assert (first.name, first.version, first.tags) == ("diabetes dataset", 1, {"format": "CSV"})
    assert table.register(ws, "diabetes dataset", create_new_version=True).version == 1, "the same content"
    second = table.take(5).register(ws, "diabetes dataset", create_new_version=True)
    assert second.version == 2 == ws.datasets["diabetes dataset"].version
    assert len(Dataset.get_by_name(ws, "diabetes dataset").to_pandas_dataframe()) == 5
    assert len(Dataset.get_by_name(ws, "diabetes dataset", version=1).to_pandas_dataframe()) == 20
    assert Dataset.get_by_id(ws, first.id).version == 1
    assert [*Dataset.get_all(ws)] == ["diabetes dataset"]


def test_other_content_under_a_name_needs_create_new_version(ws: Workspace, table: TabularDataset) -> None:
    table.register(ws, "d")
    with pytest.raises(UserErrorException, match="create_new_version=True"):
        table.take(1).register(ws, "d")


def test_numbers_are_not_given_again(ws: Workspace, table: TabularDataset) -> None:
    table.register(ws, "d").unregister_all_versions()
    assert ws.datasets == {}
    assert table.register(ws, "d").version == 2


def test_tags_and_description_change(ws: Workspace, table: TabularDataset) -> None:
    dataset = table.register(ws, "d", tags={"a": 1})
    dataset.add_tags({"b": "2"})
    dataset.remove_tags(["a"])
    dataset.update(description="new")
    again = Dataset.get_by_name(ws, "d")
    assert again.tags == {"b": "2"} and again.description == "new"


def test_an_unregistered_dataset_is_found_by_its_id(ws: Workspace, table: TabularDataset) -> None:
    assert ages(Dataset.get_by_id(ws, table.take(2).id)) == [20, 21]
    local = Dataset.Tabular.from_delimited_files("data/diabetes1.csv")
    assert ages(Dataset.get_by_id(ws, local.id)) == list(range(20, 30))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda ws: Dataset.get_by_name(ws, "nope"), "Registered datasets: known"),
        (lambda ws: Dataset.get_by_name(ws, "known", version=7), "Versions: 1"),
        (lambda ws: Dataset.get_by_id(ws, "../../config"), "is no id"),
        (lambda ws: Dataset.get_by_name(ws, "known").drop_columns("nope").to_pandas_dataframe(), "Columns: Age"),
        (lambda ws: Dataset.Tabular.from_delimited_files("data/nope.csv"), "diabetes1.csv"),
        (lambda ws: Dataset.Tabular.from_delimited_files((ws.get_default_datastore(), "no/*.csv")), "diabetes-data"),
        (lambda ws: Dataset.Tabular.from_delimited_files("http://127.0.0.1:9/x.csv"), "cannot be fetched"),
        (lambda ws: Dataset.Tabular.from_delimited_files(7), "is no path"),
        (lambda ws: Dataset.get_by_name(ws, "known").random_split(2), "outside 0 to 1"),
        (lambda ws: Dataset.auto_read_files("x"), "from_delimited_files"),
    ],
)
def test_what_cannot_be_says_what_exists(ws: Workspace, table: TabularDataset, call: Any, said: str) -> None:
    table.register(ws, "known")
    with pytest.raises(AzureMLException) as caught:
        call(ws)
    assert said in caught.value.message


def test_options_of_delimited_files_are_kept(ws: Workspace) -> None:
    Path("data/odd.csv").write_text("1;07;yes\n2;08;no\n")
    plain = Dataset.Tabular.from_delimited_files("data/odd.csv", separator=";", header=False)
    assert list(plain.to_pandas_dataframe()) == ["Column1", "Column2", "Column3"]
    types = {"Column3": DataType.to_bool(), "Column1": DataType.to_float()}
    typed = Dataset.Tabular.from_delimited_files(
        "data/odd.csv", separator=";", header=False, infer_column_types=False, set_column_types=types, include_path=True
    ).register(ws, "typed")
    frame = Dataset.get_by_name(ws, typed.name).to_pandas_dataframe()
    assert frame.values.tolist() == [["/odd.csv", 1.0, "07", True], ["/odd.csv", 2.0, "08", False]]


def test_lines_are_rows_whatever_is_in_them(ws: Workspace) -> None:
    """How v1's samples read the bodies for `Model.profile`."""
    lines = ['{"data": [[1, 2], [3, 4]], "text": "a, b"}', '"quoted"', "null"]
    Path("bodies.txt").write_text("\n".join(lines))
    behaviour = PromoteHeadersBehavior.NO_HEADERS
    table = Dataset.Tabular.from_delimited_files(
        "bodies.txt", separator="\n", infer_column_types=True, header=behaviour
    )
    assert table.to_pandas_dataframe().Column1.tolist() == lines


def test_parts_of_paths_become_columns(ws: Workspace) -> None:
    for year in (2019, 2020):
        Path(f"data/{year}/05").mkdir(parents=True)
        Path(f"data/{year}/05/x.csv").write_text("a\n1\n")
    form = "{when:yyyy/MM}/{name}.csv"
    frame = Dataset.Tabular.from_delimited_files("data/20*/**/*.csv", partition_format=form).to_pandas_dataframe()
    assert [when.year for when in frame["when"]] == [2019, 2020] and list(frame["name"]) == ["x", "x"]


def test_a_frame_is_written_and_registered(ws: Workspace) -> None:
    frame = pd.DataFrame({"n": [1, 2], "text": ["07", "b"], "x": [0.5, None]})
    store = ws.get_default_datastore()
    made = Dataset.Tabular.register_pandas_dataframe(frame, (store, "frames"), "frame", show_progress=False)
    pd.testing.assert_frame_equal(Dataset.get_by_name(ws, "frame").to_pandas_dataframe(), frame, check_dtype=False)
    assert made.version == 1
    assert Dataset.Tabular.register_pandas_dataframe(frame, store, "frame", show_progress=False).version == 2
    bare = Dataset.Tabular.from_pandas_dataframe(frame)
    pd.testing.assert_frame_equal(bare.to_pandas_dataframe(), frame, check_dtype=False)
    assert str(ws._home.path.parent) in repr(bare), "kept with the workspaces, not in a folder that the system empties"


def test_json_lines_are_read(ws: Workspace) -> None:
    Path("data/x.jsonl").write_text('{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n')
    assert ages_of(Dataset.Tabular.from_json_lines_files("data/x.jsonl")) == [[1, "x"], [2, "y"]]


def ages_of(dataset: TabularDataset) -> list[Any]:
    return list(dataset.to_pandas_dataframe().values.tolist())


def test_files_are_listed_downloaded_and_mounted(ws: Workspace) -> None:
    store = ws.get_default_datastore()
    dataset = Dataset.File.upload_directory("data", DataPath(store, "files"), show_progress=False)
    assert dataset.to_path() == ["/diabetes1.csv", "/diabetes2.csv"]
    assert dataset.take(1).to_path() == ["/diabetes1.csv"]
    dataset = dataset.register(ws, "files")
    assert Path(dataset.download("out")[0]).read_text() == Path("data/diabetes1.csv").read_text()
    with pytest.raises(UserErrorException, match="overwrite=True"):
        dataset.download("out")
    with dataset.mount() as mounted:
        assert sorted(path.name for path in Path(mounted.mount_point).iterdir()) == ["diabetes1.csv", "diabetes2.csv"]
    assert not Path(mounted.mount_point).exists() and len(dataset.to_path()) == 2, "the files themselves stay"


def test_an_input_is_an_id_or_a_folder(ws: Workspace, table: TabularDataset) -> None:
    named = table.as_named_input("training_data")
    assert named._as_argument() == table.id and named.name == "training_data"
    files = Dataset.File.from_files((ws.get_default_datastore(), "diabetes-data"))
    for chosen in (files.as_named_input("x").as_mount(), files.as_download()):
        folder = Path(chosen._as_argument())
        assert sorted(path.name for path in folder.iterdir()) == ["diabetes1.csv", "diabetes2.csv"]
        assert chosen._as_input() == str(folder), "the argument and the input are one folder"
    with pytest.raises(UserErrorException, match="cannot name an input"):
        table.as_named_input("no name")


def test_an_output_is_a_folder_of_a_datastore(ws: Workspace) -> None:
    output = OutputFileDatasetConfig("prepared", destination=(ws.get_default_datastore(), "out/{output-name}"))
    Path(output._as_argument(), "x.txt").write_text("1")
    assert Dataset.File.from_files((ws.get_default_datastore(), "out/prepared")).to_path() == ["/x.txt"]


@pytest.fixture
def site(ws: Workspace) -> Iterator[str]:
    """A web server on the current folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_the_web_has_is_read_where_it_can_be_reached(site: str) -> None:
    assert ages(Dataset.Tabular.from_delimited_files(f"{site}/data/diabetes1.csv").take(2)) == [20, 21]
    with pytest.raises(AzureMLException, match="404"):
        Dataset.Tabular.from_delimited_files(f"{site}/data/nope.csv")


def test_a_model_gives_back_its_sample_dataset(ws: Workspace, table: TabularDataset) -> None:
    from jupyter_mldeploy.core import Model

    dataset = table.drop_columns("When").register(ws, "sample")
    Path("model.txt").write_text("1")
    model = Model.register(ws, "model.txt", "m", sample_input_dataset=dataset, datasets=[("training", dataset)])
    assert Model(ws, "m").sample_input_dataset.name == "sample"
    assert model.sample_output_dataset is None and model.datasets == {"training": [dataset.id]}
    assert [found.name for found in Model.list(ws, dataset_id=dataset.id)] == ["m"]
