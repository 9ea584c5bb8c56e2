"""From what a client sent to the arguments of `run`: `{"data": rows}` for a plain one, else by name."""

import json
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Tuple, Union

from ..inputs import Arguments, Refused
from ..script import Script
from ..signature import NEEDED
from .given import Frame, Rows, Tensors

Given = Union[Frame, Tensors, Rows]
FRAME = "pandas.DataFrame:"
SCALARS = ("integer", "number", "boolean", "string")


class Form(NamedTuple):
    """What the schema says of a parameter: its JSON type, and for a data frame its orient and columns."""

    kind: str
    orient: str
    columns: Tuple[str, ...]


class Wanted:
    """The parameters of a script's `run`."""

    def __init__(self, script: Script) -> None:
        self.names = [parameter.name for parameter in script.wanted]
        self.schema = script.schema
        self._defaults = {p.name: p.default for p in script.wanted if p.default is not NEEDED}
        self._needed = [name for name in self.names if name not in self._defaults]
        self._forms = _forms(script)

    def arguments(self, given: Given, beside: Mapping[str, Any]) -> Arguments:
        """`beside` are values that the client sent beside the data; a schema's other parameters get them by name."""
        if not self.schema:
            return {self.names[0]: json.dumps({"data": given.data()})}
        extra = {**self._defaults, **{name: value for name, value in beside.items() if name in self.names}}
        named = given.named()
        if named and set(named) <= set(self.names) and set(self._needed) <= {*named, *extra}:
            return {**extra, **{name: self._fitted(name, Tensors({name: named[name]})) for name in named}}
        lacking = [name for name in self._needed if name not in extra]
        if len(lacking) > 1:
            sent = ", ".join(named) or "one list"
            raise Refused(400, f"This service takes inputs named {', '.join(self.names)}; the request has {sent}.")
        main = lacking[0] if lacking else self.names[0]
        return {**extra, main: self._fitted(main, given)}

    def _fitted(self, name: str, given: Given) -> Any:
        form = self._forms.get(name, Form("", "", ()))
        if form.orient:
            return ORIENTS[form.orient](given.frame(form.columns))
        value = given.lists()
        while form.kind in SCALARS and isinstance(value, list) and len(value) == 1:
            value = value[0]
        return value


def _forms(script: Script) -> Dict[str, Form]:
    if not script.schema:
        return {}
    from inference_schema.schema_util import get_input_schema

    schema = get_input_schema(script.run)
    examples = schema.get("example", {})
    return {name: _form(part, examples.get(name)) for name, part in schema.get("properties", {}).items()}


def _form(part: Mapping[str, Any], example: Any) -> Form:
    kind, style = str(part.get("type", "")), str(part.get("format", ""))
    orient = style[len(FRAME) :] if style.startswith(FRAME) else ""
    return Form(kind, orient, tuple(_columns(orient, part.get("example", example))))


def _columns(orient: str, example: Any) -> List[str]:
    """The columns of the sample, from its JSON form."""
    if not orient or not example:
        return []
    if orient == "records":
        return list(example[0])
    if orient == "split":
        return list(map(str, example["columns"]))
    if orient == "index":
        return list(next(iter(example.values())))
    if orient == "table":
        return [field["name"] for field in example["schema"]["fields"] if field["name"] != "index"]
    return list(map(str, range(len(example[0])))) if orient == "values" else list(example)


def _by_column(frame: Frame) -> Any:
    return {name: {str(i): row[at] for i, row in enumerate(frame.rows)} for at, name in enumerate(frame.columns)}


def _fields(frame: Frame) -> List[Dict[str, str]]:
    kinds = {bool: "boolean", int: "integer", float: "number"}
    first = frame.rows[0] if frame.rows else [""] * len(frame.columns)
    return [{"name": name, "type": kinds.get(type(first[at]), "string")} for at, name in enumerate(frame.columns)]


# A frame as `pandas.read_json` takes it, by orient.
ORIENTS: Dict[str, Callable[[Frame], Any]] = {
    "records": Frame.records,
    "split": lambda frame: {"columns": frame.columns, "index": list(range(len(frame.rows))), "data": frame.rows},
    "index": lambda frame: {str(number): record for number, record in enumerate(frame.records())},
    "columns": _by_column,
    "values": lambda frame: frame.rows,
    "table": lambda frame: {"schema": {"fields": _fields(frame)}, "data": frame.records()},
}
