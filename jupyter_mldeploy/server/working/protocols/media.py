"""Content types beside JSON that SageMaker's clients send and accept: CSV, JSON lines and numpy's files."""

import io
import json
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..inputs import Refused
from . import npy
from .given import Frame, Rows, Tensors
from .results import tensor

Encode = Callable[[Any], bytes]
Encoded = Tuple[bytes, bytes]  # the meta of an answer, empty for plain JSON, and its body
FINE = ["x-ms-run-function-failed", "False"]
LINES = ("application/jsonlines", "application/x-jsonlines", "application/jsonl")
NUMPY = "application/x-npy"
CSV = "text/csv"
UNREADABLE = ("application/x-npz", "application/x-recordio-protobuf", "text/x-libsvm", "application/x-parquet")


def head(headers: List[List[str]]) -> bytes:
    """The meta of an answer with these headers."""
    return json.dumps({"headers": [*headers, FINE]}).encode()


def read_lines(body: bytes) -> Rows:
    """JSON lines: each line is a row."""
    try:
        return Rows([json.loads(line) for line in text(body).splitlines() if line.strip()])
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"A line of the body is not JSON: {error}") from None


def read_numpy(body: bytes) -> Tensors:
    """A file of numpy's `save`: one array without a name."""
    return Tensors({"": npy.read(body).nested()})


def read_csv(body: bytes, header: str) -> Frame:
    """A table. `header` is `present` or `absent`; else the first line is one when none of its fields is a number."""
    import csv

    try:
        lines = [line for line in csv.reader(io.StringIO(text(body), newline=""), strict=True) if line]
    except csv.Error as error:
        raise Refused(400, f"The body is not CSV: {error}") from None
    if not lines:
        raise Refused(400, "The body is empty; it must be CSV, a row a line.")
    for number, line in enumerate(lines, 1):
        if len(line) != len(lines[0]):
            raise Refused(400, f"Row {number} of the CSV has {len(line)} fields; the first has {len(lines[0])}.")
    rows = [[_field(field) for field in line] for line in lines]
    words = {str} <= set(map(type, rows[0])) <= {str, type(None)}
    named = header == "present" or (header != "absent" and words)
    return Frame(lines[0], rows[1:]) if named else Frame([], rows)


def text(body: bytes) -> str:
    """The body as text. Raises Refused when it is none."""
    try:
        return str(body, "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(400, f"Input cannot be decoded as UTF-8: {error}") from None


def write(accept: str, value: Any, encode: Encode) -> Encoded:
    """The answer as the first type of an Accept header that it can have, else as JSON."""
    for kind in (part.partition(";")[0].strip().lower() for part in accept.split(",")):
        if kind == "application/json":
            break
        made = WRITERS[kind](value, encode) if kind in WRITERS else None
        if made is not None:
            return head([["Content-Type", kind]]), made
    return b"", encode(value)


def accepts_other(accept: str) -> bool:
    """Whether an Accept header names one of these types."""
    return any(part.partition(";")[0].strip().lower() in WRITERS for part in accept.split(","))


def _field(field: str) -> Any:
    """A number where it is one, None where it is empty, else the text."""
    for kind in (int, float):
        try:
            return kind(field) if "_" not in field else field
        except ValueError:
            continue
    return field or None


def _csv(value: Any, _: Encode) -> Optional[bytes]:
    """One line a prediction."""
    import csv

    found = tensor("", value)
    if found is None or len(found.shape) > 2:
        return None
    rows = found.nested()
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows if len(found.shape) == 2 else ([one] for one in rows))
    return file.getvalue().encode()


def _lines(value: Any, encode: Encode) -> bytes:
    plain = json.loads(encode(value))
    return b"".join(encode(row) + b"\n" for row in (plain if isinstance(plain, list) else [plain]))


def _numpy(value: Any, _: Encode) -> Optional[bytes]:
    found = tensor("", value)
    return npy.write(found) if found is not None else None


WRITERS: Dict[str, Callable[[Any, Encode], Optional[bytes]]] = {
    CSV: _csv,
    NUMPY: _numpy,
    **dict.fromkeys(LINES, _lines),
}
