"""One request through the script: arguments, `run`, answer. Whatever the script does, the worker goes on."""

import json
from time import perf_counter_ns
from typing import Any, Callable, Dict, Iterator, Tuple

from .. import frames
from ..frames import Answer, Request
from .capture import Output
from .channel import Channel
from .inputs import Meta, Read, Refused, object_reader, text_reader
from .outputs import encode, why_not
from .raw import raw_calls
from .responses import answers, is_response
from .script import HEADERS, Script
from .tracebacks import own_traceback

# What an OPTIONS request to a script that is not raw gets.
EMPTY = json.dumps({"headers": [["Content-Type", "text/html; charset=utf-8"], ["x-ms-run-function-failed", "False"]]})


def headers_of(meta: Meta) -> Dict[str, str]:
    """The request's headers as `request_headers` holds them: Title-Case names, repeated ones joined by commas."""
    found: Dict[str, str] = {}
    for name, value in meta.get("h", ()):
        title = name.title()
        found[title] = f"{found[title]},{value}" if title in found else value
    return found


def _calls(script: Script) -> Tuple[Read, Callable[..., Any]]:
    if script.raw:
        return raw_calls(script.wanted[0].name, script.run)
    read = object_reader(script.wanted) if script.schema else text_reader(script.wanted[0].name)
    return read, script.run


def _failure(request: Request, status: int, text: str, http: int = 500) -> Answer:
    flags = frames.FLAG_RUN_FAILED if status == frames.RAISED else 0
    return Answer(request.id, status, flags, http, frames.NO_EXEC, b"", text.encode("utf-8", "backslashreplace"))


class Scoring:
    """Answers requests by the script's `run`, one at a time."""

    def __init__(self, script: Script, channel: Channel, output: Output) -> None:
        self._script, self._channel, self._output = script, channel, output
        self._read, self._run = _calls(script)

    def answer(self, request: Request) -> None:
        """Run the script for `request` and send what comes of it."""
        self._output.begin(request.id)
        meta: Meta = json.loads(request.meta) if request.meta else {}
        try:
            self._answer(request, meta)
        except Refused as refused:
            self._send(_failure(request, frames.BAD_INPUT, refused.message, refused.status))
        self._output.end()

    def _answer(self, request: Request, meta: Meta) -> None:
        if meta and not self._script.raw and meta.get("m") == "OPTIONS":
            self._send(Answer(request.id, frames.OK_META, 0, 200, frames.NO_EXEC, EMPTY.encode(), b""))
            return
        arguments = self._read(meta, request.body)
        if self._script.headers:
            arguments[HEADERS] = headers_of(meta)
        started = perf_counter_ns()
        try:
            value = self._run(**arguments)
        except BaseException as error:  # noqa: BLE001 (the edge around the user's script; SystemExit ends a request only)
            self._send(_failure(request, frames.RAISED, own_traceback(error)))
            return
        exec_us = min((perf_counter_ns() - started) // 1000, frames.NO_EXEC - 1)
        self._send_value(request, meta, value, exec_us)

    def _send_value(self, request: Request, meta: Meta, value: Any, exec_us: int) -> None:
        try:
            body = encode(value)
        except Exception as error:  # noqa: BLE001 (the script's own objects, which may do anything when looked at)
            reason = "" if is_response(value) else why_not(value, error)
        else:
            self._send(Answer(request.id, frames.OK, 0, 200, exec_us, b"", body))
            return
        if reason:
            self._send(_failure(request, frames.NOT_SERIALISABLE, reason))
        else:
            self._send_response(request, answers(value, meta, request.id, exec_us))

    def _send_response(self, request: Request, entries: Iterator[Answer]) -> None:
        try:
            for entry in entries:
                self._send(entry)
        except BaseException as error:  # noqa: BLE001 (the body may be the script's own generator)
            self._send(_failure(request, frames.RAISED, own_traceback(error)))

    def _send(self, answer: Answer) -> None:
        self._channel.send(frames.answers([answer]))
