"""The API described as OpenAPI 3.1, derived from the routes: nothing of it is written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from runstone.operations.table import Operation
from runstone.server.dispatch import Route

_REFERENCE = "#/components/schemas/{name}"
_ERROR = {
    "type": "object", "required": ["error_code", "message"],
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
}  # fmt: skip
_REFUSED = {"application/json": {"schema": {"$ref": _REFERENCE.format(name="Error")}}}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole description of these routes."""
    from runstone.version import __version__

    routes = list(routes)
    rows = [route.answer for route in routes if isinstance(route.answer, Operation)]
    kinds = list({kind: None for row in rows for kind in (row.request, row.response)})
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    known = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in routes:
        path = route.path.replace(":path}", "}")
        described = (
            _described(route.answer, route.method, path, known, components)
            if isinstance(route.answer, Operation)
            else _plainly(route, path)
        )
        if route.root:
            described["servers"] = [{"url": "/"}]
        paths.setdefault(path, {})[route.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "runstone",
            "version": __version__,
            "description": "Every path is served under each of the servers' prefixes.",
        },
        "servers": [{"url": prefix} for prefix in ("/api/2.0", "/api/3.0", "/ajax-api/2.0", "/ajax-api/3.0")],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": {**components, "Error": _ERROR}},
    }


def _plainly(route: Route, path: str) -> dict[str, Any]:
    """What carries bytes, or a page: its handler says what it does."""
    described: dict[str, Any] = {
        "summary": (route.answer.__doc__ or "").strip().split("\n")[0],
        "x-permission": route.permission,
        "responses": {"200": {"description": "Done."}, "default": {"description": "Refused.", "content": _REFUSED}},
    }
    names = re.findall(r"{(\w+)}", path)
    if names:
        described["parameters"] = [_in_path(name) for name in names]
    if route.method in ("PUT", "POST"):
        described["requestBody"] = {"content": {"application/octet-stream": {}}}
    return described


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _described(
    row: Operation[Any, Any], method: str, path: str, known: dict[Any, Any], components: dict[str, Any]
) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", path)
    described: dict[str, Any] = {
        "operationId": row.name
        if (method, path) == (row.method, row.path)
        else f"{row.name}_{method.lower()}_{len(path)}",
        "summary": (row.function.__doc__ or "").strip().split("\n")[0],
        "x-permission": row.permission,
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": known[row.response]}}},
            "default": {"description": "Refused: what is wrong, and what to do.", "content": _REFUSED},
        },
    }
    parameters = [_in_path(name) for name in names]
    if method in ("GET", "DELETE"):
        fields = components[row.request.__name__].get("properties", {}) if row.request.__name__ in components else {}
        parameters += [
            {"name": name, "in": "query", "schema": schema} for name, schema in fields.items() if name not in names
        ]
    else:
        described["requestBody"] = {"content": {"application/json": {"schema": known[row.request]}}}
    if parameters:
        described["parameters"] = parameters
    return described
