"""Schemas: whatever is said comes back from JSON; what is inferred from data takes these data; no value is ever changed."""

from __future__ import annotations

import datetime
import json
import math
import warnings
from typing import Any

import numpy
import pandas
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runstone.errors import InvalidParameter
from runstone.models import ModelSignature, infer_signature
from runstone.types import (
    AnyType,
    Array,
    ColSpec,
    DataType,
    Map,
    Object,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
    TensorSpec,
)
from runstone.types.cells import missing
from runstone.types.enforcement import enforce, enforce_params
from runstone.types.inference import infer_param_schema, infer_schema

NAMES = st.text(max_size=8)
KINDS: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([*DataType, AnyType()]),
    lambda inner: st.one_of(
        inner.map(Array),
        inner.map(Map),
        st.lists(
            st.builds(Property, NAMES, inner, st.booleans()), min_size=1, max_size=3, unique_by=lambda one: one.name
        ).map(Object),
    ),
    max_leaves=6,
)
COLUMNS = st.one_of(
    st.lists(st.builds(ColSpec, KINDS, NAMES, st.booleans()), min_size=1, max_size=4),
    st.lists(st.builds(ColSpec, KINDS), min_size=1, max_size=3),
)
DTYPES = st.sampled_from(
    [
        "bool",
        "int8",
        "int32",
        "int64",
        "uint64",
        "float16",
        "float32",
        "float64",
        "str",
        "bytes",
        "datetime64[ns]",
        "object",
    ]
).map(numpy.dtype)
SHAPES = st.lists(st.integers(-1, 5), max_size=4).map(tuple)
TENSORS = st.one_of(
    st.builds(TensorSpec, DTYPES, SHAPES).map(lambda one: [one]),
    st.lists(st.builds(TensorSpec, DTYPES, SHAPES, NAMES), min_size=1, max_size=3),
)
SCHEMAS = st.one_of(COLUMNS, TENSORS).map(Schema)

# integers that pandas can hold beside missing ones, which makes floats of them
SINGLE: dict[str, st.SearchStrategy[Any]] = {
    "long": st.integers(-(2**53), 2**53), "double": st.floats(allow_nan=False), "string": st.text(max_size=5),
    "boolean": st.booleans(), "binary": st.binary(max_size=5), "datetime": st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1)),
}  # fmt: skip


def column(rows: int, nulls: bool = True) -> st.SearchStrategy[list[Any]]:
    """Values of one type, and lists and mappings of them, here and there missing."""

    def of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
        cells = [values, st.lists(values, max_size=3), st.fixed_dictionaries({"k": values}, optional={"o": values})]
        return st.one_of(
            *[st.lists(st.one_of(st.none(), cell) if nulls else cell, min_size=rows, max_size=rows) for cell in cells]
        )

    return st.sampled_from(list(SINGLE.values())).flatmap(of)


TABLES = st.integers(1, 4).flatmap(
    lambda rows: st.dictionaries(st.text("abcxyz", min_size=1, max_size=4), column(rows), min_size=1, max_size=3)
)


@given(SCHEMAS)
@settings(max_examples=60)
def test_a_schema_comes_back_from_its_text(schema: Schema) -> None:
    assert Schema.from_json(schema.to_json()) == schema
    signature = ModelSignature(schema, schema)
    assert ModelSignature.from_dict(json.loads(json.dumps(signature.to_dict()))) == signature
    assert repr(schema)


@given(COLUMNS.map(Schema))
@settings(max_examples=40)
def test_what_mlflow_1_wrote_is_read(schema: Schema) -> None:
    older = [{**one, "optional": True} if not one["required"] else one for one in schema.to_dict()]
    for one in older:
        del one["required"]
    assert Schema.from_json(json.dumps(older)) == schema


@given(TABLES)
@settings(max_examples=60)
def test_what_is_inferred_from_data_takes_them_as_they_are(table: dict[str, list[Any]]) -> None:
    frame = pandas.DataFrame({name: pandas.Series(values, dtype=object) for name, values in table.items()})
    records = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    for data in (frame, frame.infer_objects(), records, records[0]):
        with warnings.catch_warnings(record=True):
            schema = infer_schema(data)
        taken = enforce(data, schema)
        for name, values in table.items():
            wanted = values[:1] if data is records[0] else values
            assert all(map(same, taken[name].tolist(), wanted)), (name, schema)


