"""Sections 1, 2, 7 and 8: routes, headers, limits and CORS."""

# A row a line or two.
# fmt: off
# ruff: noqa: E501
from ..rows import Expected, Row

HTML = "text/html; charset=utf-8"
JSON = "application/json"
UUID = "~[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
NO_IDS = {"x-request-id": None, "x-ms-request-id": None, "x-ms-server-version": None}
FINE = {"x-ms-run-function-failed": "False"}
RAN = {**FINE, "x-ms-run-fn-exec-ms": r"~\d+\.\d{3}", "content-type": JSON}
NOT_FOUND = {"message": "~The requested URL was not found on the server.*"}
NOT_ALLOWED = {"message": "The method is not allowed for the requested URL."}
METHODS = {"improvement": "allow_header", "ours": Expected(405, {"allow": "~.*GET.*"}, NOT_ALLOWED)}
LONG = "x" * 101
FULL = "y" * 100
ORIGIN = {"Origin": "http://one.example"}
TWO = {"Origin": "http://two.example"}
FOREIGN = {"Origin": "http://evil.example"}
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type, x-own"}
ALLOWED = {"access-control-allow-origin": "http://one.example"}
NONE_ALLOWED = {"access-control-allow-origin": None}

ROUTES = (
    Row(1, "the root says Healthy as html", "plain", "GET", "/", 200, {"content-type": HTML}, "Healthy"),
    Row(1, "HEAD of the root has no body", "plain", "HEAD", "/", 200, {"content-type": HTML}, ""),
    Row(1, "OPTIONS of the root names its methods", "plain", "OPTIONS", "/", 200, {"allow": "~.*GET.*"}, ""),
    Row(1, "POST to the root is a bare 405", "plain", "POST", "/", 405, {**FINE, **NO_IDS}, NOT_ALLOWED, **METHODS),
    Row(1, "the root ignores its query", "plain", "GET", "/?a=1", 200, {}, "Healthy"),
    Row(1, "GET of score runs the script", "plain", "GET", "/score?a=1", 200, RAN),
    Row(1, "POST to score runs the script", "plain", "POST", "/score", 200, RAN, sent="x"),
    Row(1, "HEAD of score is 405 with headers", "plain", "HEAD", "/score", 405, {"x-request-id": UUID}, ""),
    Row(1, "OPTIONS of score is 200 and empty", "plain", "OPTIONS", "/score", 200, {**FINE, "allow": None}, ""),
    Row(1, "PUT to score is a bare 405", "plain", "PUT", "/score", 405, {**FINE, **NO_IDS}, NOT_ALLOWED, **METHODS),
    Row(1, "DELETE of score is a bare 405", "plain", "DELETE", "/score", 405, {**FINE, **NO_IDS}, NOT_ALLOWED, **METHODS),
    Row(1, "PATCH of score is a bare 405", "plain", "PATCH", "/score", 405, {**FINE, **NO_IDS}, NOT_ALLOWED, **METHODS),
    Row(1, "a slash at the end is another address", "plain", "POST", "/score/", 404, {**FINE, **NO_IDS}, NOT_FOUND),
    Row(1, "addresses are case-sensitive", "plain", "GET", "/Score", 404, NO_IDS, NOT_FOUND),
    Row(1, "an unknown address is a bare 404", "plain", "GET", "/nowhere", 404, {**FINE, **NO_IDS}, NOT_FOUND),
    Row(1, "an unknown address is 404 for POST too", "plain", "POST", "/nowhere", 404, NO_IDS, NOT_FOUND),
    Row(1, "there is no metrics route of its own", "named", "GET", "/health", 404, NO_IDS, NOT_FOUND),
    Row(1, "the prefix is no route", "named", "POST", "/some/prefix/score", 404, NO_IDS, NOT_FOUND),
    Row(1, "an escaped letter is the letter", "plain", "GET", "/%73core?a=1", 200, RAN),
    Row(1, "HEAD of an unknown address is 404", "plain", "HEAD", "/nowhere", 404, NO_IDS, ""),
    Row(1, "HEAD of swagger's missing version is 404", "plain", "HEAD", "/swagger.json?version=4", 404, {}, "", own=True),
    Row(1, "POST to swagger is a bare 405", "plain", "POST", "/swagger.json", 405, NO_IDS, NOT_ALLOWED, **METHODS),
    Row(1, "HEAD of swagger has no body", "plain", "HEAD", "/swagger.json", 200, {"content-type": JSON}, ""),
    Row(1, "OPTIONS of swagger names its methods", "plain", "OPTIONS", "/swagger.json", 200, {"allow": "~.*GET.*"}, ""),
)

