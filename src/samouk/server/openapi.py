"""The API's description: what FastAPI finds, the raw routes that it does not see, and problems everywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import Route

from samouk.edge.wire import GROUPS, MAX_BATCH_ROWS, MAX_PACKED, WIRE_FORMAT
from samouk.server.access import Access, leaves
from samouk.server.problems import MEDIA_TYPE

Operation = Mapping[str, Any]

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457",
    "required": ["status", "title"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string", "description": "dotted name of the offending field"},
    },
}
_PROBLEM_ANSWER = {
    "description": "A problem",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

UUID4 = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
PLAIN_COLUMN = {"type": "array", "minItems": 1, "maxItems": MAX_BATCH_ROWS}
PACKED_COLUMN = {
    "type": "object",
    "description": "the distinct values, and for each row the sign (two for over 64 values) of its own",
    "additionalProperties": False,
    "required": ["values", "codes"],
    "properties": {
        "values": {"type": "array", "minItems": 1, "maxItems": MAX_PACKED},
        "codes": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 2 * MAX_BATCH_ROWS},
    },
}
UPLOAD = {
    "type": "object",
    "title": "Upload",
    "additionalProperties": False,
    "required": ["format", "learner", "schema", "batch_id", "receipt_hash", "group", "columns"],
    "properties": {
        "format": {"const": WIRE_FORMAT},
        "learner": {"type": "string", "minLength": 1, "maxLength": 64},
        "schema": {"type": "integer"},
        "batch_id": {"type": "string", "pattern": UUID4, "description": "random UUID, version 4, lower case"},
        "receipt_hash": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "sha256 of the receipt"},
        "group": {"type": "integer", "minimum": 0, "maximum": GROUPS - 1},
        "columns": {
            "type": "object",
            "description": "one column a field of the learner's schema, all of one length",
            "additionalProperties": {"oneOf": [PLAIN_COLUMN, PACKED_COLUMN]},
        },
    },
}
STORED = {
    "type": "object",
    "title": "Stored",
    "required": ["batch_id", "samples", "status"],
    "properties": {
        "batch_id": {"type": "string", "format": "uuid"},
        "samples": {"type": "integer"},
        "status": {"enum": ["stored", "duplicate"]},
    },
}


def listed(items: Mapping[str, Any], most: int) -> dict[str, Any]:
    """An object whose one member ``items`` is an array of 1 to ``most``."""
    array = {"type": "array", "minItems": 1, "maxItems": most, "items": items}
    return {"type": "object", "additionalProperties": False, "required": ["items"], "properties": {"items": array}}


@dataclass(frozen=True, slots=True)
class RawRoute:
    """A route past FastAPI's own layers, with its entry in the description.

    Attributes:
        endpoint: ``async (request) -> response``.
        operation: its OpenAPI operation object.
        access: who may use it.
    """

    path: str
    method: str
    endpoint: Any
    operation: Operation
    access: Access

    def route(self) -> Route:
        return Route(self.path.replace("{path}", "{path:path}"), self.endpoint, methods=[self.method])


def parameters(path: str) -> list[Operation]:
    """The strings in the path."""
    names = re.findall(r"{(\w+)}", path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def upload_operation(path: str) -> Operation:
    """Description of an address that takes batches."""
    stored = {"application/json": {"schema": {"$ref": "#/components/schemas/Stored"}}}
    return {
        "summary": "Store one batch of samples: whole or not at all; sent twice, it is stored once",
        "parameters": parameters(path),
        "requestBody": {
            "required": True,
            "description": "JSON, plain or with Content-Encoding: gzip",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Upload"}}},
        },
        "responses": {
            "201": {"description": "stored durably", "content": stored},
            "200": {"description": "was stored before", "content": stored},
        },
    }


def download_operation(path: str, summary: str, media_type: str) -> Operation:
    """Description of an address that gives bytes."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": summary,
        "parameters": parameters(path),
        "responses": {
            "200": {"description": "all bytes", "content": content},
            "206": {"description": "the range that was asked for", "content": content},
            "304": {"description": "unchanged"},
        },
    }


def describe(app: FastAPI, raw: Sequence[RawRoute], declared: Mapping[Any, Access], issuer: str) -> dict[str, Any]:
    """The whole description."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for route in raw:
        document["paths"].setdefault(route.path, {})[route.method.lower()] = dict(route.operation)
    _secure(app, document["paths"], declared, ["key", "person"] if issuer else ["key"])
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _PROBLEM_ANSWER
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update({"Problem": PROBLEM, "Upload": UPLOAD, "Stored": STORED})
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    if issuer:
        where = f"{issuer}/.well-known/openid-configuration"
        components["securitySchemes"]["person"] = {"type": "openIdConnect", "openIdConnectUrl": where}
    return document


def _secure(
    app: FastAPI, paths: Mapping[str, dict[str, Any]], declared: Mapping[Any, Access], schemes: Sequence[str]
) -> None:
    """Say of each operation which role it needs, by what its route declares."""
    for route in leaves(app.routes):
        access = declared.get(getattr(route, "endpoint", None))
        template = re.sub(r"{(\w+):\w+}", r"{\1}", str(getattr(route, "path", "")))
        for method in getattr(route, "methods", None) or ():
            operation = paths.get(template, {}).get(method.lower())
            if operation is not None and access is not None:
                operation["security"] = [{scheme: []} for scheme in schemes] if access.role else []
                operation["x-samouk-role"] = str(access.role or "public")
                if access.act:
                    operation["x-samouk-act"] = access.act


def install(app: FastAPI, raw: Sequence[RawRoute], declared: Mapping[Any, Access], issuer: str = "") -> None:
    """Add the raw routes, and describe them with the rest.

    Those that take batches come first, where they are found fastest; those that give bytes last, so
    that a name in a path never hides a fixed word.
    """
    app.router.routes[:0] = [route.route() for route in raw if route.method == "POST"]
    app.router.routes += [route.route() for route in raw if route.method != "POST"]
    described: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not described:
            described.update(describe(app, raw, declared, issuer))
        return described

    app.openapi = openapi  # type: ignore[method-assign]
