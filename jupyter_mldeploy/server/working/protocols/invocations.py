"""`/invocations`, which MLflow's and SageMaker's clients share: who asks is told from the body.

MLflow: a JSON object with one of four keys, or CSV with a header line; the answer is `{"predictions": …}`. All else is
SageMaker's: a JSON list, CSV without a header, numpy's files, JSON lines; the answer is bare, in the type of `Accept`.
"""

import json
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional

from ..inputs import Meta, Refused, is_json
from . import media
from .arguments import Given
from .given import Frame, Rows, Tensors, of_records
from .media import Encode, Encoded
from .results import decoded
from .tensors import shown


class Asked(NamedTuple):
    """What came: `given` is None for a body that goes to the script as it would to `/score`."""

    given: Optional[Given]
    parameters: Mapping[str, Any]
    wrapped: bool  # the answer is MLflow's


def read(meta: Meta, body: bytes) -> Asked:
    """Take a request apart by its content type; Refused says what is wrong with it."""
    kind, _, rest = str(meta.get("ct") or "").partition(";")
    kind = kind.strip().lower()
    if is_json(kind) or not kind:
        return _read_json(body)
    if kind == media.CSV:
        said = dict(part.strip().lower().partition("=")[::2] for part in rest.split(";"))
        frame = media.read_csv(body, said.get("header", ""))
        wrapped = bool(frame.columns) and not media.accepts_other(str(meta.get("a", "")))
        return Asked(frame, {}, wrapped)
    if kind == media.NUMPY:
        return Asked(media.read_numpy(body), {}, False)
    if kind in media.LINES:
        return Asked(media.read_lines(body), {}, False)
    if kind in media.UNREADABLE:
        known = ", ".join(("application/json", media.CSV, media.NUMPY, *media.LINES))
        raise Refused(415, f"This service cannot read {kind}. It reads: {known}.")
    return Asked(None, {}, False)


def write(asked: Asked, meta: Meta, value: Any, encode: Encode) -> Encoded:
    """The head and body of the answer for what `run` returned."""
    result = decoded(value)
    if not asked.wrapped:
        return media.write(str(meta.get("a", "")), result, encode)
    whole = isinstance(result, dict) and "predictions" in result
    return b"", encode(result if whole else {"predictions": result})


def _read_json(body: bytes) -> Asked:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The request is not JSON: {error}") from None
    if isinstance(content, list):
        return Asked(Rows(content), {}, False)
    found = [key for key in FORMS if key in content] if isinstance(content, dict) else []
    if not found:
        return Asked(None, {}, False)
    if len(found) > 1:
        raise Refused(400, f"The request has {' and '.join(found)}; it must have one of: {', '.join(FORMS)}.")
    parameters = content.get("params")
    if parameters is not None and not isinstance(parameters, dict):
        raise Refused(400, f"params is {shown(parameters)}; it must be an object.")
    return Asked(FORMS[found[0]](content[found[0]]), parameters or {}, True)


def _split(value: Any) -> Frame:
    rows: Any = value.get("data") if isinstance(value, dict) else None
    columns = value.get("columns") or [] if isinstance(value, dict) else []
    if not _is_list_of(rows, list) or not isinstance(columns, list):
        raise Refused(400, f"dataframe_split is {shown(value)}; it must be an object with lists 'columns' and 'data'.")
    for number, row in enumerate(rows):
        if columns and len(row) != len(columns):
            raise Refused(400, f"Row {number} of dataframe_split has {len(row)} values for {len(columns)} columns.")
    return Frame(list(map(str, columns)), rows)


def _records(value: Any) -> Frame:
    if not _is_list_of(value, dict):
        raise Refused(400, f"dataframe_records is {shown(value)}; it must be a list of objects.")
    return of_records(value)


def _inputs(value: Any) -> Given:
    if isinstance(value, dict) and value and set(map(type, value.values())) == {list}:
        return Tensors(value)
    return Rows(value)


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


FORMS: Dict[str, Callable[[Any], Given]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": Rows,
    "inputs": _inputs,
}