HEADERS = (
    Row(2, "an id is made where none came", "plain", "POST", "/score", 200, {"x-request-id": UUID}, sent="x"),
    Row(2, "both ids are the same then", "plain", "GET", "/", 200, {"x-ms-request-id": UUID}),
    Row(2, "a request id is kept", "plain", "POST", "/score", 200, {"x-request-id": "abc", "x-ms-request-id": "abc"},
        send={"x-request-id": "abc"}),
    Row(2, "a client id is echoed and is the legacy id", "plain", "POST", "/score", 200,
        {"x-ms-client-request-id": "c", "x-ms-request-id": "c", "x-request-id": UUID},
        send={"x-ms-client-request-id": "c"}),
    Row(2, "a legacy id is the client id too", "plain", "POST", "/score", 200,
        {"x-ms-client-request-id": "l", "x-ms-request-id": "l", "x-request-id": UUID}, send={"x-ms-request-id": "l"}),
    Row(2, "a client id and a legacy id keep to themselves", "plain", "POST", "/score", 200,
        {"x-ms-client-request-id": "c", "x-ms-request-id": "l"},
        send={"x-ms-request-id": "l", "x-ms-client-request-id": "c"}),
    Row(2, "all three ids keep to themselves", "plain", "GET", "/", 200,
        {"x-request-id": "r", "x-ms-client-request-id": "c", "x-ms-request-id": "l"},
        send={"x-request-id": "r", "x-ms-request-id": "l", "x-ms-client-request-id": "c"}),
    Row(2, "no client id where none came", "plain", "GET", "/", 200, {"x-ms-client-request-id": None},
        send={"x-request-id": "r"}),
    Row(2, "a trace id is echoed", "plain", "POST", "/score", 200, {"traceid": "t-1"}, send={"TraceId": "t-1"}),
    Row(2, "a long request id is 431", "plain", "POST", "/score", 431, {**FINE, "x-request-id": None},
        send={"x-request-id": LONG}, own=True),
    Row(2, "a long client id is 431", "plain", "POST", "/score", 431, {"x-ms-client-request-id": None},
        send={"x-ms-client-request-id": LONG}, own=True),
    Row(2, "a long legacy id is 431", "plain", "POST", "/score", 431, FINE, send={"x-ms-request-id": LONG}, own=True),
    Row(2, "an id of 100 characters is kept", "plain", "POST", "/score", 200, {"x-request-id": FULL},
        send={"x-request-id": FULL}),
    Row(2, "a long id is 431 for the root too", "plain", "GET", "/", 431, FINE, send={"x-request-id": LONG}, own=True),
    Row(2, "an unknown address echoes no id", "plain", "GET", "/nowhere", 404, NO_IDS, send={"x-request-id": "r"}),
    Row(2, "the root says nothing of a run", "plain", "GET", "/", 200,
        {"x-ms-run-function-failed": None, "x-ms-run-fn-exec-ms": None}),
    Row(2, "swagger says that no run failed", "plain", "GET", "/swagger.json", 200, FINE),
    Row(2, "the version header can be switched off", "named", "GET", "/", 200, {"x-ms-server-version": None}),
    Row(2, "the version header is there", "plain", "GET", "/", 200, {"x-ms-server-version": "~.+"}),
    Row(2, "Authorization is ignored", "plain", "POST", "/score", 200, RAN, send={"Authorization": "Bearer x"}),
    Row(2, "header names have no case", "plain", "GET", "/", 200, {"x-request-id": "r"}, send={"X-REQUEST-ID": "r"}),
    Row(2, "the connection is closed after each answer", "plain", "POST", "/score", 200, {"connection": "close"},
        sent="x", keep=True, improvement="keep_alive", ours=Expected(200, {"connection": None})),
    Row(2, "the root's connection is closed too", "plain", "GET", "/", 200, {"connection": "close"}, keep=True,
        improvement="keep_alive", ours=Expected(200, {"connection": None})),
)

LIMITS = (
    Row(7, "a run over the limit is 500", "short", "POST", "/score", 500,
        {"x-ms-run-function-failed": "True", "x-ms-run-fn-exec-ms": None},
        {"message": "Scoring timeout after 300 ms"}, sent="sleep"),
    Row(7, "a run within the limit is answered", "short", "POST", "/score", 200, RAN, sent="int"),
    Row(7, "the limit is for GET too", "short", "GET", "/score?a=1", 200, RAN),
    Row(7, "a body of 2 MB is taken", "plain", "POST", "/score", 200, RAN, sent=b"y" * 2_000_000),
    Row(7, "a query of 3,000 characters is taken", "plain", "GET", "/score?a=" + "q" * 3000, 200, RAN),
    Row(7, "a header of 4,000 characters is taken", "plain", "GET", "/", 200, {}, send={"x-long": "h" * 4000}),
    Row(7, "fifty headers are taken", "plain", "GET", "/", 200, {}, send={f"x-{n}": "v" for n in range(50)}),
)

