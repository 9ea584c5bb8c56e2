"""Wire contract, section 14: the three documents, and the files that override them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mldeploy.server import swagger

from .worker_driver import START, Worker, write

ABOUT = {"name": "Ärzte & Co", "version": "2.1", "path_prefix": "/api/v1/service/x/"}


def run(raw_data: str) -> str:
    return raw_data


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
        yield from (found for value in node.values() for found in references(value))
    elif isinstance(node, list):
        yield from (found for value in node for found in references(value))


def resolve(document: dict[str, Any], reference: str) -> Any:
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def operations(document: dict[str, Any]) -> dict[str, list[str]]:
    return {path: list(methods) for path, methods in document["paths"].items()}


@pytest.fixture
def plain(tmp_path: Path) -> dict[str, Any]:
    return swagger.documents(run, False, str(tmp_path), ABOUT)


def test_the_versions_are_2_0_and_3_0_3_and_3_1_0(plain: dict[str, Any]) -> None:
    assert plain["2"]["swagger"] == "2.0"
    assert plain["3.0"]["openapi"] == "3.0.3"
    assert plain["3.1"]["openapi"] == "3.1.0"


@pytest.mark.parametrize("version", swagger.VERSIONS)
def test_every_document_has_the_three_routes_under_the_prefix(plain: dict[str, Any], version: str) -> None:
    prefix = "/api/v1/service/x"
    document = plain[version]
    assert operations(document) == {
        f"{prefix}/": ["get"],
        f"{prefix}/score": ["post"],
        f"{prefix}/swagger.json": ["get"],
    }
    assert document["info"]["title"] == "Ärzte & Co"
    assert document["info"]["version"] == "2.1"
    operation_ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert operation_ids == ["ServiceHealthCheck", "RunMLService", "GetSwaggerSpec"]
    for path in document["paths"].values():
        for operation in path.values():
            assert set(operation["responses"]) == {"200", "default"}
            assert all(response["description"] for response in operation["responses"].values())


@pytest.mark.parametrize("version", swagger.VERSIONS)
def test_every_reference_leads_somewhere_and_the_key_is_declared(plain: dict[str, Any], version: str) -> None:
    document = plain[version]
    found = set(references(document))
    assert {reference.rpartition("/")[2] for reference in found} == {"ServiceInput", "ServiceOutput", "ErrorResponse"}
    assert all(resolve(document, reference) for reference in found)
    schemes = document.get("securityDefinitions") or document["components"]["securitySchemes"]
    assert schemes["Bearer"]["type"] == "apiKey"
    assert (schemes["Bearer"]["in"], schemes["Bearer"]["name"]) == ("header", "Authorization")


def test_an_undecorated_run_has_empty_examples(plain: dict[str, Any]) -> None:
    empty = {"type": "object", "example": {}}
    schemas = plain["2"]["definitions"], plain["3.0"]["components"]["schemas"], plain["3.1"]["components"]["schemas"]
    for found in schemas:
        assert (found["ServiceInput"], found["ServiceOutput"]) == (empty, empty)
        assert found["ErrorResponse"]["properties"] == {"message": {"type": "string"}}


@pytest.mark.parametrize(
    ("file", "version"),
    [("swagger.json", "2"), ("swagger2.json", "2"), ("swagger3.json", "3.0"), ("swagger3.1.json", "3.1")],
)
def test_a_file_in_the_app_root_overrides_its_version_only(tmp_path: Path, file: str, version: str) -> None:
    (tmp_path / file).write_text('{"mine": true}')
    documents = swagger.documents(run, False, str(tmp_path), ABOUT)
    assert [name for name, document in documents.items() if document == {"mine": True}] == [version]


def test_swagger_json_wins_over_swagger2_json(tmp_path: Path) -> None:
    (tmp_path / "swagger.json").write_text('{"mine": 1}')
    (tmp_path / "swagger2.json").write_text('{"mine": 2}')
    assert swagger.documents(run, False, str(tmp_path), ABOUT)["2"] == {"mine": 1}


DECORATED = """
import datetime
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard
def init():
    pass
@input_schema("number", Standard(7))
@input_schema("when", Standard(datetime.datetime(2020, 1, 2)))
@output_schema(Standard(SAMPLE))
def run(number, when):
    return [number]
"""


def ready(tmp_path: Path, sample: str) -> dict[str, Any]:
    pytest.importorskip("inference_schema", reason="inference-schema is not installed")
    with Worker(write(tmp_path, DECORATED.replace("SAMPLE", sample)), start={**START, **ABOUT}) as worker:
        found: dict[str, Any] = worker.ready().phases[-1]["swagger"]
        return found


def test_a_decorated_run_is_described_by_its_samples(tmp_path: Path) -> None:
    documents = ready(tmp_path, "[1.5]")
    given = documents["3.0"]["components"]["schemas"]["ServiceInput"]
    assert set(given["properties"]) == {"number", "when"}
    assert given["example"]["number"] == 7
    assert documents["2"]["definitions"]["ServiceOutput"]["type"] == "array"
    assert documents["3.1"]["info"]["title"] == ABOUT["name"]


def test_a_list_of_mixed_types_has_no_swagger_2(tmp_path: Path) -> None:
    documents = ready(tmp_path, "[1, 'a']")
    assert documents["2"] is None
    assert documents["3.0"]["components"]["schemas"]["ServiceOutput"]["type"] == "array"
    assert documents["3.1"] is not None


def test_an_override_that_is_no_json_fails_the_start(tmp_path: Path) -> None:
    (tmp_path / "swagger.json").write_text("{")
    script = "def init():\n    pass\ndef run(raw_data):\n    return 1\n"
    with Worker(write(tmp_path, script)) as worker:
        phase = worker.boot()
        assert (phase["phase"], phase["during"]) == ("failed", "swagger")
        assert json.dumps(phase)
