"""What a client sent, whatever its protocol: named tensors, a frame with columns, or rows."""

from itertools import chain
from typing import Any, Dict, List, NamedTuple, Sequence

from ..inputs import Refused
from .tensors import shown

Columns = Dict[str, Any]


class Frame(NamedTuple):
    """Rows of values in the order of `columns`; no columns when the client named none."""

    columns: List[str]
    rows: List[List[Any]]

    def named(self) -> Columns:
        """Each column by its name; nothing when names are missing or given twice."""
        if len(set(self.columns)) != len(self.columns):
            return {}
        return {name: [row[index] for row in self.rows] for index, name in enumerate(self.columns)}

    def data(self) -> List[Any]:
        """What a plain script finds under `data`: rows of values, for scripts index by position."""
        return self.rows

    def lists(self) -> List[Any]:
        """Rows without names."""
        return self.rows

    def records(self) -> List[Dict[str, Any]]:
        """Rows as objects."""
        return [dict(zip(self.columns, row)) for row in self.rows]  # noqa: B905 (Python 3.8 has no `strict`)

    def frame(self, sample: Sequence[str]) -> "Frame":
        """The same with columns, those of the script's sample where the client named none."""
        return self if self.columns else Frame(_fitting(sample, self.rows), self.rows)


class Tensors(NamedTuple):
    """Nested lists by name."""

    values: Columns

    def named(self) -> Columns:
        """Each by its name."""
        return self.values

    def data(self) -> Any:
        """One tensor is the rows; of several each row is an object of their values."""
        if len(self.values) == 1:
            return next(iter(self.values.values()))
        return self._joined().records()

    def lists(self) -> Any:
        """Rows without names: the one tensor, or the values of several side by side."""
        return self.data() if len(self.values) == 1 else self._joined().rows

    def frame(self, sample: Sequence[str]) -> Frame:
        """A single tensor that is no column of the sample holds all of them side by side."""
        name, value = next(iter(self.values.items()))
        if len(self.values) > 1 or name in sample or not _is_rows(value):
            return self._joined()
        return Frame(_fitting(sample, value), value)

    def _joined(self) -> Frame:
        lengths = {name: len(value) if isinstance(value, list) else None for name, value in self.values.items()}
        if len(set(lengths.values())) != 1 or None in lengths.values():
            told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise Refused(400, f"Inputs that are columns of one table have equally many rows: {shown(told)}.")
        columns = [list(map(_single, value)) for value in self.values.values()]
        return Frame(list(self.values), [[column[at] for column in columns] for at in range(len(columns[0]))])


class Rows(NamedTuple):
    """A JSON list, of objects or of anything else."""

    values: Any

    def named(self) -> Columns:
        """The columns of a list of objects that all have the same names."""
        return self._table().named() if self._is_records() and len(set(map(frozenset, self.values))) == 1 else {}

    def data(self) -> Any:
        """As the client sent it."""
        return self.values

    def lists(self) -> Any:
        """As the client sent it: a numpy sample of named fields takes objects too."""
        return self.values

    def frame(self, sample: Sequence[str]) -> Frame:
        """Objects bring their names, lists get those of the sample."""
        if self._is_records():
            return self._table()
        if not _is_rows(self.values):
            raise Refused(400, f"This service takes a table: a list of objects or of lists, not {shown(self.values)}.")
        return Frame(_fitting(sample, self.values), self.values)

    def _is_records(self) -> bool:
        return isinstance(self.values, list) and set(map(type, self.values)) == {dict}

    def _table(self) -> Frame:
        return of_records(self.values)


def of_records(records: List[Dict[str, Any]]) -> Frame:
    """A frame of objects: the columns are all their names in order; what one of them lacks is None."""
    columns = list(dict.fromkeys(chain.from_iterable(records)))
    return Frame(columns, [[record.get(name) for name in columns] for record in records])


def _single(value: Any) -> Any:
    """A column of a table often comes as a tensor of shape [n, 1]."""
    return value[0] if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list) else value


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and set(map(type, value)) <= {list}


def _fitting(sample: Sequence[str], rows: List[List[Any]]) -> List[str]:
    widths = set(map(len, rows)) or {len(sample)}
    if widths != {len(sample)}:
        known = ", ".join(sample)
        raise Refused(400, f"Rows have {shown(sorted(widths))} values; this service takes {len(sample)}: {known}.")
    return list(sample)
