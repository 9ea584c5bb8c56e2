"""Sections 5, 9, 10, 12, 13 and 14: raw scripts, loading, settings, telemetry, decorated scripts, swagger."""

# A row a line or two.
# fmt: off
# ruff: noqa: E501
from ..rows import Expected, Row
from .addresses import FINE, JSON, ORIGIN, RAN
from .bodies import PART, PARTS, RAISED, SCRIPT_FAILED, SERVER_FAILED

TYPED = {"Content-Type": JSON}
OCTETS = {"Content-Type": "application/octet-stream"}
BAD = {"x-ms-run-function-failed": "False", "x-ms-run-fn-exec-ms": None, "content-type": JSON}
ALL_BYTES = bytes(range(256))


def echo(**changes: object) -> dict[str, object]:
    """What the raw script's echo answers."""
    nothing = {"args": {}, "type": None, "mimetype": "", "length": None, "own": None, "json": False, "data": ""}
    return {"method": "POST", "path": "/score", "query": "", **nothing, **changes}


def raw(rule: str, path: str, status: int = 200, headers: object = None, body: object = "~(?s).*", **more: object) -> Row:
    """A row for the raw script; GET unless something is sent."""
    method = more.pop("method", "POST" if "sent" in more else "GET")
    return Row(5, rule, "raw", str(method), path, status, headers or {}, body, **more)  # type: ignore[arg-type]


RAW = (
    raw("POST reaches it", "/score", 200, RAN, echo(length=2, data="hi"), sent="hi"),
    raw("GET reaches it with its query", "/score?a=1&a=2", 200, RAN,
        echo(method="GET", query="a=1&a=2", args={"a": ["1", "2"]})),
    raw("OPTIONS reaches it", "/score", 200, RAN, echo(method="OPTIONS"), method="OPTIONS"),
    raw("HEAD reaches it", "/score", 200, RAN, "", method="HEAD"),
    raw("types and headers are there", "/score", 200, RAN,
        echo(type="application/json; charset=utf-8", mimetype=JSON, json=True, own="1", length=2, data="{}"),
        sent="{}", send={"Content-Type": "application/json; charset=utf-8", "X-Own": "1"}),
    raw("bytes come as bytes and go as bytes", "/score?do=bytes", 200,
        {"content-type": "application/octet-stream", "x-kind": "bytes"}, sent=ALL_BYTES, send=OCTETS),
    raw("a form is parsed", "/score?do=form", 200, RAN, {"form": {"a": "1", "b": "x y"}, "files": {}},
        sent="a=1&b=x+y", send={"Content-Type": "application/x-www-form-urlencoded"}),
    raw("a multipart form is parsed", "/score?do=form", 200, RAN, {"form": {"a": "1"}, "files": {}}, sent=PART,
        send=PARTS),
    raw("a file is parsed", "/score?do=form", 200, RAN, {"form": {}, "files": {"f": ["n.txt", "content"]}},
        sent=b'--b\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n\r\ncontent\r\n--b--\r\n', send=PARTS),
    raw("JSON is parsed", "/score?do=json", 200, {"content-type": "text/html; charset=utf-8"}, '{"a": [1]}',
        sent='{"a":[1]}', send=TYPED),
    raw("cookies are parsed", "/score?do=cookies", 200, RAN, {"a": "1", "b": "2"}, send={"Cookie": "a=1; b=2"}),
    raw("None is an empty object", "/score?do=none", 202, {"content-type": JSON}, {}),
    raw("text is html", "/score?do=text", 200, {"content-type": "text/html; charset=utf-8", **FINE}, "plain ü"),
    raw("header values are split at commas", "/score?do=commas", 200,
        {"x-list": "a, b, c", "cache-control": "no-cache, no-store"}),
    raw("a flag says that run failed", "/score?do=failed", 400, {"x-ms-run-function-failed": "True"}, {"e": 1}),
    raw("from 500 on run failed", "/score?do=error", 503,
        {"x-ms-run-function-failed": "True", "x-ms-run-fn-exec-ms": "~.+"}, "down"),
    raw("any status is sent", "/score?do=odd+status", 418, FINE, "teapot"),
    raw("the request id is the server's", "/score?do=id", 200, {"x-request-id": "r"}, send={"x-request-id": "r"}),
    raw("a dict is JSON as ever", "/score?do=dict", 200, RAN, {"plain": True}),
    raw("no content is no content", "/score?do=no+content", 204, FINE, ""),
    raw("flask.request is the request", "/score?do=flask+request", 200, {}, "True"),
    raw("jsonify works", "/score?do=jsonify", 200, {"content-type": JSON}, {"a": 1}),
    raw("redirect works", "/score?do=redirect", 302, {"location": "/elsewhere"}),
    raw("cookies are set one by one", "/score?do=cookie", 200, {"set-cookie": "a=1; Path=/, b=2; Path=/"}),
    raw("a generator streams a chunk a yield", "/score?do=stream", 200,
        {"transfer-encoding": "chunked", "content-type": "text/event-stream; charset=utf-8"}, "onetwothree"),
    raw("a stream of azureml's response", "/score?do=aml+stream", 206,
        {"content-type": "application/octet-stream", "transfer-encoding": "chunked"}, "onetwothree",
        chunks=(b"one", b"two", b"three")),
    raw("a stream that breaks ends without its last chunk", "/score?do=broken+stream", 200,
        {"transfer-encoding": "chunked"}, chunks=(b"one", b"two"), torn=True, logged="ValueError: in the middle"),
    raw("bytes of 3 MB that are no text", "/score?do=binary", 200, {"content-type": "application/octet-stream"},
        sent=ALL_BYTES * 12_000, send=OCTETS),
    raw("HEAD of a stream has its head", "/score?do=stream", 200, {"content-type": "text/event-stream; charset=utf-8"},
        "", method="HEAD"),
    raw("a raising raw run is the script's failure", "/score?do=raise", 500, RAISED, SCRIPT_FAILED),
    raw("null bytes stay", "/score?do=bytes", 200, {"x-kind": "bytes"}, sent=b"\x00\xff"),
)

