"""One request by another server's protocol: the arguments of `run`, and how its result is written."""

from typing import Any, Callable, Mapping, NamedTuple

from ..inputs import Arguments, Meta, Read, Refused, unpack
from ..outputs import encoder
from ..script import Script
from . import infer, invocations
from .arguments import Wanted
from .media import Encoded

ENCODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # what clients of these protocols may send, as zlib's wbits


Write = Callable[[Any], Encoded]


class Call(NamedTuple):
    """What to run, and what to do with its result."""

    arguments: Arguments
    write: Write


class Calls:
    """Makes calls of requests whose meta names a protocol under `k`. `read` is the reader of `/score`."""

    def __init__(self, script: Script, switches: Mapping[str, Any], read: Read) -> None:
        self._wanted = Wanted(script)
        self._read = read
        self._encode = encoder({**switches, "encode_more": True})  # as those servers do
        self._limit = int(switches.get("unpack_limit", 0))

    def call(self, meta: Meta, packed: bytes) -> Call:
        """The call for a request. Raises Refused when it does not fit."""
        make = self._infer if meta["k"] == "infer" else self._invoke
        try:
            return make(meta, unpack(meta, packed, self._limit, ENCODINGS))
        except MemoryError:
            raise Refused(413, "The request takes more memory than this service has for one.") from None

    def _infer(self, meta: Meta, body: bytes) -> Call:
        asked = infer.read(meta, body)
        arguments = self._wanted.arguments(asked.given, asked.parameters)
        return Call(arguments, lambda value: infer.write(asked, meta, value, self._encode))

    def _invoke(self, meta: Meta, body: bytes) -> Call:
        asked = invocations.read(meta, body)
        if asked.given is None:
            arguments = self._read(meta, body)
        else:
            arguments = self._wanted.arguments(asked.given, asked.parameters)
        return Call(arguments, lambda value: invocations.write(asked, meta, value, self._encode))
