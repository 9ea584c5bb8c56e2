"""A worker's life: hello, import, `init`, ready, requests, end. The process's main thread does all of it in turn."""

import json
import os
import sys
from contextlib import contextmanager
from typing import Any, Dict, Iterator, NoReturn

from .. import frames, legacy, page, swagger
from . import debugger, script, survival
from .capture import Output, configure
from .channel import Channel
from .checking import check
from .joinable import joinable
from .joining import Joining
from .scoring import Scoring, Told
from .signature import SignatureRefused
from .tracebacks import own_traceback, summary, with_versions

BOOT_FAILED = 3
TREE_LINES = 200


class Boot(Exception):
    """The script cannot serve: `during` which step, `error` in one sentence, `traceback` the script's own."""

    def __init__(self, during: str, error: str, traceback: str) -> None:
        super().__init__(error)
        self.during, self.error, self.traceback = during, error, traceback


def live(fd: int, shared: int = -1) -> None:
    """Serve the front at the other end of the socket `fd` until it says drain or closes; `shared` is the page."""
    os.set_inheritable(fd, False)
    survival.die_with_parent()
    survival.dump_stacks()
    words, area = page.views(shared)
    if shared >= 0:
        os.close(shared)
    channel = Channel(fd, words, area)
    output = Output(channel)
    python = sys.version.split()[0]
    _tell(channel, frames.HELLO, protocol=frames.PROTOCOL, pid=os.getpid(), python=python, swagger=None)
    arriving = channel.frames()
    about = _start_order(next(arriving, None))
    survival.limit_memory(int(about.get("memory_limit") or 0))
    os.register_at_fork(after_in_child=channel.let_go)
    os.register_at_fork(after_in_child=output.go_native)
    output.capture(about.get("switches", {}).get("log_root", True))
    try:
        serving = _boot(channel, output, about)
    except Boot as failure:
        _end_failed(channel, output, failure)
    output.end()
    _serve(Scoring(serving, channel, output, Told(words, about.get("switches", {}))), arriving)


def _serve(scoring: Scoring, arriving: Iterator[Any]) -> None:
    joining = Joining(scoring)
    for kind, flags, count, payload in arriving:
        if kind == frames.REQUEST:
            requests = frames.read_requests(count, payload)
            if flags & frames.FLAG_JOIN:
                joining.answer(requests)
                continue
            scoring.answer_all(requests)
        elif kind == frames.CONTROL:
            order = json.loads(payload)
            if order["op"] == "drain":
                return
            if order["op"] == "check":
                _tell(scoring.channel, frames.CHECKED, **check(scoring, order["bodies"], order["recorded"]))
    os._exit(1)  # the front is gone


def _tell(channel: Channel, kind: int, **content: Any) -> None:
    channel.send(frames.message(kind, content))


def _start_order(frame: Any) -> Dict[str, Any]:
    if frame is None:
        os._exit(1)
    about: Dict[str, Any] = json.loads(frame[3])
    if about.get("op") != "start" or about.get("protocol") != frames.PROTOCOL:
        sys.exit(f"This worker speaks protocol {frames.PROTOCOL}; the front began with {about}.")
    return about


def _boot(channel: Channel, output: Output, about: Dict[str, Any]) -> script.Script:
    root = os.environ.get("AML_APP_ROOT") or os.getcwd()
    if debugger.wanted():
        _tell(channel, frames.PHASE, phase="debugger")
        with _step("debugger", "Connecting to the debugger"):
            debugger.connect(
                lambda text: output.say("log", "W", "azmlinfsrv", text),
                lambda text: _end_failed(channel, output, Boot("debugger", text, text)),
            )
    _tell(channel, frames.PHASE, phase="importing")
    with _step("importing", "Importing the entry script"):
        entry_script = os.environ.get("AZUREML_ENTRY_SCRIPT", "")
        script.extend_path(root, os.environ.get("AZUREML_SOURCE_DIRECTORY", ""))
        configure(root, os.path.dirname(os.path.join(root, entry_script)))
        legacy.switch(legacy.wanted())
        found = script.examine(script.load(root, entry_script, about.get("switches", {}).get("register_module", True)))
    _tell(channel, frames.PHASE, phase="init")
    with _step("init", f"init() of {found.name}"):
        found.init()
    with _step("swagger", "Describing the service"):
        documents = swagger.documents(found.run, found.schema, root, about)
    needs_headers = found.headers or found.schema  # a decorated run depends on the content type
    ready = {"raw": found.raw, "headers": needs_headers, "swagger": documents, "joinable": joinable(found, documents)}
    _tell(channel, frames.PHASE, phase="ready", **ready)
    return found


@contextmanager
def _step(during: str, what: str) -> Iterator[None]:
    """One step of the start; whatever the script raises in it, SystemExit included, becomes a Boot failure."""
    try:
        yield
    except (script.ScriptError, SignatureRefused, debugger.DebuggerMissing) as refused:
        raise Boot(during, str(refused), str(refused)) from None
    except BaseException as error:  # noqa: BLE001 (the edge around the user's script)
        told, trace = f"{what} raised {summary(error)}", own_traceback(error)
        raise Boot(during, with_versions(told, error), with_versions(trace, error)) from None


def _end_failed(channel: Channel, output: Output, failure: Boot) -> NoReturn:
    if failure.during == "init":
        _log_models(output, os.environ.get("AZUREML_MODEL_DIR", ""))
    output.end()
    told = {"during": failure.during, "error": failure.error, "traceback": failure.traceback}
    _tell(channel, frames.PHASE, phase="failed", **told)
    os._exit(BOOT_FAILED)  # no waiting for threads that the script may have left


def _log_models(output: Output, folder: str) -> None:
    """Log what lies in the model folder: a wrong path is the commonest reason for a failing `init`."""
    if not os.path.isdir(folder):
        return
    lines = [f"Contents of AZUREML_MODEL_DIR {folder}:"]
    for place, folders, files in os.walk(folder):
        folders.sort()
        lines += (os.path.join(place, name) for name in sorted(files))
        if len(lines) > TREE_LINES:
            lines[TREE_LINES:] = ["(and more)"]
            break
    output.say("log", "I", "azmlinfsrv", "\n".join(lines))
