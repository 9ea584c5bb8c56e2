"""TabularDataset: rows and columns, read by pandas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NoReturn

from .._unavailable import unavailable
from ..exceptions import UserErrorException, translated
from . import reading
from .abstract_dataset import AbstractDataset
from .dataset_expressions import RecordExpression
from .file_dataset import FileDataset
from .records import Definition

Columns = str | Sequence[str]


class TabularDataset(AbstractDataset):
    """Rows of files. `dataset["column"]` is an expression for `filter`."""

    def __getitem__(self, column: str) -> RecordExpression:
        return RecordExpression({"column": column})

    @translated()
    def to_pandas_dataframe(self, on_error: str = "null", out_of_range_datetime: str = "null") -> Any:
        """All rows as a pandas frame. Values that cannot be read as their column's type are missing values."""
        return reading.frame(self._definition, self._files())

    def keep_columns(self, columns: Columns, validate: bool = False) -> TabularDataset:
        """Only these columns."""
        return self._checked(self._then("keep", columns=_listed(columns)), validate)

    def drop_columns(self, columns: Columns) -> TabularDataset:
        """All columns but these."""
        return self._then("drop", columns=_listed(columns))

    def filter(self, expression: RecordExpression) -> TabularDataset:
        """The rows for which `expression` holds, for example `(ds["age"] > 40) & (ds["sex"] == "F")`."""
        if not isinstance(expression, RecordExpression):
            raise UserErrorException("filter takes an expression over columns, for example ds['age'] > 40.")
        return self._then("filter", expression=expression._content)

    def _checked(self, dataset: TabularDataset, validate: bool) -> TabularDataset:
        if validate:
            dataset.take(1).to_pandas_dataframe()
        return dataset

    # Times.

    @property
    def timestamp_columns(self) -> tuple[str | None, str | None]:
        """The columns of the fine and the coarse timestamp."""
        options = self._definition.options
        return options.get("timestamp"), options.get("partition_timestamp")

    def with_timestamp_columns(
        self,
        timestamp: str | None = None,
        partition_timestamp: str | None = None,
        validate: bool = False,
        **kwargs: Any,
    ) -> TabularDataset:
        """The dataset with the columns that `time_before`, `time_after`, `time_between` and `time_recent` go by."""
        fine = timestamp or kwargs.get("fine_grain_timestamp")
        coarse = partition_timestamp or kwargs.get("coarse_grain_timestamp")
        options = {**self._definition.options, "timestamp": fine, "partition_timestamp": coarse}
        made = TabularDataset(replace(self._definition, options=options), self._workspace)
        names = [name for name in (fine, coarse) if name]
        if validate and names:
            made.keep_columns(names, validate=True)
        return made

    def time_before(self, end_time: datetime, include_boundary: bool = True, validate: bool = True) -> TabularDataset:
        return self._between(None, end_time, include_boundary)

    def time_after(self, start_time: datetime, include_boundary: bool = True, validate: bool = True) -> TabularDataset:
        return self._between(start_time, None, include_boundary)

    def time_between(
        self, start_time: datetime, end_time: datetime, include_boundary: bool = True, validate: bool = True
    ) -> TabularDataset:
        return self._between(start_time, end_time, include_boundary)

    def time_recent(
        self, time_delta: timedelta, include_boundary: bool = True, validate: bool = True
    ) -> TabularDataset:
        return self._between(datetime.now(timezone.utc) - time_delta, None, include_boundary)

    def _between(self, start: datetime | None, end: datetime | None, boundary: bool) -> TabularDataset:
        column = next((name for name in self.timestamp_columns if name), None)
        if column is None:
            raise UserErrorException("Say which column holds the time first: ds.with_timestamp_columns('column').")
        times = {"start": start and start.isoformat(), "end": end and end.isoformat()}
        return self._then("between", column=column, boundary=boundary, **times)

    # Elsewhere.

    @translated()
    def to_csv_files(self, separator: str = ",") -> FileDataset:
        """A file dataset with one CSV file of all rows."""
        file = self._written("csv")
        self.to_pandas_dataframe().to_csv(file, index=False, sep=separator)
        return _of_file(file)

    @translated()
    def to_parquet_files(self) -> FileDataset:
        """A file dataset with one Parquet file of all rows."""
        file = self._written("parquet")
        self.to_pandas_dataframe().to_parquet(file)
        return _of_file(file)

    def _written(self, ending: str) -> Path:
        if self._home is None:
            raise UserErrorException("This dataset has no workspace to write files in: register it first.")
        folder = self._home.path / "datasets" / ".written" / self._definition.id
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"part-00000.{ending}"

    def to_spark_dataframe(self) -> NoReturn:
        unavailable("to_spark_dataframe", "spark.createDataFrame(dataset.to_pandas_dataframe()) makes one.")

    def get_profile(self, workspace: Any = None) -> NoReturn:
        unavailable("get_profile", "dataset.to_pandas_dataframe().describe(include='all') shows the same.")

    def submit_profile_run(self, compute_target: Any, experiment: Any, cache_datastore_name: Any = None) -> NoReturn:
        unavailable("submit_profile_run", "dataset.to_pandas_dataframe().describe(include='all') shows the same.")


def _of_file(file: Path) -> FileDataset:
    return FileDataset(Definition("file", ({"file": str(file)},)))


def _listed(columns: Columns) -> list[str]:
    return [columns] if isinstance(columns, str) else [str(column) for column in columns]
