"""`Dataset.Tabular` and `Dataset.File`: datasets from files, web addresses and pandas frames."""

from __future__ import annotations

import fnmatch
import shutil
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ...errors import InvalidInput
from .._unavailable import unavailable
from ..exceptions import DatasetTypeException, UserErrorException, translated
from . import places, reading, records, stores, transfer
from .abstract_dataset import AbstractDataset
from .file_dataset import FileDataset
from .records import DatasetRecord, Definition
from .tabular_dataset import TabularDataset

if TYPE_CHECKING:
    from ..workspace import Workspace


class DataType:
    """The types that `set_column_types` takes."""

    def __init__(self, kind: str, formats: Any = None) -> None:
        self._content = (kind, formats)

    @staticmethod
    def to_datetime(formats: Any = None) -> DataType:
        """Dates by Python's format letters; without formats as they are recognised."""
        return DataType("datetime", formats)

    @staticmethod
    def to_float(decimal_mark: str = ".") -> DataType:
        return DataType("float")

    @staticmethod
    def to_long() -> DataType:
        return DataType("long")

    @staticmethod
    def to_bool() -> DataType:
        return DataType("bool")

    @staticmethod
    def to_string() -> DataType:
        return DataType("string")

    @staticmethod
    def to_stream(workspace: Any, escaped: bool = False) -> DataType:
        return DataType("string")


class TabularDatasetFactory:
    """Makes tabular datasets. `path`: a file, a web address, `(datastore, "folder/*.csv")`, or a list of such."""

    @staticmethod
    @translated()
    def from_delimited_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        infer_column_types: bool = True,
        set_column_types: Mapping[str, DataType] | None = None,
        separator: str = ",",
        header: Any = True,
        partition_format: str | None = None,
        support_multi_line: bool = False,
        empty_as_string: bool = False,
        encoding: str = "utf8",
    ) -> TabularDataset:
        """Rows of CSV files and the like; the files lie below one another."""
        options = {
            "include_path": include_path,
            "infer_column_types": infer_column_types,
            "set_column_types": _types(set_column_types),
            "separator": separator,
            "header": _has_header(header),
            "partition_format": partition_format,
            "empty_as_string": empty_as_string,
            "encoding": encoding,
        }
        return _tabular(path, "delimited", options, validate)

    @staticmethod
    @translated()
    def from_parquet_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Mapping[str, DataType] | None = None,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """Rows of Parquet files; pandas needs pyarrow for them."""
        options = {
            "include_path": include_path,
            "infer_column_types": False,
            "set_column_types": _types(set_column_types),
            "partition_format": partition_format,
        }
        return _tabular(path, "parquet", options, validate)

    @staticmethod
    @translated()
    def from_json_lines_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Mapping[str, DataType] | None = None,
        partition_format: str | None = None,
        invalid_lines: str = "error",
        encoding: str = "utf8",
    ) -> TabularDataset:
        """Rows of files with one JSON object a line."""
        options = {
            "include_path": include_path,
            "set_column_types": _types(set_column_types),
            "partition_format": partition_format,
            "encoding": encoding,
        }
        return _tabular(path, "json", options, validate)

    @staticmethod
    def from_sql_query(
        query: Any, validate: bool = True, set_column_types: Any = None, query_timeout: int = 30
    ) -> NoReturn:
        unavailable("Dataset.Tabular.from_sql_query", "Read it with pandas.read_sql and register_pandas_dataframe.")

    @staticmethod
    @translated()
    def register_pandas_dataframe(
        dataframe: Any,
        target: Any,
        name: str,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        show_progress: bool = True,
        row_group_size: int | None = None,
        make_target_path_unique: bool = True,
    ) -> TabularDataset:
        """Write the frame into a datastore and register it as the next version of `name`.

        `target` is a datastore or `(datastore, path)`. Parquet where pandas can write it, else CSV.
        """
        store, inner = _target(target)
        folder = stores.inside(store._folder, inner) / (str(uuid.uuid4()) if make_target_path_unique else "")
        file, reader = _written(dataframe, folder)
        path = file.relative_to(store._folder).as_posix()
        options = {"infer_column_types": reader == "delimited"}
        dataset = TabularDataset(
            Definition("tabular", ({"datastore": store.name, "path": path},), reader, options), store.workspace
        )
        if show_progress:
            print(f"Wrote {len(dataframe)} rows into the datastore {store.name!r}: {path}")
        return dataset.register(store.workspace, name, description, tags, create_new_version=True)

    @staticmethod
    def from_pandas_dataframe(dataframe: Any, path: Any = None, in_memory: bool = False) -> TabularDataset:
        """The rows of a frame. With `path`, a datastore or `(datastore, path)`, they are written there."""
        if path is None:
            file, reader = _written(dataframe, records.unbound() / "frames" / str(uuid.uuid4()))
            place: Mapping[str, str] = {"file": str(file)}
            return TabularDataset(
                Definition("tabular", (place,), reader, {"infer_column_types": reader == "delimited"})
            )
        store, inner = _target(path)
        file, reader = _written(dataframe, stores.inside(store._folder, inner) / str(uuid.uuid4()))
        place = {"datastore": store.name, "path": file.relative_to(store._folder).as_posix()}
        options = {"infer_column_types": reader == "delimited"}
        return TabularDataset(Definition("tabular", (place,), reader, options), store.workspace)

    @staticmethod
    def register_spark_dataframe(*args: Any, **kwargs: Any) -> NoReturn:
        unavailable("register_spark_dataframe", "register_pandas_dataframe(frame.toPandas(), target, name) does it.")

    @staticmethod
    def register_dask_dataframe(*args: Any, **kwargs: Any) -> NoReturn:
        unavailable("register_dask_dataframe", "register_pandas_dataframe(frame.compute(), target, name) does it.")