LOADING = (
    Row(9, "modules of the app root and the source directory are found", "filed", "POST", "/score", 200, RAN,
        {"root": "root", "source": "source", "module": "entry_module", "data": "x"}, sent="x"),
    Row(9, "a driver's inner run is called after the outer init", "driver", "POST", "/score", 200, RAN,
        {"inner": "x", "ready": ["outer"]}, sent="x"),
    Row(9, "init ran before the first answer", "driver", "GET", "/", 200, {}, "Healthy"),
    Row(9, "pickles of the script's own classes fail", "pickled", "POST", "/score", 500, RAISED, SCRIPT_FAILED, sent="x",
        improvement="register_module", ours=Expected(200, RAN, True)),
    Row(9, "one model: the model folder is its version's", "named", "POST", "/score", 200, RAN, ["file"], sent="models"),
    Row(9, "several models: the model folder holds them all", "rooted", "POST", "/score", 200, RAN,
        ["m/1/file", "n/2/folder/file"], sent="models"),
    Row(9, "a script in a sub-folder is served", "filed", "GET", "/score?a=1", 200, RAN),
)

SETTINGS = (
    Row(10, "the file's name is used", "filed", "GET", "/swagger.json?version=3.1", 200, {},
        "~.*\"title\": \"from the file\".*"),
    Row(10, "the app root has the file", "rooted", "GET", "/swagger.json?version=3.1", 200, {}, "~.*from the root.*"),
    Row(10, "the app root has the descriptions", "rooted", "GET", "/swagger.json?version=3", 200, {},
        {"openapi": "3.0.0", "mine": "root"}),
    Row(10, "settings of workers and telemetry change no answer", "rooted", "GET", "/score?a=1", 200, RAN),
    Row(10, "the variable goes before the file", "filed", "GET", "/swagger.json?version=3.1", 200, {},
        "~.*\"version\": \"from the environment\".*"),
    Row(10, "the named file goes before config.json", "described", "GET", "/swagger.json?version=3", 200, {},
        "~.*from mine.json.*"),
    Row(10, "a health port is a second address", "described", "GET", "/", 200, {}, "Healthy", health=True),
    Row(10, "the health port scores too", "described", "POST", "/score", 200, RAN, sent="x", health=True),
    Row(10, "the command line's model folder is in the environment", "described", "POST", "/score", 200, RAN,
        "~.*\"AZUREML_MODEL_DIR\": \"models\".*", sent="environment"),
    Row(10, "the environment's model folder is passed on", "named", "POST", "/score", 200, RAN,
        "~.*\"AZUREML_MODEL_DIR\": \"models/m/1\".*", sent="environment"),
    Row(10, "two workers serve", "driver", "POST", "/score", 200, RAN, sent="y"),
    Row(10, "no model folder is set where none is given", "plain", "POST", "/score", 200, RAN,
        "~(?!.*AZUREML_MODEL_DIR).*", sent="environment"),
)

