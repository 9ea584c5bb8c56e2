"""`@rawhttp` scripts: `run` gets the request itself, Flask's where the user's environment has Flask, else ours."""

import sys
from typing import Any, Callable, Tuple

from .environ import environ
from .inputs import Read
from .plain_request import Request


def raw_calls(name: str, run: Callable[..., Any]) -> Tuple[Read, Callable[..., Any]]:
    """How to make the argument `name` of a raw `run`, and what to call with it."""
    if "flask" in sys.modules:  # the shim that `@rawhttp` comes from loads it where it is installed
        return lambda meta, body: {name: environ(meta, body)}, _in_flask(name, run)
    return lambda meta, body: {name: Request(meta, body)}, run


def _in_flask(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """Call `run` inside a Flask request context, so that `flask.request`, `jsonify` and the rest work too."""
    import flask

    app = flask.Flask("entry_module")

    def call(**arguments: Any) -> Any:
        with app.request_context(arguments[name]) as context:
            return run(**{**arguments, name: context.request})

    return call