class FileDatasetFactory:
    """Makes file datasets. `path`: a file or folder, a web address, `(datastore, "folder/**")`, or a list of such."""

    @staticmethod
    @translated()
    def from_files(
        path: Any, validate: bool = True, partition_format: str | None = None, is_file: bool = False
    ) -> FileDataset:
        """The files there, a folder's with all below."""
        found, workspace = places.of(path)
        if validate:
            places.check(found, workspace)
        return FileDataset(Definition("file", found), workspace)

    @staticmethod
    @translated()
    def upload_directory(
        src_dir: str, target: Any, pattern: str | None = None, overwrite: bool = False, show_progress: bool = True
    ) -> FileDataset:
        """Copy a folder's files (those whose paths fit `pattern`) into a datastore, and make a dataset of them."""
        top = Path(src_dir).expanduser().absolute()
        if not top.is_dir():
            raise UserErrorException(f"No folder {src_dir!r} to upload.")
        store, inner = _target(target)
        goal = stores.inside(store._folder, inner)
        chosen = [path for path in transfer.files_below(top) if _fits(path.relative_to(top).as_posix(), pattern)]
        pairs = [(path, goal / path.relative_to(top)) for path in chosen]
        transfer.upload(pairs, overwrite=overwrite, show=show_progress)
        return FileDatasetFactory.from_files((store, inner))


def of_record(workspace: Workspace, record: DatasetRecord) -> AbstractDataset:
    """The dataset of a record, by its kind; an unregistered one has neither name nor version."""
    if record.definition.kind == "tabular":
        return TabularDataset(record.definition, workspace, record)
    if record.definition.kind == "file":
        return FileDataset(record.definition, workspace, record)
    raise DatasetTypeException(
        f"{record.name or record.id} is a dataset of an unknown kind: {record.definition.kind!r}."
    )


def _tabular(path: Any, reader: str, options: dict[str, Any], validate: bool) -> TabularDataset:
    found, workspace = places.of(path)
    if validate:
        places.check(found, workspace)
    given = {key: value for key, value in options.items() if value is not None}
    return TabularDataset(Definition("tabular", found, reader, given), workspace)


def _types(types: Mapping[str, Any] | None) -> dict[str, Any]:
    found = {}
    for column, kind in (types or {}).items():
        if not isinstance(kind, DataType):
            raise InvalidInput(f"set_column_types[{column!r}] is {kind!r}: give a DataType, as DataType.to_float().")
        found[column] = list(kind._content)
    return found


def _has_header(header: Any) -> bool:
    """True, or v1's PromoteHeadersBehavior: anything but NO_HEADERS."""
    if isinstance(header, bool) or header is None:
        return bool(header)
    return getattr(header, "name", str(header)) != "NO_HEADERS"


def _target(target: Any) -> tuple[Any, str]:
    """The datastore and the path in it, from a datastore, `(datastore, path)` or a DataPath."""
    if hasattr(target, "_folder"):
        return target, ""
    (place,), _ = places.of([target])
    if "datastore" not in place:
        raise UserErrorException(f"{target!r} is no place to write to: give a datastore or (datastore, 'folder').")
    store = target[0] if isinstance(target, Sequence) else getattr(target, "_datastore", None) or target.datastore
    return store, str(place["path"])


def _written(dataframe: Any, folder: Path) -> tuple[Path, str]:
    """A file with the frame, whole or not at all, and how it is read."""
    reading.pandas()
    if not hasattr(dataframe, "to_parquet"):
        raise InvalidInput(f"A pandas DataFrame is needed, not {type(dataframe).__name__}.")
    made = Path(tempfile.mkdtemp(prefix="mldeploy-frame-"))
    try:
        try:
            dataframe.to_parquet(made / "part-00000.parquet")
            source, reader = made / "part-00000.parquet", "parquet"
        except (ImportError, ValueError, TypeError):  # no pyarrow, or columns that Parquet cannot hold
            dataframe.to_csv(made / "part-00000.csv", index=False)
            source, reader = made / "part-00000.csv", "delimited"
        transfer.copy(source, folder / source.name)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder / source.name, reader


def _fits(path: str, pattern: str | None) -> bool:
    return pattern is None or fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path.rpartition("/")[2], pattern)
