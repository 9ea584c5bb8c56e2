"""Returns the kind of value that the request names, or fails in the way that it names."""

import collections
import datetime
import decimal
import logging
import sys
import time

import numpy
import pandas

RETURNS = {
    "dict": lambda: {"b": 1, "a": [1, 2.5, None, True]},
    "list": lambda: [1, "two", [3]],
    "int": lambda: 7,
    "float": lambda: 0.1,
    "bool": lambda: True,
    "text": lambda: "hello",
    "json text": lambda: '{"a": 1}',
    "none": lambda: None,
    "tuple": lambda: ({"a": 1}, 201),
    "float64": lambda: numpy.float64(1.5),
    "nan": lambda: [float("nan"), float("inf"), float("-inf")],
    "int keys": lambda: {1: "a", None: "b", 2.5: "c"},
    "non-ascii": lambda: "Grüße 🙂",
    "ordered": lambda: collections.OrderedDict([("z", 1), ("a", 2)]),
    "ndarray": lambda: numpy.array([[1, 2], [3, 4]]),
    "float32": lambda: {"score": numpy.float32(0.5)},
    "int64": lambda: [numpy.int64(3)],
    "bool_": lambda: numpy.bool_(True),
    "frame": lambda: pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "series": lambda: pandas.Series([1, 2]),
    "datetime": lambda: datetime.datetime(2020, 1, 2, 3, 4, 5),
    "decimal": lambda: decimal.Decimal("1.5"),
    "bytes": lambda: b"raw",
    "set": lambda: {1},
    "generator": lambda: (n for n in range(3)),
    "numpy keys": lambda: {numpy.int64(1): 2},
    "lone surrogate": lambda: "\ud800",
    "huge": lambda: 10**30,
    "empty": lambda: [[], {}],
}


def init() -> None:
    pass


def run(asked):
    if asked in RETURNS:
        return RETURNS[asked]()
    if asked == "raise":
        raise ValueError("a secret in the text")
    if asked == "exit":
        sys.exit(4)
    if asked == "interrupt":
        raise KeyboardInterrupt
    if asked == "abort":
        import flask

        flask.abort(418)
    if asked == "sleep":
        time.sleep(5)
    if asked == "print":
        print("said", "by print", sep=" ")
        print("to stderr", file=sys.stderr)
        sys.stdout.write("written raw\n")
        logging.warning("warned by logging")
        logging.info("told by logging")
        logging.getLogger("azmlinfsrv").info("told by their logger")
    if asked == "flask":
        import flask

        return flask.Response("made by flask", status=207, headers={"x-own": "1"}, mimetype="text/plain")
    if asked == "flask error":
        import flask

        return flask.Response("broken", status=503)
    if asked == "flask stream":
        import flask

        return flask.Response((part for part in (b"\x00one", "two", b"three\xff")), mimetype="application/octet-stream")
    if asked == "flask bytes":
        import flask

        return flask.Response(bytes(range(256)), mimetype="application/octet-stream")
    if asked == "aml stream":
        from azureml.contrib.services.aml_response import AMLResponse

        return AMLResponse((part for part in (b"1", b"2")), 200)
    return {"asked": asked}