TELEMETRY = (
    Row(12, "a key alone changes no answer", "results", "POST", "/score", 200, RAN, 7, sent="int"),
    Row(12, "a switch alone changes no answer", "named", "POST", "/score", 200, {"x-ms-run-function-failed": "False"},
        sent="x"),
    Row(12, "a key that is none changes no answer", "driver", "POST", "/score", 200, RAN, sent="z"),
    Row(12, "responses need not be sent", "pickled", "GET", "/", 200, {}, "Healthy"),
    Row(12, "the switch of data collection changes no answer", "described", "POST", "/score", 200, RAN, sent="x"),
    Row(12, "the health of a service without a model folder", "plain", "GET", "/", 200, {}, "Healthy"),
)


def schema(rule: str, status: int, body: object, sent: object = b"", **more: object) -> Row:
    """A row for the decorated script, JSON unless it says otherwise."""
    path = str(more.pop("path", "/score"))
    method = "GET" if path != "/score" else "POST"
    headers = BAD if body is SERVER_FAILED else {200: RAN, 500: RAISED}.get(status, BAD)
    values = {"send": TYPED if method == "POST" else {}, "own": status in (400, 415), **more}
    return Row(13, rule, "schema", method, path, status, headers, body, sent=sent, **values)  # type: ignore[arg-type]


def said(**changes: object) -> dict[str, object]:
    return {"sum": 3.0, "array": "ndarray", "rows": None, "count": 1, "when": None, **changes}


ARRAY = '"array": [[1, 2]]'

DECORATED = (
    schema("lists become arrays", 200, said(), "{" + ARRAY + "}"),
    schema("records become frames", 200, said(rows=["DataFrame", 2]),
           "{" + ARRAY + ', "frame": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}'),
    schema("a standard value is passed", 200, said(count=5), "{" + ARRAY + ', "count": 5}'),
    schema("a text becomes a time", 200, said(when="~2021-02-03 .*"), "{" + ARRAY + ', "when": "2021-02-03 00:00:00"}'),
    schema("keys that nobody asked for are ignored", 200, said(), "{" + ARRAY + ', "more": 1}'),
    schema("a query does as well", 200, said(), path="/score?array=[[1,2]]"),
    schema("types with +json are JSON", 200, said(), "{" + ARRAY + "}", send={"Content-Type": "application/x+json"}),
    schema("a charset is no matter", 200, said(), "{" + ARRAY + "}", send={"Content-Type": JSON + "; charset=utf-8"}),
    schema("no type is 415", 415, {"message": "Expects Content-Type to be application/json"}, "{}", send={}),
    schema("another type is 415", 415, {"message": "~.*"}, "{}", send={"Content-Type": "text/plain"}),
    schema("an empty body is 400", 400, {"message": "~.*"}, ""),
    schema("no JSON is 400", 400, {"message": "~.*"}, "{"),
    schema("a list is 400", 400, {"message": "~.*"}, "[1]"),
    schema("a number is 400", 400, {"message": "~.*"}, "1"),
    schema("JSON in UTF-16 is read", 200, said(), ("{" + ARRAY + "}").encode("utf-16")),
    schema("JSON in UTF-16 without a mark is read", 200, said(), ("{" + ARRAY + "}").encode("utf-16-le")),
    schema("JSON in UTF-32 is read", 200, said(), ("{" + ARRAY + "}").encode("utf-32")),
    schema("JSON with a byte order mark is read", 200, said(), ("{" + ARRAY + "}").encode("utf-8-sig")),
    schema("JSON that is no UTF-8 is the server's failure", 500, SERVER_FAILED, b'{"array": "\xff"}',
           improvement="json_errors_400", ours=Expected(400, BAD, {"message": "~POST body could not be decoded.*"})),
    schema("JSON that nests too deep is the server's failure", 500, SERVER_FAILED, b'{"array": ' + b"[" * 100_000,
           improvement="json_errors_400", ours=Expected(400, BAD, {"message": "~POST body could not be decoded.*"})),
    schema("lone surrogates are text", 500, SCRIPT_FAILED, '{"array": "\\ud800"}'),
    schema("of a repeated key the last counts", 200, said(count=3), "{" + ARRAY + ', "count": 2, "count": 3}'),
    Row(13, "HEAD is 405 with headers", "schema", "HEAD", "/score", 405, {"x-ms-run-function-failed": "False"}, ""),
    schema("a missing parameter is 400 and named", 400, {"message": "~.*array.*"}, '{"count": 1}'),
    schema("a missing parameter of a query is 400", 400, {"message": "~.*array.*"}, path="/score?count=1"),
    schema("a value of the wrong type is 500", 500, SCRIPT_FAILED, "{" + ARRAY + ', "count": "x"}'),
    schema("an array that cannot be is 500", 500, SCRIPT_FAILED, '{"array": [["x", "y"]]}'),
    schema("an array of another shape is 500", 500, SCRIPT_FAILED, '{"array": [[1, 2, 3]]}'),
    Row(13, "OPTIONS is not run", "schema", "OPTIONS", "/score", 200, {"x-ms-run-fn-exec-ms": None}, ""),
    Row(13, "Power BI's names are names like others", "mixed", "POST", "/score", 200, RAN,
        {"Results": [[2, "b", {"b": False}], 1.5]}, sent='{"Inputs": [2, "b", {"b": false}], "GlobalParameters": 1.5}',
        send={**TYPED, **ORIGIN}),
)

