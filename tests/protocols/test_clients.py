"""Other projects' own clients, unchanged, against this server."""

from __future__ import annotations

import numpy
import pandas
import pytest
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from parts import Part

from ..server.front.fronts import KEYS, Front
from .provisioning import ask

SUMS = {"output-0": ["float64", ["6.0", "15.0"]]}
FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."


def test_tritons_client_works_unchanged(part: Part, keyed: Front) -> None:
    seen = ask(part, "triton", f"127.0.0.1:{keyed.port}", "svc", KEYS[0])
    assert [seen[name] for name in ("live", "ready", "model ready", "another model ready")] == [True, True, True, False]
    assert seen["server"]["extensions"] == ["binary_tensor_data"]
    assert (seen["model"]["name"], seen["model"]["versions"]) == ("svc", ["1.0"])
    for name in ("binary", "json", "a version", "gzip", "deflate", "packed answer", "threads"):
        assert seen[name] == SUMS, name
    assert seen["asked for"] == {"predict": SUMS["output-0"]}
    assert seen["aio"] == [True, {"output-0": ["float64", ["3.0"]]}]
    for name, found in {**seen["types"], **seen["types as json"]}.items():
        whole = "float" not in name
        assert found == {"output-0": ["int64" if whole else "float64", ["2", "2"] if whole else ["2.0", "2.0"]]}, name
    assert seen["several"] == {"output-0": ["int64", ["4", "3"]]}
    assert seen["words"] == {"output-0": ["object", ["b'a'", "b'\\xc3\\xbc'"]]}
    assert seen["switches"] == {"output-0": ["bool", ["True", "False"]]}
    assert list(seen["named"]) == ["label", "p"]
    assert seen["raises"] == ["500", FAILED]
    assert seen["no such model"] == ["404", "No model named 'another'. This server has: svc."]
    assert seen["no such output"] == ["400", "No output named 'none'. There are: label, p."]
    assert seen["no key"][0] == "401"
    assert "Authorization: Bearer" in seen["no key"][1]


def test_kserves_client_works_unchanged(part: Part, keyed: Front) -> None:
    seen = ask(part, "kserve", f"127.0.0.1:{keyed.port}", "svc", KEYS[0])
    assert [seen[name] for name in ("live", "ready", "model ready", "another model ready")] == [True, True, True, False]
    for number, name in (("7", "json"), ("8", "binary"), ("9", "asked for")):
        output = "predict" if name == "asked for" else "output-0"
        assert seen[name] == [number, "svc", None, [[output, "FP64", [2], [3.0, 7.0]]]], name
    assert seen["raises"][0] == 500
    assert FAILED in seen["raises"][1]
    assert seen["no such model"][0] == 404
    assert "This server has: svc." in seen["no such model"][1]


def test_sagemakers_client_works_unchanged(part: Part, plain: Front) -> None:
    seen = ask(part, "sagemaker", str(plain.port))
    sums = [3.0, 7.0]
    assert seen["csv to csv"] == [["3.0"], ["7.0"]]
    assert seen["one row of csv"] == [["3.0"]]
    for name in ("frame to json", "json", "own json"):
        assert seen[name] == sums, name
    assert seen["instances"] == {"predictions": sums}
    for name in ("numpy", "numpy from json"):
        assert seen[name] == ["float64", sums], name
    assert seen["numpy float32"] == ["float64", [4.0, 6.0]]
    assert seen["numpy words"] == ["<U1", ["a", "ü"]]
    assert seen["lines"] == sums
    assert seen["attributes"] == [200, ["trace=1"]]
    assert seen["raises"] == [500, {"error_code": "INTERNAL_ERROR", "message": FAILED}]


@pytest.mark.parametrize(
    ("data", "predictions"),
    [
        (pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}), [1.5, 3.5]),
        (numpy.array([[1, 2], [3, 4]]), [3, 7]),
        ([[1, 2], [3, 4]], [3, 7]),
        ('{"dataframe_records": [{"a": 1, "b": 2}]}', [3]),
        ('{"instances": [[1.5]]}', [1.5]),
        ('{"inputs": {"a": [1, 2], "b": [3, 4]}}', [4, 6]),
    ],
)
def test_mlflows_client_works_unchanged(plain: Front, data: object, predictions: list[float]) -> None:
    client = ScoringServerClient("127.0.0.1", plain.port)
    client.wait_server_ready()
    assert client.get_version() == "0.1.0"
    assert client.invoke(data).get_predictions("ndarray").tolist() == predictions


def test_mlflows_client_sees_what_failed(plain: Front) -> None:
    with pytest.raises(Exception, match=r'error code 500.*"error_code": "INTERNAL_ERROR", "message": "An unexpected'):
        ScoringServerClient("127.0.0.1", plain.port).invoke(["raise"])
