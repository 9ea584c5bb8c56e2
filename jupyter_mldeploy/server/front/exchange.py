"""One request on its way: what came in, where it stands, and which connection waits for the answer."""

from __future__ import annotations

from itertools import count
from random import getrandbits
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

if TYPE_CHECKING:
    from .http import Connection
    from .state import Front

HEALTH, SCORE, SWAGGER, LIVE, METRICS, DOCS, TOKEN = range(1, 8)  # routes
# Routes of other servers' clients: see `protocols`.
INFER, INVOKE, PING, VERSION, OIP_SERVER, OIP_LIVE, OIP_READY, OIP_MODEL, OIP_MODEL_READY = range(8, 17)
SCORING = (SCORE, INFER, INVOKE)  # these go to the script
OPEN = (HEALTH, LIVE, TOKEN)  # to everybody, whatever the auth; who asks for a token brings id and secret
# Asked by machines again and again: no access line.
QUIET = (HEALTH, LIVE, METRICS, PING, OIP_LIVE, OIP_READY, OIP_MODEL_READY)
_OURS = str(uuid4())[:-12].encode()
_COUNT = count(getrandbits(48))
_ODD, _LAST = 0x9E3779B97F4B, (1 << 48) - 1  # odd: so no value comes twice before all others have come


class Refusal(NamedTuple):
    """An answer decided from the head alone. `bare` leaves out the id and CORS headers, `lines` adds header lines.

    With `delay` it is sent only after so many seconds.
    """

    status: int
    message: str
    bare: bool = False
    lines: bytes = b""
    delay: float = 0.0


class Head(NamedTuple):
    """What the head of a request says, and the route that was found for it."""

    method: bytes
    path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    fields: dict[bytes, bytes]
    route: int


class Exchange:
    """A request and what is known of its answer. `fields` has header names in lower case, `headers` all as sent.

    What is the same for most requests is a default of the class: that is half the cost of making one.
    """

    body = b""
    keep_alive = True
    old = False  # HTTP/1.0
    route = 0
    model = ("", "")  # name and version that its address names
    refusal: Refusal | None = None
    undecided = False  # whether its credentials are good is looked up before it is handled
    arrived = 0.0
    worker = 0
    gone = False  # nobody waits any more, or it has been answered
    alone = False  # its first worker died: it shares no worker with others
    lost = 0  # workers that died before they had begun it
    refused_id = False  # an id of the client's was too long: the answer repeats none
    streaming = False  # the answer's head is sent, its body follows in pieces …
    chunked = False  # … as chunks of HTTP/1.1
    run: float | None = None  # seconds in the script, when it returned
    status = 0
    sent = 0  # bytes of a stream
    lane: Front | None = None  # which of several versions it was dealt to …
    mark = b""  # … and the header line that says so

    def __init__(self, connection: Connection, method: bytes, url: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.connection = connection
        self.method = method
        self.path, _, self.query = url.partition(b"?")
        self.headers = headers
        self.fields = {name.lower(): value for name, value in headers}
        self.request_id = self.fields.get(b"x-request-id") or new_id()

    @classmethod
    def of(cls, head: Head, connection: Connection, body: bytes) -> Exchange:
        """A request whose head was read and checked before."""
        new = cls.__new__(cls)
        new.connection, new.body = connection, body
        new.method, new.path, new.query, new.headers, new.fields, new.route = head
        new.request_id = new.fields.get(b"x-request-id") or new_id()
        return new

    def head(self) -> Head:
        return Head(self.method, self.path, self.query, self.headers, self.fields, self.route)

    def content_length(self) -> int:
        return int(self.fields.get(b"content-length", b"0") or b"0")


def new_id() -> bytes:
    """A UUID (version 4), as text, in a tenth of the time of `uuid.uuid4`: its first half is random for this process,
    its last 48 bits run through all their values without a pattern that one sees."""
    return b"%b%012x" % (_OURS, next(_COUNT) * _ODD & _LAST)