SWAGGER = (
    Row(14, "the default is version 2", "plain", "GET", "/swagger.json", 200, {"content-type": JSON, **FINE},
        "~.*\"swagger\": \"2.0\".*"),
    *(Row(14, f"version {asked} is {word}", "plain", "GET", f"/swagger.json?version={asked}", 200, {}, f"~.*\"{word}\".*")
      for asked, word in (("2", "2.0"), ("2.0", "2.0"), ("3", "3.0.3"), ("3.0", "3.0.3"), ("3.1", "3.1.0"))),
    Row(14, "an unknown version is 404", "plain", "GET", "/swagger.json?version=4", 404, BAD, {"message": "~.*"}, own=True),
    Row(14, "an empty version is 404", "plain", "GET", "/swagger.json?version=", 404, BAD, {"message": "~.*"}, own=True),
    Row(14, "names and prefix are in it", "named", "GET", "/swagger.json", 200, {}, "~.*\"/some/prefix/score\".*"),
    Row(14, "names and prefix are in version 3", "named", "GET", "/swagger.json?version=3", 200, {}, "~.*my service.*"),
    Row(14, "parameters and samples are in it", "schema", "GET", "/swagger.json", 200, {}, "~.*numpy.ndarray.*"),
    Row(14, "parameters and samples are in version 3", "schema", "GET", "/swagger.json?version=3", 200, {},
        "~.*pandas.DataFrame:.*"),
    Row(14, "parameters and samples are in version 3.1", "schema", "GET", "/swagger.json?version=3.1", 200, {},
        "~.*numpy.ndarray.*"),
    Row(14, "a list of different types has no version 2", "mixed", "GET", "/swagger.json", 404, BAD, {"message": "~.*"},
        send=ORIGIN, own=True),
    Row(14, "a list of different types has a version 3", "mixed", "GET", "/swagger.json?version=3", 200, {},
        "~.*GlobalParameters.*", send=ORIGIN),
    Row(14, "a raw script has an empty example", "raw", "GET", "/swagger.json", 200, {}, "~.*ServiceInput.*"),
    Row(14, "swagger2.json replaces version 2", "filed", "GET", "/swagger.json", 200, {}, {"swagger": "2.0", "mine": 2}),
    Row(14, "swagger3.json replaces version 3", "filed", "GET", "/swagger.json?version=3", 200, {},
        {"openapi": "3.0.0", "mine": 3}),
    Row(14, "swagger.json goes before swagger2.json", "described", "GET", "/swagger.json", 200, {},
        {"swagger": "2.0", "mine": "first"}),
    Row(14, "swagger3.1.json replaces version 3.1", "described", "GET", "/swagger.json?version=3.1", 200, {},
        {"openapi": "3.1.0", "mine": 3.1}),
)

ROWS = (*RAW, *LOADING, *SETTINGS, *TELEMETRY, *DECORATED, *SWAGGER)
