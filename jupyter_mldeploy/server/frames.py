"""The frames that front and worker exchange over a socket pair: length-prefixed, versioned, standard library only.

A frame is a header and `length` bytes of payload. Several requests travel in one REQUEST frame, and each is answered
by ANSWER entries of its own as soon as it has run. Runs on Python 3.8, because the worker does.
"""

import json
import struct
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Tuple, Union

PROTOCOL = 1

HEADER = struct.Struct("<IBBH")  # payload length, kind, flags, count of entries
REQUEST_HEAD = struct.Struct("<III")  # request id, meta length, body length
ANSWER_HEAD = struct.Struct("<IBBHIII")  # request id, status, flags, http status, exec µs, meta length, body length

# Kinds. From the worker: HELLO once after start, PHASE at each step of start, ANSWER, LOG. To the worker: REQUEST,
# CONTROL. HELLO, PHASE and CONTROL carry one JSON object as payload.
HELLO, PHASE, REQUEST, ANSWER, LOG, CONTROL = range(1, 7)

# Statuses of an answer.
OK = 0  # body is JSON text, sent with status 200
OK_META = 1  # a response object of the script: http status, meta is {"headers": [[name, value], …]}
RAISED = 2  # `run` raised; body is the traceback for the log, never for the client
NOT_SERIALISABLE = 3  # the result has no JSON form; body says which type, for the log
BAD_INPUT = 4  # the request does not fit; http status, body is the message for the client
PART = 5  # one chunk of a stream; OK_META with FLAG_STREAM has opened it
END = 6  # the stream is over

FLAG_RUN_FAILED = 1  # `x-ms-run-function-failed: True`
FLAG_STREAM = 2  # OK_META: the body follows as PART entries until END
NO_EXEC = 0xFFFFFFFF  # exec µs when `run` did not return

Buffer = Union[bytes, bytearray, memoryview]


class Request(NamedTuple):
    """One scoring request: `meta` is JSON (method, query, headers) or empty for a plain POST."""

    id: int
    meta: bytes
    body: bytes


class Answer(NamedTuple):
    """One answer, or one part of a streamed one."""

    id: int
    status: int
    flags: int
    http: int
    exec_us: int
    meta: bytes
    body: bytes


def message(kind: int, content: Dict[str, Any]) -> bytes:
    """A frame of kind HELLO, PHASE, LOG or CONTROL that carries one JSON object."""
    payload = json.dumps(content).encode()
    return HEADER.pack(len(payload), kind, 0, 1) + payload


def requests(entries: Iterable[Request]) -> bytes:
    """One REQUEST frame for all `entries` (at most 65,535)."""
    heads: List[bytes] = []
    bodies: List[bytes] = []
    for entry in entries:
        heads.append(REQUEST_HEAD.pack(entry.id, len(entry.meta), len(entry.body)))
        bodies += (entry.meta, entry.body)
    payload = b"".join(heads + bodies)
    return HEADER.pack(len(payload), REQUEST, 0, len(heads)) + payload


def answers(entries: Iterable[Answer]) -> bytes:
    """One ANSWER frame for all `entries` (at most 65,535)."""
    heads: List[bytes] = []
    bodies: List[bytes] = []
    for a in entries:
        heads.append(ANSWER_HEAD.pack(a.id, a.status, a.flags, a.http, a.exec_us, len(a.meta), len(a.body)))
        bodies += (a.meta, a.body)
    payload = b"".join(heads + bodies)
    return HEADER.pack(len(payload), ANSWER, 0, len(heads)) + payload


def read_requests(count: int, payload: Buffer) -> List[Request]:
    """The entries of a REQUEST frame."""
    heads = [REQUEST_HEAD.unpack_from(payload, i * REQUEST_HEAD.size) for i in range(count)]
    texts = _cut(payload, count * REQUEST_HEAD.size, [n for head in heads for n in head[1:]])
    return [Request(head[0], next(texts), next(texts)) for head in heads]


def read_answers(count: int, payload: Buffer) -> List[Answer]:
    """The entries of an ANSWER frame."""
    heads = [ANSWER_HEAD.unpack_from(payload, i * ANSWER_HEAD.size) for i in range(count)]
    texts = _cut(payload, count * ANSWER_HEAD.size, [n for head in heads for n in head[5:]])
    return [Answer(h[0], h[1], h[2], h[3], h[4], next(texts), next(texts)) for h in heads]


def _cut(payload: Buffer, start: int, lengths: List[int]) -> Iterator[bytes]:
    for length in lengths:
        yield bytes(payload[start : start + length])
        start += length


class Reader:
    """Cuts a byte stream into frames: feed it what arrived, iterate what is whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: Buffer) -> Iterator[Tuple[int, int, int, bytes]]:
        """Yield (kind, flags, count, payload) for every frame that `data` completes."""
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            length, kind, flags, count = HEADER.unpack_from(self._buffer)
            end = HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[HEADER.size : end])
            del self._buffer[:end]
            yield kind, flags, count, payload
