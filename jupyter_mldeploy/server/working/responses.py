"""A response object of the script, Flask's or ours, as answers: whole, or part by part when its body is a generator."""

import itertools
import json
import sys
from typing import Any, Generator, Iterator, List, Tuple

from ..frames import END, FLAG_RUN_FAILED, FLAG_STREAM, NO_EXEC, OK_META, PART, Answer
from .environ import environ
from .inputs import Meta

RUN_FAILED = "x-ms-run-function-failed"
# The front sets these itself, from what it sends.
OF_THE_CONNECTION = {"content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer"}
CLASSES = (("flask", "Response"), (f"{__package__}.plain_response", "Response"))


def is_response(value: Any) -> bool:
    """Whether `value` is a response object. Only modules that the script has loaded are asked."""
    known = (getattr(sys.modules.get(module), name, None) for module, name in CLASSES)
    return any(isinstance(kind, type) and isinstance(value, kind) for kind in known)


def answers(response: Any, meta: Meta, request: int, exec_us: int) -> Generator[Answer, None, None]:
    """Yield the answers that a response object comes to, in order; raises what the script's own body raises.

    A generator's first chunk is made before anything is sent, so that one which fails at once still gets the status of
    a failed request.
    """
    chunks, status, headers = response.get_wsgi_response(environ(meta, b""))
    try:
        http = int(str(status)[:3])
        failed, head = _head(headers, http)
        opening = Answer(request, OK_META, FLAG_RUN_FAILED if failed else 0, http, exec_us, head, b"")
        if response.is_streamed:
            yield from _streamed(opening, iter(chunks))
            last = Answer(request, END, 0, http, NO_EXEC, b"", b"")
        else:
            last = opening._replace(body=b"".join(chunks))
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    yield last


def _streamed(opening: Answer, chunks: Iterator[bytes]) -> Iterator[Answer]:
    first = next(chunks, b"")
    yield opening._replace(flags=opening.flags | FLAG_STREAM)
    for chunk in filter(None, itertools.chain([first], chunks)):
        yield Answer(opening.id, PART, 0, opening.http, NO_EXEC, b"", chunk)


def _head(headers: List[Tuple[str, str]], http: int) -> Tuple[bool, bytes]:
    """Whether the run counts as failed, and the meta of the answer. Raises ValueError for a header that cannot be."""
    kept = [[name, str(value)] for name, value in headers if name.lower() not in OF_THE_CONNECTION]
    if http >= 500:
        kept = [pair for pair in kept if pair[0].lower() != RUN_FAILED] + [[RUN_FAILED, "True"]]
    for name, value in kept:
        f"{name}{value}".encode("latin-1")
        if any(sign in f"{name}{value}" for sign in "\r\n\0"):
            raise ValueError(f"The response header {name!r} holds a line break: {value!r}.")
    failed = any(name.lower() == RUN_FAILED and value == "True" for name, value in kept)
    return failed, json.dumps({"headers": kept}).encode()