CORS = (
    Row(8, "an allowed origin is echoed", "headers", "POST", "/score", 200, ALLOWED, sent="x", send=ORIGIN),
    Row(8, "the second of the list is allowed too", "headers", "POST", "/score", 200,
        {"access-control-allow-origin": "http://two.example"}, sent="x", send=TWO),
    Row(8, "a foreign origin gets an answer without a header", "headers", "POST", "/score", 200, NONE_ALLOWED,
        sent="x", send=FOREIGN),
    Row(8, "the first origin is sent without an Origin", "headers", "POST", "/score", 200, ALLOWED, sent="x",
        improvement="cors_needs_origin", ours=Expected(200, NONE_ALLOWED)),
    Row(8, "a pre-flight is answered", "headers", "OPTIONS", "/score", 200,
        {**ALLOWED, "access-control-allow-methods": "~.*GET.*POST.*", "vary": "~.*Origin.*",
         "access-control-allow-headers": "content-type, x-own"}, "", send={**ORIGIN, **PREFLIGHT}),
    Row(8, "a pre-flight of a foreign origin has no header", "headers", "OPTIONS", "/score", 200, NONE_ALLOWED, "",
        send={**FOREIGN, **PREFLIGHT}),
    Row(8, "a pre-flight without request headers", "headers", "OPTIONS", "/score", 200, ALLOWED, "",
        send={**ORIGIN, "Access-Control-Request-Method": "GET"}),
    Row(8, "OPTIONS with an origin and nothing else", "headers", "OPTIONS", "/score", 200, ALLOWED, "", send=ORIGIN),
    Row(8, "a decorated script has a pre-flight too", "mixed", "OPTIONS", "/score", 200, ALLOWED, "",
        send={**ORIGIN, **PREFLIGHT}),
    Row(8, "the root has the header", "headers", "GET", "/", 200, ALLOWED, "Healthy", send=ORIGIN),
    Row(8, "swagger has the header", "mixed", "GET", "/swagger.json?version=3", 200, ALLOWED, send=ORIGIN),
    Row(8, "an unknown address has none", "headers", "GET", "/nowhere", 404, NONE_ALLOWED, send=ORIGIN),
    Row(8, "an unknown address has none for any method", "headers", "PATCH", "/nowhere", 404, NONE_ALLOWED, send=ORIGIN),
    Row(8, "a failed request has the header", "mixed", "POST", "/score", 415, ALLOWED, sent="{}", send=ORIGIN, own=True),
    Row(8, "a star allows every origin, by its name", "open", "POST", "/score", 200,
        {"access-control-allow-origin": "http://any.example", "vary": "~.*Origin.*"}, sent="x",
        send={"Origin": "http://any.example"}),
    Row(8, "a star has a pre-flight", "open", "OPTIONS", "/score", 200,
        {"access-control-allow-origin": "http://any.example", "access-control-allow-methods": "~.*GET.*POST.*"}, "",
        send={"Origin": "http://any.example", **PREFLIGHT}),
    Row(8, "a star allows the origin null", "open", "GET", "/", 200, {"access-control-allow-origin": "null"},
        send={"Origin": "null"}),
    Row(8, "a star's failures have the header", "open", "POST", "/score", 400,
        {"access-control-allow-origin": "http://any.example"}, sent=b"\xff", send={"Origin": "http://any.example"}, own=True),
    Row(8, "a pre-flight for another method", "headers", "OPTIONS", "/score", 200, {}, "",
        send={**ORIGIN, "Access-Control-Request-Method": "DELETE"}),
    Row(8, "an origin has no case", "headers", "POST", "/score", 200,
        {"access-control-allow-origin": "HTTP://One.Example"}, sent="x", send={"Origin": "HTTP://One.Example"}),
    Row(8, "an origin may be an expression", "patterned", "POST", "/score", 200,
        {"access-control-allow-origin": "https://b.example:8080", "vary": "~.*Origin.*"}, sent="x",
        send={"Origin": "https://b.example:8080"}),
    Row(8, "an expression allows no other", "patterned", "POST", "/score", 200, NONE_ALLOWED, sent="x",
        send={"Origin": "https://c.example"}),
    Row(8, "HEAD of the root has the header", "headers", "HEAD", "/", 200, ALLOWED, "", send=ORIGIN),
    Row(8, "without a list nothing is sent", "plain", "POST", "/score", 200, NONE_ALLOWED, sent="x", send=ORIGIN),
    Row(8, "without a list OPTIONS is empty", "plain", "OPTIONS", "/score", 200, NONE_ALLOWED, "",
        send={**ORIGIN, **PREFLIGHT}),
    Row(8, "origins in a file are not read", "filed", "POST", "/score", 200, NONE_ALLOWED, sent="x", send=ORIGIN),
)

ROWS = (*ROUTES, *HEADERS, *LIMITS, *CORS)
