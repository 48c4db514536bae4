"""What the real MLflow and runstone make of the same data: schemas inferred, data enforced, MLmodel files read both ways.

Every difference is listed here with what both say; docs/differences.md explains them ("Signatures").
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from tests.mlflow_compat import real

from runstone.models import Model, ModelSignature, examples

pytestmark = pytest.mark.compat

DATA = """
import datetime, decimal, warnings
import numpy as np, pandas as pd, scipy.sparse as sp
warnings.simplefilter("ignore")
D = lambda **columns: pd.DataFrame(columns)
INPUTS = {
 "int": 5, "float": 1.5, "str": "x", "bool": True, "bytes": b"x", "datetime": datetime.datetime(2020, 1, 1), "numpy scalar": np.float32(1),
 "list": [1, 2], "floats and ints": [1, 2.5], "texts": ["a"], "a null in a list": [1, None], "empty list": [], "lists": [[1, 2], [3]],
 "records": [{"a": 1}, {"a": 2, "b": "x"}], "records with mixed numbers": [{"a": 1, "b": [1.0]}, {"a": 2.5, "b": []}],
 "mapping": {"a": 1, "b": "x"}, "mapping of lists": {"a": [1, 2], "b": ["x", "y"]}, "nested mapping": {"a": {"x": 1}}, "empty mapping": {},
 "arrays by name": {"a": np.zeros((2, 3)), "b": np.zeros(2, "int32")}, "whole number for a key": {1: 2}, "null in a mapping": {"a": None},
 "array and value": {"a": np.zeros(2), "b": 1}, "array": np.zeros((2, 3), "float32"), "no dimension": np.array(1.0), "array of texts": np.array(["abc"]),
 "array of objects": np.array(["a", 1], dtype=object), "array of times": np.array(["2020-01-01"], "M8[ns]"), "array of bytes": np.array([b"x"]),
 "csr": sp.csr_matrix(np.eye(3)), "csc": sp.csc_matrix(np.eye(3)), "coo": sp.coo_matrix(np.eye(3)), "csr_array": sp.csr_array(np.eye(3)),
 "series": pd.Series([1, 2]), "named series": pd.Series([1.0, 2], name="s"), "tuple": (1, 2), "set": {1},
 "messages": {"messages": [{"role": "user", "content": "x"}]},
 "frame": pd.DataFrame({"i1": np.array([1], "i1"), "i4": np.array([1], "i4"), "i8": [1], "u1": np.array([1], "u1"), "u4": np.array([1], "u4"),
   "f2": np.array([1], "f2"), "f4": np.array([1], "f4"), "f8": [1.0], "b": [True], "s": ["x"], "y": [b"x"], "d": [pd.Timestamp("2020")],
   "c": pd.Categorical(["x"]), "I": pd.array([1], dtype="Int64"), "F": pd.array([1], dtype="Float32"), "B": pd.array([True], dtype="boolean"),
   "l": [[1, 2]], "m": [{"a": 1}], "n": [np.array([1.0, 2])]}),
 "uint64": D(a=np.array([1], "u8"), b=[1.0]), "timedelta": D(a=[pd.Timedelta(1)]), "time zone": D(a=[pd.Timestamp("2020", tz="UTC")]),
 "nulls": D(a=[1.0, np.nan], s=["x", None], n=[None, None], f=[np.nan, np.nan], d=[pd.Timestamp("2020"), pd.NaT], I=pd.array([1, None], dtype="Int64")),
 "objects with a null": D(a=pd.Series([1, None], dtype=object)), "names that are numbers": pd.DataFrame([[1.0, 2.0]]), "no rows": D(a=[]),
 "no columns": pd.DataFrame(), "mixed objects": D(a=pd.Series([1, "x"], dtype=object)), "decimals": D(a=[decimal.Decimal(1)]),
 "dates": D(a=[datetime.date(2020, 1, 1)]), "keys here and there": D(a=[{"x": 1}, {"y": 2}]), "empty lists": D(a=[[], []]),
 "null within lists": D(a=[[1, None], [2]]), "one name twice": pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]),
 "names in parts": pd.DataFrame([[1.0]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "nested": D(a=[{"x": {"y": 1}}, {"x": None}]),
 "matrices": D(a=[np.zeros((2, 2))]),
}
PARAMS = {"long": 1, "double": 1.5, "string": "x", "bool": True, "list": [1.5], "array": np.array([1, 2]), "int32": np.int32(1), "mapping": {"x": 1},
 "time": datetime.datetime(2020, 1, 1), "date": datetime.date(2020, 1, 1), "datetime64": np.datetime64("2020-01-01"), "texts": ["a"], "null": None,
 "bytes": b"x", "lists": [[1]], "empty": [], "empty mapping": {}}
def asked(function, *args):
    try:
        return function(*args)
    except REFUSAL:
        return "refused"
inferred = {name: asked(lambda: infer_signature(value).to_dict()["inputs"]) for name, value in INPUTS.items()}
params = {name: asked(lambda: infer_signature(params={"p": value}).to_dict()["params"]) for name, value in PARAMS.items()}
DTYPES = {"bool": True, "int8": 1, "int16": 1, "int32": 1, "int64": 1, "uint8": 1, "uint32": 1, "uint64": 1, "float16": 1, "float32": 1, "float64": 1,
 "Int64": 1, "Float64": 1, "boolean": True, "str": "1", "category": "a", "datetime64[ns]": "2020-01-01", "datetime64[s]": "2020-01-01", "string": "a"}
TYPES = "boolean integer long float double string binary datetime".split()
def column(kind, values):
    found = enforce(pd.DataFrame({"a": values}), Schema([ColSpec(kind, "a")]))["a"]
    return str(found.dtype)
enforced = {f"{kind} of {dtype}": asked(column, kind, pd.Series([value]).astype(dtype)) for kind in TYPES for dtype, value in DTYPES.items()}
def whole(data, *specs):
    found = enforce(data, Schema(list(specs)))
    if hasattr(found, "columns"):
        return {str(name): found[name].tolist() for name in found.columns}
    return {name: value.tolist() for name, value in found.items()} if isinstance(found, dict) else found.tolist()
C, T = ColSpec, lambda dtype, shape, name=None: TensorSpec(np.dtype(dtype), shape, name)
OBJECT = Object([Property("x", "long"), Property("y", "long", False)])
SHAPES = {
 "missing": (D(b=[1]), C("long", "a")), "missing optional": (D(b=[1]), C("long", "b"), C("long", "a", required=False)), "extra": (D(b=[1], a=[2]), C("long", "a")),
 "another order": (D(b=[1], a=[2]), C("long", "a"), C("long", "b")), "records": ([{"a": 1}, {"a": 2}], C("long", "a")), "a record without": ([{"a": 1.0}, {"b": 2}], C("double", "a")), "mapping": ({"a": 1, "b": "x"}, C("long", "a"), C("string", "b")),
 "mapping of lists": ({"a": [1, 2]}, C("long", "a")), "one list": ({"a": [1, 2]}, C(Array("long"), "a")), "whole for double": ({"a": 1}, C("double", "a")),
 "inexact": (D(a=[2**53 + 1]), C("double", "a")), "inexact float": (D(a=[2**24 + 1]), C("float", "a")), "no names": (np.array([[1.0]]), C("double", "a")), "text": ("x", C("string")), "texts": (["x", "y"], C("string")),
 "one value": (5, C("long")), "by place": (pd.DataFrame([[1.0, 2.0]]), C("double"), C("double")), "series": (pd.Series([1, 2]), C("long")),
 "array cells": (D(a=[[1, 2]]), C(Array("long"), "a")), "mixed cells": (D(a=[[1, "x"]]), C(Array("long"), "a")), "whole cells for doubles": (D(a=[[1, 2]]), C(Array("double"), "a")),
 "object": (D(a=[{"x": 1, "y": None}]), C(OBJECT, "a")), "object without": (D(a=[{"y": 1}]), C(OBJECT, "a")), "object of text": (D(a=[{"x": "s"}]), C(OBJECT, "a")),
 "object with more": (D(a=[{"x": 1, "z": 1}]), C(OBJECT, "a")), "map": (D(a=[{"k": 1}]), C(Map("long"), "a")), "any": (D(a=[{"k": 1}]), C(AnyType(), "a")),
 "no rows": (D(a=pd.Series([], dtype=object)), C("long", "a")), "Int64 with a null": (D(a=pd.array([1, None], dtype="Int64")), C("long", "a", required=False)),
 "time zone": (D(a=[pd.Timestamp("2020", tz="UTC")]), C("datetime", "a")), "numbers for texts": (D(a=pd.Series([1], dtype=object)), C("string", "a")), "text for bytes": (D(a=pd.Series(["x"], dtype=object)), C("binary", "a")),
 "text for a time": (D(a=["2020-01-01"]), C("datetime", "a")), "python float for float": ({"a": 0.5}, C("float", "a")), "python int for integer": ({"a": 5}, C("integer", "a")), "whole floats": (D(a=[1.0, 2.0]), C("long", "a")), "float null for long": (D(a=[1.0, np.nan]), C("long", "a", required=False)),
 "tensor": (np.zeros((2, 3), "f4"), T("f4", (-1, 3))), "narrower tensor": (np.zeros((2, 3), "f8"), T("f4", (-1, 3))), "wider tensor": (np.zeros(2, "i4"), T("i8", (-1,))), "tensor's shape": (np.zeros((2, 4), "f4"), T("f4", (-1, 3))),
 "tensor of lists": ([[1.0, 2.0, 3.0]], T("f8", (-1, 3))), "tensor of a frame": (pd.DataFrame([[1.0, 2.0]]), T("f8", (-1, 2))), "tensors": ({"a": np.zeros(2), "b": np.ones(2)}, T("f8", (-1,), "a"), T("f8", (-1,), "b")),
 "missing tensor": ({"a": np.zeros(2)}, T("f8", (-1,), "a"), T("f8", (-1,), "b")), "tensors of lists": ({"a": [1.0]}, T("f8", (-1,), "a")), "tensors of a frame": (D(a=[1.0], b=[2.0]), T("f8", (-1,), "a"), T("f8", (-1,), "b")),
 "one named tensor": (np.zeros(2), T("f8", (-1,), "a")), "texts of any length": (np.array(["abc"]), T("str", (-1,))),
}
shaped = {name: str(asked(whole, *given)) for name, given in SHAPES.items()}
PARAM_SCHEMA = ParamSchema([ParamSpec("a", "long", 3), ParamSpec("f", "double", 1.0), ParamSpec("s", "string", "x"), ParamSpec("l", "double", [1.0], (-1,)),
 ParamSpec("b", "boolean", True), ParamSpec("i", "integer", 1), ParamSpec("r", "float", 1.0), ParamSpec("d", "datetime", np.datetime64("2020-01-01"))])
GIVEN = [None, {}, {"a": 5}, {"a": "5"}, {"a": 5.0}, {"a": True}, {"f": 5}, {"f": "5"}, {"s": 5}, {"l": [1, 2]}, {"l": (1.0, 2.0)}, {"l": np.array([1, 2])}, {"l": 1.0},
 {"b": 1}, {"i": 2**40}, {"a": 2**63}, {"r": 1e300}, {"r": np.float64(0.1)}, {"z": 1}, {"d": "2021-01-01"}, {"d": "x"}, {"a": None}, [1], {"a": np.int32(5)}, {"f": 2**53 + 1}]
def take(given):
    found = enforce_params(given, PARAM_SCHEMA)
    return {name: found[name] for name in sorted(found) if not given or name in given}
taken = {repr(given): str(asked(take, given)) for given in GIVEN}
answer = {"inferred": inferred, "params": params, "enforced": enforced, "shaped": shaped, "taken": taken}
"""

MLFLOW = """
import logging, warnings; logging.disable()
REFUSAL = Exception
from mlflow.models import infer_signature
from mlflow.models.utils import _enforce_schema as enforce, _enforce_params_schema as enforce_params
from mlflow.types.schema import *
from mlflow.types.schema import AnyType, Map
"""

RUNSTONE = """
from runstone.errors import InvalidParameter as REFUSAL
from runstone.models import infer_signature
from runstone.types import *
from runstone.types.enforcement import enforce, enforce_params
"""


# What MLflow says, and what runstone.
DIFFERENT: dict[str, dict[str, Any]] = {
    "inferred": {
        "floats and ints": ['[{"type": "any", "required": true}]', '[{"type": "double", "required": true}]'],
        "records with mixed numbers": [
            '[{"type": "any", "required": true}]',
            '[{"type": "double", "name": "a", "required": true}, {"type": "array", "items": {"type": "double"}, "name": "b", "required": true}]',
        ],
        "no dimension": ['[{"type": "any", "required": true}]', '[{"type": "double", "required": true}]'],
        "coo": [
            '[{"type": "any", "required": true}]',
            '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}]',
        ],
        "csr_array": [
            '[{"type": "any", "required": true}]',
            '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}]',
        ],
        "uint64": [
            '[{"type": "any", "required": true}]',
            '[{"type": "any", "name": "a", "required": true}, {"type": "double", "name": "b", "required": true}]',
        ],
        "timedelta": ['[{"type": "any", "required": true}]', '[{"type": "any", "name": "a", "required": true}]'],
        "objects with a null": [
            '[{"type": "double", "name": "a", "required": false}]',
            '[{"type": "long", "name": "a", "required": false}]',
        ],
        "mixed objects": ['[{"type": "any", "required": true}]', '[{"type": "any", "name": "a", "required": true}]'],
        "decimals": ['[{"type": "any", "required": true}]', '[{"type": "any", "name": "a", "required": true}]'],
        "nested": [
            '[{"type": "object", "properties": {"x": {"type": "object", "properties": {"y": {"type": "long", "required": false}}, "required": false}}, "name": "a", "required": true}]',
            '[{"type": "object", "properties": {"x": {"type": "object", "properties": {"y": {"type": "long", "required": true}}, "required": false}}, "name": "a", "required": true}]',
        ],
    },
    "params": {
        "empty": [
            '[{"name": "p", "default": [], "shape": [-1], "type": "datetime"}]',
            '[{"name": "p", "default": [], "shape": [-1], "type": "string"}]',
        ]
    },
    "enforced": {
        "float of int8": ["refused", "float32"],
        "float of int16": ["refused", "float32"],
        "float of int32": ["refused", "float32"],
        "float of uint8": ["refused", "float32"],
        "float of uint32": ["refused", "float32"],
        "float of uint64": ["refused", "float32"],
        "float of Int64": ["refused", "float32"],
        "double of uint64": ["refused", "float64"],
        "double of Int64": ["refused", "float64"],
        "string of category": ["refused", "category"],
        "binary of str": ["str", "refused"],
        "binary of string": ["string", "refused"],
        "datetime of datetime64[s]": ["datetime64[ns]", "datetime64[s]"],
    },
    "shaped": {
        "a record without": ["{'a': [1.0, nan]}", "refused"],
        "whole cells for doubles": ["refused", "{'a': [[1, 2]]}"],
        "object": ["{'a': [{'x': np.int64(1), 'y': None}]}", "{'a': [{'x': 1, 'y': None}]}"],
        "map": ["{'a': [{'k': np.int64(1)}]}", "{'a': [{'k': 1}]}"],
        "no rows": ["refused", "{'a': []}"],
        "Int64 with a null": ["refused", "{'a': [1, <NA>]}"],
        "time zone": ["refused", "{'a': [Timestamp('2020-01-01 00:00:00+0000', tz='UTC')]}"],
        "numbers for texts": ["{'a': [1]}", "refused"],
        "text for bytes": ["{'a': ['x']}", "refused"],
        "python float for float": ["refused", "{'a': [0.5]}"],
        "python int for integer": ["refused", "{'a': [5]}"],
        "float null for long": ["refused", "{'a': [1.0, nan]}"],
        "wider tensor": ["refused", "[0, 0]"],
        "tensor of lists": ["refused", "[[1.0, 2.0, 3.0]]"],
        "tensors of lists": ["refused", "{'a': [1.0]}"],
    },
    "taken": {
        "{'l': (1.0, 2.0)}": ["refused", "{'l': [1.0, 2.0]}"],
        "{'i': 1099511627776}": ["{'i': 1099511627776}", "refused"],
        "{'a': 9223372036854775808}": ["{'a': 9223372036854775808}", "refused"],
        "{'r': 1e+300}": ["{'r': 1e+300}", "refused"],
        "{'r': np.float64(0.1)}": ["refused", "{'r': 0.1}"],
        "{'f': 9007199254740993}": ["{'f': 9007199254740992.0}", "refused"],
    },
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    theirs = real.ask(MLFLOW + DATA, None, tmp_path_factory.mktemp("signatures"))
    space: dict[str, Any] = {}
    with warnings.catch_warnings():
        exec(RUNSTONE + DATA, space)
    return theirs, json.loads(json.dumps(space["answer"]))


@pytest.mark.parametrize("what", list(DIFFERENT))
def test_data_come_to_the_same_but_for_the_differences_that_are_meant(answers: tuple[Any, Any], what: str) -> None:
    theirs, ours = answers[0][what], answers[1][what]
    assert {name: [theirs[name], said] for name, said in ours.items() if said != theirs[name]} == DIFFERENT[what]


SAVE = """
import logging, warnings; logging.disable(); warnings.simplefilter("ignore")
import json, numpy as np, pandas as pd, mlflow
from sklearn.linear_model import LinearRegression
from mlflow.models import ModelSignature, infer_signature
from mlflow.types.schema import *
from mlflow.types.schema import AnyType, Map
model = LinearRegression().fit([[0.0, 1.0], [1.0, 3.0]], [1.0, 2.0])
frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
array = np.array([[1.0, 2.0]], "float32")
odd = Schema([ColSpec(Array(Map(AnyType())), "x"), ColSpec(Object([Property("p", "datetime", False)]), "y", required=False)])
params = {"n": 3, "t": ["x"], "o": {"k": 1.5}}
cases = {
    "frame": ((frame, {"n": 3}), infer_signature(frame, [1.0], params)), "array": (array, infer_signature(array, array)),
    "odd": ({"a": 1}, ModelSignature(odd)), "texts": (["x"], infer_signature(["x"], {"a": [1]})),
}
"""

THEY_SAVE = """
answer = {}
for name, (example, signature) in cases.items():
    mlflow.sklearn.save_model(model, name, signature=signature, input_example=example, pip_requirements=[])
    described = mlflow.models.Model.load(name)
    loaded = described.load_input_example(name)
    answer[name] = [signature.to_dict(), repr(loaded), described.saved_input_example_info]
"""

THEY_READ = """
answer = {}
for name in cases:
    described = mlflow.models.Model.load(given + "/" + name)
    answer[name] = [described.signature.to_dict(), repr(described.load_input_example(given + "/" + name)), described.saved_input_example_info]
"""


def test_signatures_and_examples_are_read_both_ways(tmp_path: Path) -> None:
    theirs = real.ask(SAVE + THEY_SAVE, None, tmp_path)
    ours_folder = tmp_path / "ours"
    for name, (signature, example, info) in theirs.items():
        described = Model.load(tmp_path / name)
        assert described.signature is not None
        assert described.signature.to_dict() == signature
        loaded = described.load_input_example(str(tmp_path / name))
        assert repr(loaded) == example
        assert described.saved_input_example_info == info
        params = described.load_input_example_params(str(tmp_path / name))
        assert params == ({"n": 3} if name == "frame" else None)
        again = Model(signature=ModelSignature.from_dict(signature))
        (ours_folder / name).mkdir(parents=True)
        again.saved_input_example_info = examples.write(
            str(ours_folder / name), loaded if params is None else (loaded, params)
        )
        again.save(ours_folder / name / "MLmodel")
        for file in ("input_example.json", "serving_input_example.json"):
            assert (ours_folder / name / file).read_text() == (tmp_path / name / file).read_text(), (name, file)
    assert real.ask(SAVE + THEY_READ, str(ours_folder), tmp_path) == theirs
