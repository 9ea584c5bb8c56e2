"""Methods that pandas removed from DataFrame and Series, by those that it has today."""

import sys
from typing import Any, Callable, Dict


def _pd() -> Any:
    return sys.modules["pandas"]


def append(
    self: Any, other: Any, ignore_index: bool = False, verify_integrity: bool = False, sort: bool = False
) -> Any:
    """These rows and those of `other`: a frame, a row as dict or series, or a list of such."""
    pd = _pd()
    if isinstance(other, dict):
        other = pd.Series(other)
    if isinstance(other, pd.Series):
        if other.name is None and not ignore_index:
            raise TypeError("A row without a name can only be appended with ignore_index=True.")
        other = other.to_frame().T.infer_objects()
    elif isinstance(other, list) and other and not isinstance(other[0], pd.DataFrame):
        other = pd.DataFrame(other)
    parts = [self, *other] if isinstance(other, (list, tuple)) else [self, other]
    return pd.concat(parts, ignore_index=ignore_index, verify_integrity=verify_integrity, sort=sort)


def append_series(self: Any, to_append: Any, ignore_index: bool = False, verify_integrity: bool = False) -> Any:
    """These values and those of another series, or of several."""
    parts = [self, *to_append] if isinstance(to_append, (list, tuple)) else [self, to_append]
    return _pd().concat(parts, ignore_index=ignore_index, verify_integrity=verify_integrity)


def iteritems(self: Any) -> Any:
    """Pairs of label and column, or of label and value."""
    return self.items()


def as_matrix(self: Any, columns: Any = None) -> Any:
    """The values as a NumPy array."""
    return (self if columns is None else self[columns]).to_numpy()


def applymap(self: Any, func: Callable[..., Any], na_action: Any = None, **options: Any) -> Any:
    """The frame with `func` applied to each element."""
    return self.map(func, na_action=na_action, **options)


def mad(self: Any, axis: Any = None, skipna: bool = True) -> Any:
    """The mean absolute deviation from the mean."""
    if not hasattr(self, "columns"):
        return (self - self.mean(skipna=skipna)).abs().mean(skipna=skipna)
    numbers, axis = self.select_dtypes("number"), axis or 0
    distance = numbers.sub(numbers.mean(axis=axis, skipna=skipna), axis=1 - axis)
    return distance.abs().mean(axis=axis, skipna=skipna)


def lookup(self: Any, row_labels: Any, col_labels: Any) -> Any:
    """The values at pairs of row and column."""
    pairs = zip(row_labels, col_labels)  # noqa: B905 (Python 3.8 has no strict)
    return _pd().Series([self.at[row, column] for row, column in pairs]).to_numpy()


def get_value(self: Any, index: Any, col: Any) -> Any:
    """One value."""
    return self.at[index, col]


METHODS: Dict[str, Dict[str, Callable[..., Any]]] = {  # class → name → function
    "DataFrame": {
        "append": append,
        "iteritems": iteritems,
        "as_matrix": as_matrix,
        "applymap": applymap,
        "mad": mad,
        "lookup": lookup,
        "get_value": get_value,
    },
    "Series": {"append": append_series, "iteritems": iteritems, "as_matrix": as_matrix, "mad": mad},
}
