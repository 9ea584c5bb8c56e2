"""From a request's method, query and body to the arguments of `run` (wire contract, section 3, A and B)."""

import codecs
import json
import zlib
from typing import Any, Callable, Dict, List, Mapping, Tuple
from urllib.parse import parse_qsl

from .signature import NEEDED, Parameter

Meta = Mapping[str, Any]
Arguments = Dict[str, Any]
Read = Callable[[Meta, bytes], Arguments]


class Refused(Exception):
    """The request does not fit; `status` and `message` are for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


SERVER_FAILED = "An unexpected internal error occurred. Check the logs for more info."  # the wire contract's text
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
GZIP = {"gzip": 31, "x-gzip": 31}  # content encodings, as zlib's wbits


def unpack(meta: Meta, body: bytes, limit: int, encodings: Mapping[str, int] = GZIP) -> bytes:
    """The body without its gzip encoding, if it has one and comes to `limit` bytes at most; 0 leaves it packed."""
    encoding = meta.get("ce", "").strip().lower()
    if not limit or encoding not in encodings:
        return body
    stream = zlib.decompressobj(encodings[encoding])
    try:
        content = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise Refused(400, f"The body is not {encoding}, as its Content-Encoding says: {error}") from None
    if len(content) > limit:
        raise Refused(413, f"The body is larger than the limit of {limit} bytes when it is unpacked.")
    if not stream.eof:
        raise Refused(400, f"The {encoding} body ends before its end.")
    return content


def text_reader(name: str, forms: bool) -> Read:
    """A plain `run(x)`: the body as text whatever its type; the query as one JSON object, also as text.

    Without `forms` the body of a form is the empty text.
    """

    def read(meta: Meta, body: bytes) -> Arguments:
        if meta and _method(meta) == "GET":
            return {name: json.dumps(query_object(meta.get("q", "")))}
        if not forms and meta.get("ct", "").lower().startswith(FORMS):
            return {name: ""}
        try:
            return {name: str(body, "utf-8")}
        except UnicodeDecodeError as error:
            raise Refused(400, f"Input cannot be decoded as UTF-8: {error}") from None

    return read


def object_reader(wanted: List[Parameter], errors_400: bool) -> Read:
    """An `@input_schema` run: one JSON object, or the query, whose values go to the parameters of their names.

    Without `errors_400` JSON that is no UTF-8, nests too deep or holds too long a number is the server's own failure,
    as in azmlinfsrv.
    """

    def read(meta: Meta, body: bytes) -> Arguments:
        if meta and _method(meta) == "GET":
            return _chosen(wanted, query_object(meta.get("q", "")))
        if meta and not is_json(meta.get("ct") or ""):
            raise Refused(415, "Expects Content-Type to be application/json")
        return _chosen(wanted, _json_object(body, errors_400))

    return read


def _method(meta: Meta) -> str:
    method = str(meta.get("m", "POST"))
    if method not in ("GET", "POST"):
        raise Refused(405, "Method not allowed")
    return method


def is_json(content_type: str) -> bool:
    """Whether a content type is `application/json` or `application/*+json`."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def query_object(query: str) -> Dict[str, Any]:
    """Turn a query string into an object: values are JSON where they parse, else text; a repeated name is a list."""
    values: Dict[str, List[Any]] = {}
    for name, text in query_pairs(query):
        values.setdefault(name, []).append(_json_or_text(text))
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def query_pairs(query: str) -> List[Tuple[str, str]]:
    """Cut a query string into decoded (name, value) pairs; bytes that are no UTF-8 stay percent-encoded.

    `query` has one character for each byte of the request line (latin-1), as the front and WSGI hand it over.
    """
    text = query.encode("latin-1", "replace").decode("utf-8", "mldeploy.percent")
    return parse_qsl(text, keep_blank_values=True, errors="mldeploy.percent")


def _keep_percent(error: UnicodeError) -> Tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(f"%{byte:02X}" for byte in error.object[error.start : error.end]), error.end


codecs.register_error("mldeploy.percent", _keep_percent)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _json_object(body: bytes, errors_400: bool) -> Dict[str, Any]:
    if not body:
        raise Refused(400, "POST body is empty. Expecting a JSON dictionary.")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        if not errors_400 and not isinstance(error, json.JSONDecodeError):
            raise Refused(500, SERVER_FAILED) from None
        raise Refused(400, f"POST body could not be decoded as JSON: {error}") from None
    if not isinstance(content, dict):
        raise Refused(400, "POST body should be a JSON dictionary.")
    return content


def _chosen(wanted: List[Parameter], content: Dict[str, Any]) -> Arguments:
    chosen = {parameter.name: content.get(parameter.name, parameter.default) for parameter in wanted}
    for name, value in chosen.items():
        if value is NEEDED:
            raise Refused(400, f"A value is not provided for the {name!r} parameter.")
    return chosen
