"""Sections 3, 4, 6 and 11: what `run` gets, what becomes of what it returns, how it fails, what is logged."""

# A row a line or two.
# fmt: off
import gzip

from ..rows import Expected, Row
from .addresses import JSON, ORIGIN, RAN

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
RAISED = {"x-ms-run-function-failed": "True", "x-ms-run-fn-exec-ms": None, "content-type": JSON}
BROKEN = {"x-ms-run-function-failed": "False", "x-ms-run-fn-exec-ms": None, "content-type": JSON}
SCRIPT_FAILED = {"message": "An unexpected error occurred in scoring script. Check the logs for more info."}
SERVER_FAILED = {"message": "An unexpected internal error occurred. Check the logs for more info."}
ZIPPED = gzip.compress(b"packed", mtime=0)


def given(payload: str) -> dict[str, object]:
    """What the plain script answers for this text."""
    return {"type": "str", "payload": payload, "times": 1}


ARGUMENTS = (
    Row(3, "JSON comes as text", "plain", "POST", "/score", 200, RAN, given('{"a": 1}'), sent='{"a": 1}',
        send={"Content-Type": JSON}),
    Row(3, "the type of the body is no matter", "plain", "POST", "/score", 200, RAN, given("a,b"), sent="a,b",
        send={"Content-Type": "text/csv"}),
    Row(3, "an empty body is an empty text", "plain", "POST", "/score", 200, RAN, given("")),
    Row(3, "UTF-8 is decoded", "plain", "POST", "/score", 200, RAN, given("Grüße"), sent="Grüße"),
    Row(3, "a byte order mark stays", "plain", "POST", "/score", 200, RAN, given("\ufeffx"), sent="\ufeffx"),
    Row(3, "a null byte stays", "plain", "POST", "/score", 200, RAN, given("a\0b"), sent="a\0b"),
    Row(3, "no UTF-8 is 400", "plain", "POST", "/score", 400, BROKEN,
        {"message": "~Input cannot be decoded as UTF-8.*"}, sent=b"\xff\xfe", own=True),
    Row(3, "a form is empty", "plain", "POST", "/score", 200, RAN, given(""), sent="a=1&b=2", send=FORM,
        improvement="form_as_text", ours=Expected(200, RAN, given("a=1&b=2"))),
    Row(3, "a multipart form is empty", "plain", "POST", "/score", 200, RAN, given(""), sent=PART, send=PARTS,
        improvement="form_as_text", ours=Expected(200, RAN, given(PART.decode()))),
    Row(3, "the query of a POST is ignored", "plain", "POST", "/score?a=1", 200, RAN, given("x"), sent="x"),
    Row(3, "gzip is not unpacked", "plain", "POST", "/score", 400, BROKEN, sent=ZIPPED,
        send={"Content-Encoding": "gzip"}, own=True, improvement="gzip_bodies",
        ours=Expected(200, RAN, given("packed"))),
    Row(3, "a body that claims to be gzip is text", "plain", "POST", "/score", 200, RAN, given("x"), sent="x",
        send={"Content-Encoding": "gzip"}, improvement="gzip_bodies", ours=Expected(400, BROKEN)),
    Row(3, "another encoding is no matter", "plain", "POST", "/score", 200, RAN, given("x"), sent="x",
        send={"Content-Encoding": "br"}),
    Row(3, "chunks are joined", "plain", "POST", "/score", 200, RAN, given("abcde"),
        sent="3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", send={"Transfer-Encoding": "chunked"}),
    Row(3, "a query becomes JSON as text", "plain", "GET", "/score?a=1&b=[1,2]&c=a&d=null", 200, RAN,
        given('{"a": 1, "b": [1, 2], "c": "a", "d": null}')),
    Row(3, "a repeated name becomes a list", "plain", "GET", "/score?a=1&a=x", 200, RAN, given('{"a": [1, "x"]}')),
    Row(3, "names of a query have case", "plain", "GET", "/score?a=1&A=2", 200, RAN, given('{"a": 1, "A": 2}')),
    Row(3, "an empty value is an empty text", "plain", "GET", "/score?a=", 200, RAN, given('{"a": ""}')),
    Row(3, "no query is an empty object", "plain", "GET", "/score", 200, RAN, given("{}")),
    Row(3, "a plus is a space", "plain", "GET", "/score?a=x+y%2Bz", 200, RAN, given('{"a": "x y+z"}')),
    Row(3, "letters of a query may be UTF-8", "plain", "GET", "/score?a=%C3%BC", 200, RAN,
        given('{"a": "\\u00fc"}')),
    Row(3, "a true of a query is JSON's", "plain", "GET", "/score?a=true&b=True", 200, RAN,
        given('{"a": true, "b": "True"}')),
    Row(3, "the body of a GET is ignored", "plain", "GET", "/score?a=1", 200, RAN, given('{"a": 1}'), sent="xyz",
        send={"Content-Length": "3"}),
    Row(3, "a default after the first stays", "plain", "POST", "/score", 200, RAN, given("times=5"), sent="times=5"),
    Row(3, "request_headers are a dict with title case", "headers", "POST", "/score", 200, RAN,
        {"kind": "dict", "headers": {"X-Own": "1", "Content-Type": "text/x"}, "payload": "x"}, sent="x",
        send={**ORIGIN, "x-OWN": "1", "content-type": "text/x"}),
    Row(3, "request_headers come with a GET", "headers", "GET", "/score?a=1", 200, RAN,
        {"kind": "dict", "headers": {"X-Own": "2"}, "payload": '{"a": 1}'}, send={**ORIGIN, "X-Own": "2"}),
)


