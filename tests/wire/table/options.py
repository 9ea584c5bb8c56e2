"""Improvements that are off by default, each switched on: what our server then answers."""

from ..rows import Group, Row
from .addresses import JSON, RAN
from .bodies import BROKEN, RAISED, SERVER_FAILED

ARRAY = '{"array": [[1, 2]], "count": 1}'
OPTED = {
    "encoding": Group("results.py", environment={"MLDEPLOY_ENCODE_MORE": "true"}),
    "no nan": Group("results.py", environment={"MLDEPLOY_NAN_AS_NULL": "true"}),
    "strict": Group("schema.py", files={"config.json": '{"MLDEPLOY_SCHEMA_ERRORS_400": true}'}),
}


def encodes(kind: str, body: object) -> Row:
    return Row(4, f"encodes {kind}", "encoding", "POST", "/score", 200, RAN, body, sent=kind)


def converts(rule: str, status: int, body: object, sent: str) -> Row:
    headers = RAN if status == 200 else BROKEN
    return Row(13, rule, "strict", "POST", "/score", status, headers, body, sent=sent, send={"Content-Type": JSON})


OPTIONS = (
    encodes("ndarray", [[1, 2], [3, 4]]),
    encodes("float32", {"score": 0.5}),
    encodes("int64", [3]),
    encodes("bool_", True),
    encodes("frame", [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
    encodes("series", [1, 2]),
    encodes("datetime", "2020-01-02T03:04:05"),
    encodes("decimal", 1.5),
    Row(4, "bytes stay 500", "encoding", "POST", "/score", 500, BROKEN, SERVER_FAILED, sent="bytes"),
    Row(4, "NaN is null", "no nan", "POST", "/score", 200, RAN, [None, None, None], sent="nan"),
    Row(4, "the text NaN stays", "no nan", "POST", "/score", 200, RAN, {"asked": "NaN"}, sent="NaN"),
    Row(4, "arrays stay 500", "no nan", "POST", "/score", 500, BROKEN, SERVER_FAILED, sent="ndarray"),
    Row(4, "a failing run is as ever", "encoding", "POST", "/score", 500, RAISED, sent="raise"),
    converts("a value that fits is scored", 200, "~.*sum.*", ARRAY),
    converts("a value of the wrong type is 400", 400, {"message": "~.*"}, ARRAY.replace('"count": 1', '"count": "x"')),
    converts("an array of another shape is 400", 400, {"message": "~.*"}, '{"array": [[1, 2, 3]]}'),
)
