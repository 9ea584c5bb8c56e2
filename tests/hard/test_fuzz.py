"""The server against its own description: schemathesis makes requests from its OpenAPI documents, good and bad ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from ..server.front.fronts import Front
from .test_bodies import FAILED, SCHEMA, fixture

described = fixture(SCHEMA)
TRIES = 60


def operations(front: Front, version: str) -> list[Any]:
    document = front.request("GET", f"/swagger.json?version={version}").json
    return [found.ok() for found in schemathesis.openapi.from_dict(document).get_all_operations()]


@pytest.mark.parametrize("version", ["2", "3.0", "3.1"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfitting"])
def test_no_request_from_the_description_brings_it_down(described: Front, version: str, mode: GenerationMode) -> None:
    address = f"http://127.0.0.1:{described.port}"
    found = operations(described, version)
    assert {operation.path for operation in found} >= {"/", "/score", "/swagger.json"}
    session = requests.Session()
    for operation in found:
        if mode is GenerationMode.NEGATIVE and operation.path != "/score":
            continue  # there is nothing in them that could be wrong

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=TRIES,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        def send(case: Any) -> None:
            response = case.call(base_url=address, session=session, timeout=10)
            assert response.status_code < 500 or (
                response.status_code == 500 and response.headers[FAILED] == ["True"]
            ), (response.status_code, response.content)

        send()
    session.close()
    assert described.request("GET", "/").status == 200


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND"]),
    path=st.sampled_from(["/", "/score", "/swagger.json", "/score/", "//", "/%2e%2e/", "/metrics", "/docs", "/livez"]),
    body=st.binary(max_size=50) | st.just(json.dumps({"data": [1]}).encode()),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_method_on_no_address_is_an_error_of_the_server(
    described: Front, method: str, path: str, body: bytes
) -> None:
    answer = described.request(method, path, body)
    assert answer.status < 500
