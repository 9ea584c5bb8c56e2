"""Whatever a script collects, as column names and rows of plain values. Told by what it can do: nothing is imported."""

import json
import re
from typing import Any, Dict, List, Sequence, Tuple

Rows = List[List[Any]]
Table = Tuple[List[str], Rows]
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")
BOUNDARIES = ("60", "1440")


def table(data: Any, given: Sequence[str] = ()) -> Table:
    """Names and rows: a DataFrame's and a record's own names, else the given ones, else numbers from 0 on."""
    if hasattr(data, "toPandas"):
        data = data.toPandas()
    if hasattr(data, "to_frame") and not hasattr(data, "columns"):  # a Series
        data = data.to_frame(given[0] if len(given) == 1 else 0 if data.name is None else data.name)
    if hasattr(data, "iloc"):
        names, rows = [str(name) for name in data.columns], _frame_rows(data)
    elif _is_records(data):
        names, rows = _records([data] if isinstance(data, dict) else data, given)
    else:
        rows = _rows(data)
        names = _names(given, max(map(len, rows), default=0))
        rows = [row + [None] * (len(names) - len(row)) for row in rows]
    return names, [[_cell(value) for value in row] for row in rows]


def extended(data: Any, more: Dict[str, Any]) -> Any:
    """`data` with a column at its end for each of `more`, the same value in every row."""
    if hasattr(data, "toPandas"):
        data = data.toPandas()
    if hasattr(data, "to_frame") and not hasattr(data, "columns"):
        data = data.to_frame()
    if hasattr(data, "iloc"):
        return data.assign(**more)
    if isinstance(data, dict):
        return {**data, **more}
    if _is_records(data):
        return [{**row, **more} for row in data]
    rows = [[*row, *more.values()] for row in _rows(data)]
    if hasattr(data, "reshape"):
        import numpy

        return numpy.array(rows, dtype=object)
    return rows if _is_nested(data) else rows[0]


def carries(names: Sequence[str], rows: Rows, wanted: Sequence[str]) -> bool:
    """Whether the rows end with correlations already: by the columns' names, or by what stands in the last columns."""
    if list(names[-len(wanted) :]) == list(wanted):
        return True
    if not rows or len(rows[0]) <= len(wanted):
        return False
    _, moment, boundary, *_ = rows[0][-len(wanted) :]
    return bool(TIMESTAMP.fullmatch(str(moment))) and str(boundary) in BOUNDARIES


def _frame_rows(frame: Any) -> Rows:
    columns = [frame.iloc[:, n].tolist() for n in range(frame.shape[1])]  # by column: each keeps its own type
    return [list(row) for row in zip(*columns)]  # noqa: B905 (Python 3.8)


def _is_records(data: Any) -> bool:
    return isinstance(data, dict) or (_is_nested(data) and all(isinstance(row, dict) for row in data))


def _records(records: Sequence[Dict[Any, Any]], given: Sequence[str]) -> Table:
    keys = list(dict.fromkeys([*given, *(key for record in records for key in record)]))
    return [str(key) for key in keys], [[record.get(key) for key in keys] for record in records]


def _rows(data: Any) -> Rows:
    """A row for each entry of the first dimension; what has one dimension or none is one row."""
    if hasattr(data, "reshape") and getattr(data, "ndim", 0) > 2:
        data = data.reshape(len(data), -1)
    if hasattr(data, "tolist"):
        data = data.tolist()
    if isinstance(data, (list, tuple)) and not _is_nested(data):
        return [list(data)] if data else []
    return [_row(row) for row in data] if isinstance(data, (list, tuple)) else [[data]]


def _row(row: Any) -> List[Any]:
    if hasattr(row, "tolist"):
        row = row.tolist()
    return list(row) if isinstance(row, (list, tuple)) else [row]


def _is_nested(data: Any) -> bool:
    """Whether a list holds rows rather than values; an array of one dimension or more is a row."""
    kinds = (list, tuple, dict)
    return isinstance(data, (list, tuple)) and any(isinstance(row, kinds) or getattr(row, "ndim", 0) for row in data)


def _names(given: Sequence[str], width: int) -> List[str]:
    return [*given, *map(str, range(len(given), width))]


def _cell(value: Any) -> Any:
    """What `csv` shall write: nothing for what is missing, JSON for what is nested."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, default=str)
    return value
