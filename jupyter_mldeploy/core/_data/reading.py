"""From files to a pandas frame: each file by its reader, the parts below one another, then the steps."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from ...errors import InvalidInput, known
from . import steps
from .places import Found
from .records import Definition

_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_LINE_ENDS, _IN_NO_TEXT = ("\n", "\r\n"), "\x1f"
_LOOKED_AT = 100  # values of a column that decide whether it holds dates


def pandas() -> Any:
    """pandas, or what to install."""
    try:
        return import_module("pandas")
    except ImportError:
        raise InvalidInput("Tabular datasets are read by pandas, which is not installed: pip install pandas") from None


def frame(definition: Definition, files: Sequence[Found]) -> Any:
    """All rows, after all steps."""
    pd = pandas()
    options = definition.options
    parts = []
    for found in files:
        part = _READERS[definition.reader](found, options)
        if options.get("partition_format"):
            part = part.assign(**_partition(str(options["partition_format"]), found.relative))
        if options.get("include_path"):
            part.insert(0, "Path", f"/{found.relative}")
        parts.append(part)
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if options.get("infer_column_types", True):
        whole = _with_dates(whole)
    whole = _typed(whole, options.get("set_column_types") or {})
    return steps.applied(whole, definition.steps)


def _delimited(found: Found, options: Mapping[str, Any]) -> Any:
    more: dict[str, Any] = {"keep_default_na": not options.get("empty_as_string")}
    more |= {} if options.get("infer_column_types", True) else {"dtype": str}
    separator = options.get("separator", ",")
    if separator in _LINE_ENDS:  # as v1's samples read requests' bodies: each line is one value, whatever is in it
        separator, more = _IN_NO_TEXT, {**more, "quoting": csv.QUOTE_NONE, "keep_default_na": False}
    return (
        pandas()
        .read_csv(
            found.file,
            sep=separator,
            header=0 if options.get("header", True) else None,
            encoding=options.get("encoding", "utf8"),
            **more,
        )
        .rename(columns=lambda name: name if isinstance(name, str) else f"Column{name + 1}")
    )


def _parquet(found: Found, options: Mapping[str, Any]) -> Any:
    try:
        return pandas().read_parquet(found.file)
    except ImportError as error:
        raise InvalidInput(f"{found.file.name} is a Parquet file, and pandas cannot read it: {error}") from None


def _json_lines(found: Found, options: Mapping[str, Any]) -> Any:
    return pandas().read_json(found.file, lines=True, encoding=options.get("encoding", "utf8"))


_READERS: Mapping[str, Callable[[Found, Mapping[str, Any]], Any]] = {
    "delimited": _delimited,
    "parquet": _parquet,
    "json": _json_lines,
}


def _with_dates(whole: Any) -> Any:
    """Columns of texts that are all ISO dates as dates, as v1 inferred them."""
    pd = pandas()
    for column in whole.columns:
        values = whole[column].dropna()
        if pd.api.types.is_string_dtype(values) and len(values) and _dates(values.head(_LOOKED_AT)):
            dates = pd.to_datetime(whole[column], errors="coerce", format="ISO8601", utc=False)
            if dates.notna().sum() == len(values):
                whole = whole.assign(**{column: dates})
    return whole


def _dates(values: Any) -> bool:
    return all(isinstance(value, str) and _DATE.fullmatch(value) for value in values)


def _typed(whole: Any, types: Mapping[str, Sequence[Any]]) -> Any:
    """The columns by the types that were set: kind, and for dates the formats."""
    pd = pandas()
    for column, (kind, formats) in types.items():
        if column not in whole.columns:
            raise InvalidInput(f"set_column_types names {column!r}. {known('Columns', map(str, whole.columns))}")
        values = whole[column]
        if kind == "datetime":
            form = formats[0] if isinstance(formats, (list, tuple)) and formats else formats or None
            new = pd.to_datetime(values, errors="coerce", format=form)
        elif kind in ("float", "long"):
            new = pd.to_numeric(values, errors="coerce")
            new = new.astype("Int64") if kind == "long" and new.isna().any() else new
            new = new.astype("int64" if kind == "long" else "float64") if not new.isna().any() else new
        elif kind == "bool":
            new = values.map(lambda value: str(value).strip().lower() in ("true", "1", "1.0", "yes", "t"))
        else:
            new = values.astype(str).where(values.notna())
        whole = whole.assign(**{column: new})
    return whole


def _partition(form: str, relative: str) -> dict[str, Any]:
    """The values in a file's path by v1's form: `{name}` is a text, `{name:yyyy/MM/dd}` a date."""
    names: dict[str, str] = {}

    def pattern(match: re.Match[str]) -> str:
        names[match[1]] = match[2] or ""
        dated = re.sub("y+|M+|d+|H+|m+|s+", lambda part: rf"\d{{{len(part[0])}}}", match[2] or "")
        return f"(?P<{match[1]}>{dated or '[^/]+'})"

    text = re.sub(r"\\\{(\w+)(?::([^}]*?))?\\\}", pattern, re.escape(form).replace("\\/", "/").replace(r"\:", ":"))
    found = re.search(f"(?:^|/){text.lstrip('/')}$", relative) or re.search(text.lstrip("/"), relative)
    if not found:
        raise InvalidInput(f"{relative!r} does not fit partition_format={form!r}.")
    dates = {"y": "%Y", "M": "%m", "d": "%d", "H": "%H", "m": "%M", "s": "%S"}
    values: dict[str, Any] = {}
    for name, dated in names.items():
        letters = re.sub(r"([yMdHms])\1*", lambda part: dates[part[1]], dated.replace("\\", ""))
        values[name] = pandas().to_datetime(found[name], format=letters) if dated else found[name]
    return values
