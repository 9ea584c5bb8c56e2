"""The service's description as Swagger 2.0, OpenAPI 3.0.3 and 3.1.0 (wire contract, section 14), and the files of the
app root that override it. The worker computes it at start; standard library only."""

import json
import os
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

Document = Dict[str, Any]
Run = Callable[..., Any]

# Version as the front keys it: names that inference_schema has for it, files that override it, the first one found.
VERSIONS: Mapping[str, Tuple[Tuple[str, ...], Tuple[str, ...]]] = {
    "2": (("2", "2.0"), ("swagger.json", "swagger2.json")),
    "3.0": (("3", "3.0"), ("swagger3.json",)),
    "3.1": (("3.1",), ("swagger3.1.json",)),
}
EMPTY: Document = {"type": "object", "example": {}}
TEXT: Document = {"type": "string"}
BEARER: Document = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "description": "The word Bearer, a space, and a key or token of the service.",
}


def documents(run: Run, decorated: bool, root: str, about: Mapping[str, Any]) -> Dict[str, Optional[Document]]:
    """The document of each version, or None where the script's types have no form in that version.

    `about` has the service's name, version and path_prefix. Raises ValueError for an override that is no JSON.
    """
    found: Dict[str, Optional[Document]] = {}
    for version, (names, files) in VERSIONS.items():
        override = _override(root, files)
        found[version] = _described(run, decorated, names, about) if override is None else override
    return found


def _override(root: str, files: Tuple[str, ...]) -> Optional[Document]:
    for name in files:
        path = os.path.join(root, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                content: Document = json.load(file)
            return content
    return None


def _described(run: Run, decorated: bool, names: Tuple[str, ...], about: Mapping[str, Any]) -> Optional[Document]:
    given, returned = EMPTY, EMPTY
    if decorated:
        from inference_schema.schema_util import get_input_schema, get_output_schema, get_supported_versions

        if not set(names) & set(get_supported_versions(run)):
            return None
        given, returned = get_input_schema(run), get_output_schema(run)
    schemas = {
        "ServiceInput": given,
        "ServiceOutput": returned,
        "ErrorResponse": {"type": "object", "properties": {"message": TEXT}},
    }
    make = _swagger_2 if "2" in names else _openapi_3
    document = make(about, schemas)
    if "openapi" in document:
        document["openapi"] = "3.1.0" if "3.1" in names else "3.0.3"
    plain: Document = json.loads(json.dumps(document, default=str))  # samples may hold dates
    return plain


def _info(about: Mapping[str, Any]) -> Document:
    name = about.get("name", "")
    return {"title": name, "description": f"What the service {name} answers.", "version": about.get("version", "")}


def _paths(about: Mapping[str, Any], health: Document, score: Document, description: Document) -> Document:
    """The three routes; each argument is what differs between the versions."""
    prefix = str(about.get("path_prefix") or "").strip("/")
    start = f"/{prefix}" if prefix else ""
    return {
        f"{start}/": {"get": {"operationId": "ServiceHealthCheck", "description": "Is the service ready?", **health}},
        f"{start}/score": {
            "post": {
                "operationId": "RunMLService",
                "description": "Run the entry script on the input.",
                "security": [{"Bearer": []}],
                **score,
            }
        },
        f"{start}/swagger.json": {
            "get": {"operationId": "GetSwaggerSpec", "description": "This document.", **description}
        },
    }


READY = "The service is ready; the text Healthy."
SCORED = "What the entry script returned."
FAILED = "The request was refused, or the script failed."
INPUT = "What the entry script takes."


def _swagger_2(about: Mapping[str, Any], schemas: Document) -> Document:
    def responses(text: str, schema: Document, **more: Any) -> Document:
        failed = {"description": FAILED, "schema": _reference("definitions", "ErrorResponse")}
        return {"responses": {"200": {"description": text, "schema": schema, **more}, "default": failed}}

    payload = {
        "name": "serviceInputPayload",
        "in": "body",
        "description": INPUT,
        "schema": _reference("definitions", "ServiceInput"),
    }
    version = {"name": "version", "in": "query", "required": False, "type": "integer", "enum": [2, 3]}
    return {
        "swagger": "2.0",
        "info": _info(about),
        "schemes": ["http", "https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": BEARER},
        "paths": _paths(
            about,
            responses(READY, TEXT, examples={"application/json": "Healthy"}),
            {"parameters": [payload], **responses(SCORED, _reference("definitions", "ServiceOutput"))},
            {"parameters": [version], **responses("The document.", TEXT)},
        ),
        "definitions": schemas,
    }


def _openapi_3(about: Mapping[str, Any], schemas: Document) -> Document:
    def content(kind: str, schema: Document) -> Document:
        return {"content": {kind: {"schema": schema}}}

    def responses(text: str, kind: str, schema: Document) -> Document:
        failed = content("application/json", _reference("components/schemas", "ErrorResponse"))
        return {
            "responses": {
                "200": {"description": text, **content(kind, schema)},
                "default": {"description": FAILED, **failed},
            }
        }

    given = content("application/json", _reference("components/schemas", "ServiceInput"))
    returned = _reference("components/schemas", "ServiceOutput")
    version = {"name": "version", "in": "query", "required": False, "schema": {"type": "integer", "enum": [2, 3]}}
    return {
        "openapi": "3.0.3",
        "info": _info(about),
        "security": [{"Bearer": []}],
        "paths": _paths(
            about,
            responses(READY, "text/plain", {"type": "string", "example": "Healthy"}),
            {"requestBody": {"description": INPUT, **given}, **responses(SCORED, "application/json", returned)},
            {"parameters": [version], **responses("The document.", "text/plain", TEXT)},
        ),
        "components": {"schemas": schemas, "securitySchemes": {"Bearer": BEARER}},
    }


def _reference(place: str, name: str) -> Document:
    return {"$ref": f"#/{place}/{name}"}
