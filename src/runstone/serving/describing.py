"""What a served model takes and gives, told by its signature: as OpenAPI 3.1, and as a plain page without any foreign part."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from runstone.serving.questions import CSV, JSON, PARQUET
from runstone.types.kinds import AnyType, Array, DataType, Kind, Map, Object
from runstone.types.schema import ParamSchema, Schema
from runstone.version import __version__

if TYPE_CHECKING:
    from runstone.serving.standing import Standing

Json = dict[str, Any]

_SINGLE: dict[DataType, Json] = {
    DataType.boolean: {"type": "boolean"},
    DataType.integer: {"type": "integer", "format": "int32"},
    DataType.long: {"type": "integer", "format": "int64"},
    DataType.float: {"type": "number", "format": "float"},
    DataType.double: {"type": "number", "format": "double"},
    DataType.string: {"type": "string"},
    DataType.binary: {"type": "string", "contentEncoding": "base64"},
    DataType.datetime: {"type": "string", "format": "date-time"},
}
_ERROR: Json = {
    "type": "object", "required": ["error_code", "message"],
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
}  # fmt: skip


def document(standing: Standing) -> Json:
    """The whole description."""
    described = standing.model.metadata
    inputs, outputs, params = described.get_input_schema(), described.get_output_schema(), described.get_params_schema()
    asked: Json = {"schema": _request(inputs, params)}
    example = _example(standing)
    if example is not None:
        asked["example"] = example
    bodies: Json = {JSON: asked}
    if inputs is None or not inputs.is_tensor_spec():
        bodies |= {CSV: {"schema": {"type": "string"}}, PARQUET: {}}
    refused = {"description": "Refused: what is wrong, and what to do.", "content": {JSON: {"schema": _ERROR}}}
    said = {"type": "object", "properties": {"predictions": _rows(outputs)}, "required": ["predictions"]}
    invocations = {
        "operationId": "invocations",
        "summary": "What the model says to some rows.",
        "requestBody": {"required": True, "content": bodies},
        "responses": {
            "200": {"description": "The predictions.", "content": {JSON: {"schema": said}}},
            "default": refused,
        },
    }
    paths: Json = {"/invocations": {"post": invocations}}
    for path, summary in (
        ("/ping", "Whether it answers."),
        ("/health", "The same, and which version answers."),
        ("/version", "The version of MLflow whose protocol this is."),
    ):
        paths[path] = {"get": {"summary": summary, "responses": {"200": {"description": "It does."}}}}
    return {"openapi": "3.1.0", "info": {"title": standing.name, "version": __version__}, "paths": paths}


def _request(inputs: Schema | None, params: ParamSchema | None) -> Json:
    record, rows = _record(inputs), _rows(inputs)
    names = [str(name) for name in inputs.input_names()] if inputs is not None and inputs.has_input_names() else None
    split: Json = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", **({"examples": [names]} if names else {})},
            "data": {"type": "array", "items": {"type": "array"}},
            "index": {"type": "array"},
        },
        "required": ["data"],
    }
    shapes: Json = {
        "dataframe_split": split,
        "dataframe_records": {"type": "array", "items": record},
        "instances": rows,
        "inputs": {"anyOf": [rows, {}]} if rows else {},
    }
    if inputs is not None and inputs.is_tensor_spec():
        shapes = {name: shapes[name] for name in ("instances", "inputs")}
    more = {} if params is None else {"params": _params(params)}
    return {
        "oneOf": [
            {"type": "object", "properties": {name: shape, **more}, "required": [name]}
            for name, shape in shapes.items()
        ]
    }


def _params(params: ParamSchema) -> Json:
    found: Json = {}
    for described in params.to_dict():
        spec = params.named[described["name"]]
        kind = _kind(spec.dtype)
        one: Json = {"type": "array", "items": kind} if spec.shape else kind
        found[spec.name] = {**one, "default": described["default"]}
    return {"type": "object", "properties": found}


def _rows(schema: Schema | None) -> Json:
    """A list with an item for each row; {} where nobody said."""
    if schema is None:
        return {}
    if schema.is_tensor_spec():
        if schema.has_input_names():
            return {"type": "object", "properties": {str(spec.name): _tensor(spec) for spec in schema}}
        return _tensor(schema.inputs[0])
    return {
        "type": "array",
        "items": _record(schema) if schema.has_input_names() or len(schema) > 1 else _kind(schema.inputs[0].type),
    }


def _record(schema: Schema | None) -> Json:
    if schema is None or schema.is_tensor_spec():
        return {"type": "object"}
    if not schema.has_input_names():
        return {"type": "array", "prefixItems": [_kind(spec.type) for spec in schema]}
    return {
        "type": "object",
        "properties": {str(spec.name): _kind(spec.type, nullable=not spec.required) for spec in schema},
        "required": [str(name) for name in schema.required_input_names()],
    }


def _tensor(spec: Any) -> Json:
    item: Json = {
        "b": {"type": "boolean"},
        "i": {"type": "integer"},
        "u": {"type": "integer"},
        "f": {"type": "number"},
    }.get(spec.type.kind, {"type": "string"})
    for length in reversed(spec.shape):
        item = {"type": "array", "items": item, **({} if length < 0 else {"minItems": length, "maxItems": length})}
    return item


def _kind(kind: Kind, nullable: bool = False) -> Json:
    if isinstance(kind, DataType):
        found = dict(_SINGLE[kind])
    elif isinstance(kind, AnyType):
        return {}
    elif isinstance(kind, Array):
        found = {"type": "array", "items": _kind(kind.dtype)}
    elif isinstance(kind, Map):
        found = {"type": "object", "additionalProperties": _kind(kind.value_type)}
    else:
        assert isinstance(kind, Object)
        found = {
            "type": "object",
            "properties": {one.name: _kind(one.dtype, nullable=not one.required) for one in kind.properties},
            "required": [one.name for one in kind.properties if one.required],
        }
    return {**found, "type": [found["type"], "null"]} if nullable else found


def _example(standing: Standing) -> Any:
    text = standing.example()
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None


def body(standing: Standing) -> str:
    """A request's body to begin with: the model's example, or one made of its signature."""
    example = _example(standing)
    if example is not None:
        said = json.dumps(example)
        if len(said) <= 2_000:
            return said
    inputs = standing.model.metadata.get_input_schema()
    if inputs is None:
        return '{"dataframe_split": {"columns": ["a"], "data": [[1]]}}'
    if inputs.is_tensor_spec():
        made = {spec.name: _zeros(spec) for spec in inputs}
        return json.dumps({"inputs": made if inputs.has_input_names() else made[None]})
    names = inputs.input_names()
    row = [_sample(spec.type) for spec in inputs]
    split = {"columns": [str(name) for name in names], "data": [row]} if inputs.has_input_names() else {"data": [row]}
    return json.dumps({"dataframe_split": split})


def curl(standing: Standing, url: str) -> str:
    """A line to paste into a shell."""
    quoted = body(standing).replace("'", "'\\''")
    return f"curl {url}/invocations -H 'Content-Type: application/json' -d '{quoted}'"


def _sample(kind: Kind) -> Any:
    samples = {
        DataType.boolean: True, DataType.integer: 1, DataType.long: 1, DataType.string: "a", DataType.binary: "YQ==",
        DataType.datetime: "2026-01-31T12:00:00",
    }  # fmt: skip
    if isinstance(kind, DataType):
        return samples.get(kind, 1.5)
    if isinstance(kind, Array):
        return [_sample(kind.dtype)]
    if isinstance(kind, Map):
        return {"a": _sample(kind.value_type)}
    return {one.name: _sample(one.dtype) for one in kind.properties} if isinstance(kind, Object) else 1


def _zeros(spec: Any) -> Any:
    item: Any = {"b": True, "f": 0.0, "i": 0, "u": 0}.get(spec.type.kind, "a")
    for length in reversed(spec.shape):
        item = [item] * min(abs(length), 1_000)
    return item


def page(standing: Standing, url: str) -> str:
    """A page for people, who reach the server by `url`."""
    described = standing.model.metadata
    parts = [f"<h1>{html.escape(standing.name)}</h1>"]
    for title, schema in (("It takes", described.get_input_schema()), ("It says", described.get_output_schema())):
        if schema is not None:
            parts.append(f"<h2>{title}</h2><table>{_table(schema)}</table>")
    params = described.get_params_schema()
    if params is not None and len(params):
        cells = "".join(f"<tr><td><code>{html.escape(repr(one))}</code></tr>" for one in params)
        parts.append(f"<h2>Params</h2><table>{cells}</table>")
    parts.append(f"<h2>Ask it</h2><pre>{html.escape(curl(standing, url))}</pre>")
    parts.append('<p>The same for programs: <a href="openapi.json">openapi.json</a>. <a href="health">health</a></p>')
    return _PAGE.format(title=html.escape(standing.name), body="\n".join(parts))


def _table(schema: Schema) -> str:
    return "".join(
        f"<tr><td><code>{html.escape(str(name))}</code><td>{html.escape(_words(spec))}</tr>"
        for name, spec in zip(schema.input_names(), schema.inputs, strict=True)
    )


def _words(spec: Any) -> str:
    if hasattr(spec, "shape"):
        return f"{spec.type.name} {spec.shape}"
    return repr(spec.type) + ("" if spec.required else ", may be left out")


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui;margin:3rem auto;max-width:48rem;padding:0 1rem;color:#1d2330}}
code,pre{{background:#eef0f4;padding:.1em .3em}}pre{{padding:1em;white-space:pre-wrap}}td{{padding-right:2em}}</style>
{body}
</html>
"""
