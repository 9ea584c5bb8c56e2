"""`%score`: JSON text, a variable or an expression goes to a service; its answer comes back as an object."""

from __future__ import annotations

import json
import re
from typing import Any

from ...core.webservice import Webservice
from .arguments import MagicError, Parser, expand
from .context import Names, Notebook

PARSER = Parser(
    "%score",
    "Send DATA to service NAME and return its answer, decoded once more when it is JSON in a text.",
    'answer = %score churn {"data": rows}',
)
PARSER.add_argument("name", metavar="NAME", help="the service")
PARSER.add_argument("data", metavar="DATA", help="the rest of the line: JSON, $variable, or a Python expression")


def run(notebook: Notebook) -> Any:
    """Score, and decode the answer."""
    name, rest = [*notebook.line.split(maxsplit=1), "", ""][:2]
    if name.startswith("-") or not rest:
        notebook.parse(PARSER)  # help, or an error that names what is missing
    data = data_of(rest.strip(), notebook.names)
    service = Webservice(notebook.workspace(), expand(name, notebook.names.evaluate))
    return decoded(service.run(data if isinstance(data, (str, bytes)) else json.dumps(data, default=_plain)))


def data_of(text: str, names: Names) -> Any:
    """What DATA stands for. JSON text stays as written; otherwise the value of the Python expression.

    `$name` may stand for `name` anywhere, and `{expression}` for the expression, as in other magics.
    """
    if _is_json(text):
        return text
    expression = text if _parses(text) else re.sub(r"\$(?=[^\W\d])", "", text)
    inner = expression[1:-1]
    braced = expression.startswith("{") and expression.endswith("}") and _parses(inner) and not inner.isspace()
    # `{rows}` is a set for Python; nobody can send a set, so it is what other magics mean by it.
    return names.evaluate(inner if braced else expression)


def decoded(answer: Any) -> Any:
    """An answer whose text is JSON once more, as v1 scripts give that return `json.dumps(…)`; others as they are."""
    return json.loads(answer) if isinstance(answer, str) and _is_json(answer) else answer


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _parses(text: str) -> bool:
    try:
        compile(text.strip(), "DATA", "eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _plain(value: Any) -> Any:
    """Arrays, frames and series as lists."""
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise MagicError(f"%score: a {type(value).__name__} cannot be sent as JSON. Give lists, numbers, texts or arrays.")
