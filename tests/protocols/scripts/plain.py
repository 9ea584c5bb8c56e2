"""A plain run: sums of rows, and results of many kinds for those who ask by a word."""

import json
import sys

RESULTS = {
    "numbers": [1, 2],
    "mixed numbers": [1, 2.5],
    "matrix": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
    "switches": [True, False],
    "words": ["a", "ü"],
    "json text": json.dumps({"label": ["x", "y"], "p": [[0.25, 0.75], [0.5, 0.5]]}),
    "records": [{"label": "x", "p": 0.25}, {"label": "y", "p": 0.5}],
    "uneven": [[1], [2, 3]],
    "object": {"sum": 1.5, "label": "x"},
    "scalar": 3.5,
    "text": "just text",
    "nothing": None,
    "empty": [],
    "large": [2**63],
    "not a number": [float("nan"), 1.0],
    "predictions": {"predictions": [1], "model": "m"},
}


def init():
    pass


def run(raw_data, request_headers):
    data = json.loads(raw_data)["data"]
    print("data", json.dumps(data))
    if data == ["raise"]:
        raise ValueError("a secret")
    if data == ["exit"]:
        sys.exit(3)
    if data == ["unserialisable"]:
        return object()
    if data == ["header"]:
        return [request_headers.get("X-Amzn-Sagemaker-Custom-Attributes", "none")]
    if data == ["array"]:
        import numpy

        return numpy.array([[0.1, 0.2]], dtype="float32")
    if data == ["scalars"]:
        import numpy

        return list(numpy.array([0.1, 0.2]))
    if isinstance(data, list) and len(data) == 1 and data[0] in list(RESULTS):
        return RESULTS[data[0]]
    return [total(row) for row in data]


def total(row):
    if isinstance(row, dict):
        return total(list(row.values()))
    if isinstance(row, list):
        return sum(total(value) for value in row)
    return len(row) if isinstance(row, str) else row