def returns(kind: str, body: object, **more: object) -> Row:
    """A row for a value that the script returns and JSON can hold."""
    return Row(4, f"returns {kind}", "results", "POST", "/score", 200, RAN, body, sent=kind, **more)  # type: ignore[arg-type]


def refused(kind: str) -> Row:
    """A row for a value that JSON has no form for."""
    return Row(4, f"refuses {kind}", "results", "POST", "/score", 500, BROKEN, SERVER_FAILED, sent=kind,
               logged="TypeError|cannot be written as JSON")


RESULTS = (
    returns("dict", {"b": 1, "a": [1, 2.5, None, True]}),
    returns("list", [1, "two", [3]]),
    returns("int", 7),
    returns("float", 0.1),
    returns("bool", True),
    returns("text", "hello"),
    returns("json text", '{"a": 1}'),
    returns("none", {}),
    returns("tuple", [{"a": 1}, 201]),
    returns("float64", 1.5),
    returns("nan", r"~\[NaN, Infinity, -Infinity\]"),
    returns("int keys", {"1": "a", "null": "b", "2.5": "c"}),
    returns("non-ascii", "Grüße 🙂"),
    returns("ordered", {"z": 1, "a": 2}),
    returns("lone surrogate", "\ud800"),
    returns("huge", 10**30),
    returns("empty", [[], {}]),
    *map(refused, ("ndarray", "float32", "int64", "bool_", "frame", "series", "datetime", "decimal", "bytes", "set")),
    *map(refused, ("generator", "numpy keys")),
    Row(4, "a response of Flask's goes as it is", "results", "POST", "/score", 207,
        {"x-own": "1", "x-ms-run-function-failed": None, "content-type": "text/plain; charset=utf-8"},
        "made by flask", sent="flask"),
    Row(4, "a response of Flask's from 500 on counts as failed", "results", "POST", "/score", 503,
        {"x-ms-run-function-failed": "True", "x-ms-run-fn-exec-ms": "~.+"}, "broken", sent="flask error"),
    Row(4, "a plain run may stream a chunk a yield", "results", "POST", "/score", 200,
        {"transfer-encoding": "chunked", "content-type": "application/octet-stream", "x-ms-run-function-failed": None},
        sent="flask stream", chunks=(b"\x00one", b"two", b"three\xff")),
    Row(4, "a plain run may answer bytes", "results", "POST", "/score", 200,
        {"content-type": "application/octet-stream", "content-length": "256"}, sent="flask bytes"),
    Row(4, "a response of azureml's streams too", "results", "POST", "/score", 200,
        {"transfer-encoding": "chunked", "x-ms-run-function-failed": "False"}, "12", sent="aml stream",
        chunks=(b"1", b"2")),
)

FAILURES = (
    Row(6, "run raises", "results", "POST", "/score", 500, RAISED, SCRIPT_FAILED, sent="raise",
        logged="ValueError: a secret in the text"),
    Row(6, "run aborts by Flask's abort", "results", "POST", "/score", 500, RAISED, SCRIPT_FAILED, sent="abort"),
    Row(6, "run exits", "results", "POST", "/score", 500, {"content-type": "text/html"}, "~(?s).*<html>.*",
        sent="exit", improvement="exits_are_answered", ours=Expected(500, RAISED, SCRIPT_FAILED)),
    Row(6, "run is interrupted", "results", "POST", "/score", 500, {"content-type": "text/html"}, "~(?s).*<html>.*",
        sent="interrupt", improvement="exits_are_answered", ours=Expected(500, RAISED, SCRIPT_FAILED)),
    Row(6, "the next request is unharmed", "results", "POST", "/score", 200, RAN, 7, sent="int"),
    Row(6, "a result without a JSON form is the server's failure", "results", "GET", "/score?a=1", 200, RAN),
    Row(6, "the method that reaches the handler is refused", "results", "HEAD", "/score", 405, BROKEN, ""),
    Row(6, "OPTIONS is 200", "results", "OPTIONS", "/score", 200, {"x-ms-run-fn-exec-ms": None}, ""),
    Row(6, "bad input is 400", "results", "POST", "/score", 400, BROKEN, sent=b"\xff", own=True),
    Row(6, "a raising raw script is 500", "raw", "GET", "/score?do=raise", 500, RAISED, SCRIPT_FAILED),
    Row(6, "a failing run keeps the ids", "results", "POST", "/score", 500, {"x-request-id": "r"}, sent="raise",
        send={"x-request-id": "r"}),
)

LOGS = (
    Row(11, "a line has time, level, process and logger", "results", "POST", "/score", 200, RAN, sent="print",
        logged=r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} I \[\d+\] azmlinfsrv\.print - said by print\n"),
    Row(11, "a request has a line", "results", "POST", "/score?logged=1", 200, RAN, sent="int",
        logged=r"I \[\d+\] azmlinfsrv - POST /score\?logged=1 200 \d+\.\d+ms 1\n"),
    Row(11, "a failed request has a line", "results", "GET", "/score?logged=2", 200, RAN,
        logged=r"azmlinfsrv - GET /score\?logged=2 200 "),
    Row(11, "a warning of the root logger is there", "results", "POST", "/score", 200, RAN, sent="print",
        logged="warned by logging"),
    Row(11, "what goes to standard error is there", "results", "POST", "/score", 200, RAN, sent="print",
        logged="to stderr"),
    Row(11, "what is written raw is there", "results", "POST", "/score", 200, RAN, sent="print", logged="written raw"),
    Row(11, "a traceback is there", "results", "POST", "/score", 500, RAISED, sent="raise",
        logged=r"Traceback \(most recent call last\)"),
    Row(11, "what init logged is there", "plain", "POST", "/score", 200, RAN, sent="x", logged="init has run"),
)

ROWS = (*ARGUMENTS, *RESULTS, *FAILURES, *LOGS)
