"""One request through the script: arguments, `run`, answer. Whatever the script does, the worker goes on."""

import json
from time import perf_counter_ns
from typing import Any, Callable, Dict, Generator, Mapping, NamedTuple, Tuple

from .. import frames
from ..frames import Answer, Request
from ..page import CANCEL, RECALL, RUNNING
from .capture import Output
from .channel import Channel
from .inputs import Meta, Read, Refused, object_reader, text_reader, unpack
from .outputs import encoder, why_not
from .raw import raw_calls
from .responses import answers, is_response
from .script import HEADERS, Script
from .tracebacks import before_run, own_traceback, summary

# What an OPTIONS request to a script that is not raw gets.
EMPTY = json.dumps({"headers": [["Content-Type", "text/html; charset=utf-8"], ["x-ms-run-function-failed", "False"]]})


def headers_of(meta: Meta) -> Dict[str, str]:
    """The request's headers as `request_headers` holds them: Title-Case names, repeated ones joined by commas."""
    found: Dict[str, str] = {}
    for name, value in meta.get("h", ()):
        title = name.title()
        found[title] = f"{found[title]},{value}" if title in found else value
    return found


def _calls(script: Script, switches: Mapping[str, Any]) -> Tuple[Read, Callable[..., Any]]:
    if script.raw:
        return raw_calls(script.wanted[0].name, script.run)
    if script.schema:
        return object_reader(script.wanted, bool(switches.get("json_errors_400", True))), script.run
    return text_reader(script.wanted[0].name, bool(switches.get("form_as_text", True))), script.run


def _failure(request: Request, status: int, text: str, http: int = 500) -> Answer:
    flags = frames.FLAG_RUN_FAILED if status == frames.RAISED else 0
    return Answer(request.id, status, flags, http, frames.NO_EXEC, b"", text.encode("utf-8", "backslashreplace"))


class Told(NamedTuple):
    """What the front shares with the worker (see `page`), and how it wants things done."""

    words: memoryview
    switches: Mapping[str, Any]


class Scoring:
    """Answers requests by the script's `run`, one at a time."""

    def __init__(self, script: Script, channel: Channel, output: Output, told: Told) -> None:
        self._script, self._channel, self._output, self._words = script, channel, output, told.words
        switches = self._switches = told.switches
        self._read, self._run = _calls(script, switches)
        self._encode = encoder(switches)
        self._limit = 0 if script.raw else int(switches.get("unpack_limit", 0))  # a raw script sees what was sent

    def answer(self, request: Request) -> None:
        """Run the script for `request` and send what comes of it, or return it when the front wants it back."""
        self._words[RUNNING] = request.id
        if self._words[RECALL]:
            self._words[RUNNING] = 0
            self._send(_failure(request, frames.RETURNED, ""))
            return
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
        arguments = self._read(meta, unpack(meta, request.body, self._limit))
        if self._script.headers:
            arguments[HEADERS] = headers_of(meta)
        started = perf_counter_ns()
        try:
            value = self._run(**arguments)
        except BaseException as error:  # noqa: BLE001 (the edge around the user's script; SystemExit ends a request only)
            if self._script.schema and self._switches.get("schema_errors_400") and before_run(error):
                raise Refused(400, f"A value does not fit its parameter: {summary(error)}") from None
            self._send(_failure(request, frames.RAISED, own_traceback(error)))
            return
        exec_us = min((perf_counter_ns() - started) // 1000, frames.NO_EXEC - 1)
        self._send_value(request, meta, value, exec_us)

    def _send_value(self, request: Request, meta: Meta, value: Any, exec_us: int) -> None:
        try:
            body = self._encode(value)
        except Exception as error:  # noqa: BLE001 (the script's own objects, which may do anything when looked at)
            reason = "" if is_response(value) else why_not(value, error)
        else:
            self._send(Answer(request.id, frames.OK, 0, 200, exec_us, b"", body))
            return
        if reason:
            self._send(_failure(request, frames.NOT_SERIALISABLE, reason))
        else:
            self._send_response(request, answers(value, meta, request.id, exec_us))

    def _send_response(self, request: Request, entries: Generator[Answer, None, None]) -> None:
        try:
            for entry in entries:
                self._send(entry)
                if self._words[CANCEL] == request.id:
                    entries.close()
                    self._send(Answer(request.id, frames.END, 0, entry.http, frames.NO_EXEC, b"", b""))
                    return
        except BaseException as error:  # noqa: BLE001 (the body may be the script's own generator)
            self._send(_failure(request, frames.RAISED, own_traceback(error)))

    def _send(self, answer: Answer) -> None:
        self._channel.send(frames.answers([answer]))
