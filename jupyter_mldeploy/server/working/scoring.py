"""One request through the script: arguments, `run`, answer. Whatever the script does, the worker goes on."""

import json
from time import perf_counter_ns
from typing import Any, Callable, Dict, Generator, List, Mapping, NamedTuple, Optional, Tuple

from .. import frames
from ..frames import Answer, Request
from ..page import CANCEL, LAST, RECALL, RUNNING
from .capture import Output
from .channel import Channel
from .inputs import Meta, Read, Refused, object_reader, text_reader, unpack
from .outputs import encoder, why_not
from .protocols.calls import Calls, Write
from .raw import raw_calls
from .responses import answers, is_response
from .script import HEADERS, Script
from .tracebacks import before_run, own_traceback, summary, with_versions

# What an OPTIONS request to a script that is not raw gets.
EMPTY = json.dumps({"headers": [["Content-Type", "text/html; charset=utf-8"], ["x-ms-run-function-failed", "False"]]})
SHORT = 50  # µs of a run whose answer may wait for the next ones


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
        self._script, self.channel, self.output, self.words = script, channel, output, told.words
        switches = self._switches = told.switches
        self.read, self.run = _calls(script, switches)
        self.encode = encoder(switches)
        self._calls = None if script.raw else Calls(script, switches, self.read)
        self._several = False  # the front gave more than one request at a time
        self._limit = 0 if script.raw else int(switches.get("unpack_limit", 0))  # a raw script sees what was sent

    def answer_all(self, requests: List[Request]) -> None:
        """Answer them in turn. The answers of very short runs travel together, as much of what one costs is to wake up
        who waits for it: 64 clients of a sum then take an eighth less of everybody's time."""
        self._several = len(requests) > 1
        for request in requests:
            self.answer(request)
        self.channel.flush()
        self._several = False

    def answer(self, request: Request) -> None:
        """Run the script for `request` and send what comes of it, or return it when the front wants it back."""
        if not self.begin(request.id, request.id):
            self.give_back([request])
            return
        self.output.begin(request.id)
        meta: Meta = json.loads(request.meta) if request.meta else {}
        try:
            self._answer(request, meta)
        except Refused as refused:
            self._send(_failure(request, frames.BAD_INPUT, refused.message, refused.status))
        self.output.end()

    def begin(self, first: int, last: int) -> bool:
        """Say in the page that the requests from `first` to `last` run now; False when the front wants them back."""
        words = self.words
        words[LAST] = last
        words[RUNNING] = first
        if not words[RECALL]:
            return True
        words[RUNNING] = 0
        return False

    def give_back(self, requests: List[Request]) -> None:
        """Return what has not begun."""
        self.channel.send(frames.answers(_failure(request, frames.RETURNED, "") for request in requests))

    def answer_of(self, request: Request, value: Any, exec_us: int, write: Optional[Write] = None) -> Answer:
        """The answer that holds `value` as JSON, or as `write` has it, or says why there is none.

        A response object has none and needs no reason: `responses.answers` is its form.
        """
        try:
            head, body = write(value) if write else (b"", self.encode(value))
            return Answer(request.id, frames.OK_META if head else frames.OK, 0, 200, exec_us, head, body)
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 (the script's own objects, which may do anything when looked at)
            reason = "" if is_response(value) else why_not(value, error)
            return _failure(request, frames.NOT_SERIALISABLE, reason)

    def _answer(self, request: Request, meta: Meta) -> None:
        if meta and not self._script.raw and meta.get("m") == "OPTIONS":
            self._send(Answer(request.id, frames.OK_META, 0, 200, frames.NO_EXEC, EMPTY.encode(), b""))
            return
        call = self._calls.call(meta, request.body) if self._calls and "k" in meta else None
        arguments = call.arguments if call else self.read(meta, unpack(meta, request.body, self._limit))
        if self._script.headers:
            arguments[HEADERS] = headers_of(meta)
        started = perf_counter_ns()
        try:
            value = self.run(**arguments)
        except BaseException as error:  # noqa: BLE001 (the edge around the user's script; SystemExit ends a request only)
            if self._script.schema and self._switches.get("schema_errors_400") and before_run(error):
                raise Refused(400, f"A value does not fit its parameter: {summary(error)}") from None
            self._send(_failure(request, frames.RAISED, with_versions(own_traceback(error), error)))
            return
        exec_us = min((perf_counter_ns() - started) // 1000, frames.NO_EXEC - 1)
        answer = self.answer_of(request, value, exec_us, call and call.write)
        if answer.status == frames.NOT_SERIALISABLE and not answer.body:
            self._send_response(request, answers(value, meta, request.id, exec_us))
        else:
            self._send(answer)

    def _send_response(self, request: Request, entries: Generator[Answer, None, None]) -> None:
        try:
            for entry in entries:
                self._send(entry)
                if self.words[CANCEL] == request.id:
                    entries.close()
                    self._send(Answer(request.id, frames.END, 0, entry.http, frames.NO_EXEC, b"", b""))
                    return
        except BaseException as error:  # noqa: BLE001 (the body may be the script's own generator)
            self._send(_failure(request, frames.RAISED, own_traceback(error)))

    def _send(self, answer: Answer) -> None:
        frame = frames.answer(answer)
        if not self._several:
            self.channel.send(frame)
            return
        self.channel.hold(frame)
        if answer.exec_us > SHORT:  # or not known
            self.channel.flush()
