"""The frames that front and worker exchange over a socket pair: length-prefixed, versioned, standard library only.

A frame is a header and `length` bytes of payload. Several requests travel in one REQUEST frame, and each is answered
by ANSWER entries of its own as soon as it has run. Runs on Python 3.8, because the worker does.
"""

import json
import struct
from typing import Any, Dict, Iterable, List, NamedTuple, Sequence, Tuple, Union

PROTOCOL = 1

HEADER = struct.Struct("<IBBH")  # payload length, kind, flags, count of entries
REQUEST_HEAD = struct.Struct("<III")  # request id, meta length, body length
ANSWER_HEAD = struct.Struct("<IBBHIII")  # request id, status, flags, http status, exec µs, meta length, body length
_ONE_ANSWER = struct.Struct(HEADER.format + ANSWER_HEAD.format[1:])

# Kinds. From the worker: HELLO once after start, PHASE at each step of start, ANSWER, LOG, CHECKED. To the worker:
# REQUEST, CONTROL. HELLO, PHASE, CONTROL and CHECKED carry one JSON object as payload.
HELLO, PHASE, REQUEST, ANSWER, LOG, CONTROL, CHECKED = range(1, 8)

FLAG_JOIN = 1  # of a REQUEST frame: its requests may be joined to one run

# Statuses of an answer.
OK = 0  # body is JSON text, sent with status 200
OK_META = 1  # a response object of the script: http status, meta is {"headers": [[name, value], …]}
RAISED = 2  # `run` raised; body is the traceback for the log, never for the client
NOT_SERIALISABLE = 3  # the result has no JSON form; body says which type, for the log
BAD_INPUT = 4  # the request does not fit; http status, body is the message for the client
PART = 5  # one chunk of a stream; OK_META with FLAG_STREAM has opened it
END = 6  # the stream is over
RETURNED = 7  # not begun, because the front wants it back

FLAG_RUN_FAILED = 1  # `x-ms-run-function-failed: True`
FLAG_STREAM = 2  # OK_META: the body follows as PART entries until END
NO_EXEC = 0xFFFFFFFF  # exec µs when `run` did not return

LARGE = 65_536  # bytes
_new: Any = tuple.__new__  # a named tuple of values in a tuple, in half the time that its class takes
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
    """A frame of kind HELLO, PHASE, LOG, CONTROL or CHECKED that carries one JSON object."""
    payload = json.dumps(content).encode()
    return HEADER.pack(len(payload), kind, 0, 1) + payload


def requests(entries: Sequence[Tuple[int, bytes, bytes]], flags: int = 0) -> bytes:
    """One REQUEST frame for all `entries` (at most 65,535): each a `Request`, or a plain tuple of its fields."""
    heads: List[bytes] = [b""]
    bodies: List[bytes] = []
    for number, meta, body in entries:
        heads.append(REQUEST_HEAD.pack(number, len(meta), len(body)))
        bodies += (meta, body)
    length = len(entries) * REQUEST_HEAD.size + sum(map(len, bodies))
    heads[0] = HEADER.pack(length, REQUEST, flags, len(entries))
    return b"".join(heads + bodies)


def answers(entries: Iterable[Answer]) -> bytes:
    """One ANSWER frame for all `entries` (at most 65,535)."""
    heads: List[bytes] = []
    bodies: List[bytes] = []
    for a in entries:
        heads.append(ANSWER_HEAD.pack(a.id, a.status, a.flags, a.http, a.exec_us, len(a.meta), len(a.body)))
        bodies += (a.meta, a.body)
    payload = b"".join(heads + bodies)
    return HEADER.pack(len(payload), ANSWER, 0, len(heads)) + payload


def answer(a: Answer) -> bytes:
    """An ANSWER frame for one: what `answers` makes of it, in a third of the time."""
    meta, body = len(a.meta), len(a.body)
    length = ANSWER_HEAD.size + meta + body
    head = _ONE_ANSWER.pack(length, ANSWER, 0, 1, a.id, a.status, a.flags, a.http, a.exec_us, meta, body)
    return head + a.meta + a.body


def read_requests(count: int, payload: Buffer) -> List[Request]:
    """The entries of a REQUEST frame."""
    start = count * REQUEST_HEAD.size
    entries = []
    for offset in range(0, start, REQUEST_HEAD.size):
        number, meta, body = REQUEST_HEAD.unpack_from(payload, offset)
        middle, end = start + meta, start + meta + body
        entries.append(_new(Request, (number, bytes(payload[start:middle]), bytes(payload[middle:end]))))
        start = end
    return entries


def read_answers(count: int, payload: Buffer) -> List[Answer]:
    """The entries of an ANSWER frame."""
    start = count * ANSWER_HEAD.size
    if count == 1 and isinstance(payload, bytes):  # nearly always
        number, status, flags, http, exec_us, meta, _ = ANSWER_HEAD.unpack_from(payload)
        middle = start + meta
        about = payload[start:middle] if meta else b""
        return [_new(Answer, (number, status, flags, http, exec_us, about, payload[middle:]))]
    entries = []
    for offset in range(0, start, ANSWER_HEAD.size):
        number, status, flags, http, exec_us, meta, body = ANSWER_HEAD.unpack_from(payload, offset)
        middle, end = start + meta, start + meta + body
        parts = bytes(payload[start:middle]), bytes(payload[middle:end])
        entries.append(Answer(number, status, flags, http, exec_us, *parts))
        start = end
    return entries


class Reader:
    """Cuts a byte stream into frames: feed it what arrived, take what is whole.

    The pieces of a large frame are kept apart and joined once, when it is complete; a large payload of bodies is not
    copied, but a view.
    """

    def __init__(self) -> None:
        self._pieces: List[bytes] = []
        self._have = 0
        self._need = HEADER.size  # bytes from the start of the first frame that is not whole

    def feed(self, data: Buffer) -> List[Tuple[int, int, int, Any]]:
        """Return (kind, flags, count, payload) of every frame that `data` completes."""
        whole = bytes(data)
        if self._pieces or len(whole) < self._need:
            self._pieces.append(whole)
            self._have += len(whole)
            if self._have < self._need:
                return []
            whole, self._pieces = b"".join(self._pieces), []
        return self._cut(whole)

    def _cut(self, whole: bytes) -> List[Tuple[int, int, int, Any]]:
        found: List[Tuple[int, int, int, Any]] = []
        start, self._need = 0, HEADER.size
        while len(whole) - start >= HEADER.size:
            length, kind, flags, count = HEADER.unpack_from(whole, start)
            end = start + HEADER.size + length
            if end > len(whole):
                self._need = end - start
                break
            bodies = length >= LARGE and kind in (REQUEST, ANSWER)
            found.append((kind, flags, count, (memoryview(whole) if bodies else whole)[start + HEADER.size : end]))
            start = end
        self._have = len(whole) - start
        if self._have:
            self._pieces = [whole[start:]]
        return found