@given(TABLES)
@settings(max_examples=30)
def test_polars_frames_take_what_was_inferred_from_them(table: dict[str, list[Any]]) -> None:
    frame = polars.DataFrame(table, strict=False)
    with warnings.catch_warnings(record=True):
        schema = infer_schema(frame)
    assert enforce(frame, schema).equals(frame)


NUMBERS = [
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "Int64",
    "Float64",
    "Int32",
    "bool",
    "boolean",
]


@given(
    st.sampled_from(NUMBERS),
    st.sampled_from(list(DataType)),
    st.lists(st.integers(-(2**63), 2**64 - 1) | st.floats() | st.none(), max_size=4),
    st.booleans(),
)
@settings(max_examples=150)
def test_no_value_is_changed_whatever_is_wanted(dtype: str, kind: DataType, values: list[Any], required: bool) -> None:
    try:
        with warnings.catch_warnings(), numpy.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            series = pandas.Series(values).astype(dtype)
    except (ValueError, TypeError, OverflowError):
        return
    for data in (pandas.DataFrame({"a": series}), pandas.DataFrame({"a": series, "b": series})):
        schema = Schema([ColSpec(kind, name, required) for name in data.columns])
        try:
            taken = enforce(data, schema)
        except InvalidParameter as error:
            refused = str(error)
            assert (f"'a' is to be {kind.name}" in refused) is True
            continue
        for name in data.columns:
            assert all(map(same, taken[name].tolist(), series.tolist()))


@given(
    st.sampled_from(NUMBERS[:11]),
    st.sampled_from(NUMBERS[:11]),
    st.lists(st.integers(-(2**63), 2**64 - 1) | st.floats(), max_size=4),
)
@settings(max_examples=150)
def test_no_tensor_is_changed_whatever_is_wanted(given_dtype: str, wanted: str, values: list[Any]) -> None:
    try:
        with numpy.errstate(all="ignore"):
            array = numpy.array(values, dtype=given_dtype)
    except (ValueError, OverflowError):
        return
    try:
        taken = enforce(array, Schema([TensorSpec(numpy.dtype(wanted), (-1,))]))
    except InvalidParameter:
        return
    assert taken.dtype == wanted
    assert all(map(same, taken.tolist(), array.tolist()))


PARAMS = st.dictionaries(
    NAMES,
    st.one_of([one for name, one in SINGLE.items() if name != "binary"]).flatmap(
        lambda one: st.sampled_from([one, [one]])
    ),
    max_size=4,
)


@given(PARAMS)
def test_params_are_their_own_defaults(params: dict[str, Any]) -> None:
    schema = infer_param_schema(params)
    assert enforce_params(None, schema) == params == enforce_params(params, schema)
    assert ParamSchema.from_json(schema.to_json()) == schema


def test_a_schema_that_is_none_is_refused_in_a_sentence() -> None:
    deep = '{"type": "array", "items": ' * 5000 + "1" + "}" * 5000
    for text in ("", "[]", "{}", "null", "[1]", '[{"type": "bogus"}]', '[{"name": "a"}]', '[{"type": "array", "items": "long"}]',
        '[{"type": "object", "properties": {}}]', '[{"type": "tensor"}]', '[{"type": "tensor", "tensor-spec": {"dtype": "bogus", "shape": [-1]}}]',
        '[{"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": ["x"]}}]', '[{"type": "long"}, {"type": "long", "name": "a"}]',
        '[{"type": "long", "required": false}]', f"[{deep}]", '[{"type": []}]'):  # fmt: skip
        with pytest.raises(InvalidParameter):
            Schema.from_json(text)
    for text in ('[{"type": "long"}]', '[{"name": "a", "type": "binary", "default": null}]', '[{"name": "a", "type": "long", "default": "x"}]',
        '[{"name": "a", "type": "long", "default": 1, "shape": [2]}]', "{}"):  # fmt: skip
        with pytest.raises(InvalidParameter):
            ParamSchema.from_json(text)
    with pytest.raises(InvalidParameter):
        infer_signature()
    with pytest.raises(InvalidParameter):
        ParamSpec("a", Array("long"), [1])  # type: ignore[arg-type]


def same(taken: Any, given: Any) -> bool:
    """Whether nothing of a value was lost; a whole number may have become a float that is just it."""
    if missing(given) or missing(taken):
        return missing(given) and missing(taken)
    if isinstance(taken, float) and isinstance(given, int | float):
        return (
            math.isinf(taken) and taken == given if math.isinf(taken) else int(taken) == int(given) and taken == given
        )
    return bool(taken == given) and isinstance(taken, bool) == isinstance(given, bool)
