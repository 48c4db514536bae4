"""The scoring protocol: the same requests to the real MLflow's scoring server and to ours, answers field by field."""

from __future__ import annotations

import base64
import fnmatch
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.linear_model import LinearRegression
from tests.mlflow_compat.real import ENVIRONMENT, PYTHON, require_mlflow
from tests.support.scoring import Serving

import runstone
from runstone.models import ModelSignature, infer_signature
from runstone.types import Array, ColSpec, Object, ParamSchema, ParamSpec, Property, Schema, TensorSpec

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore")]
HERE = Path(__file__).parent / "scoring"
JSON = "application/json"

ROW: dict[str, Any] = {
    "i": 1, "n": 2, "d": 1.5, "f": 0.5, "s": "x", "b": True, "t": "2020-01-02T03:04:05", "y": "YWJj", "o": 2.5,
}  # fmt: skip
MIXED = Schema(
    [
        ColSpec("long", "i"), ColSpec("integer", "n"), ColSpec("double", "d"), ColSpec("float", "f"), ColSpec("string", "s"),
        ColSpec("boolean", "b"), ColSpec("datetime", "t"), ColSpec("binary", "y"), ColSpec("double", "o", required=False),
    ]
)  # fmt: skip
PARAMS = ParamSchema(
    [ParamSpec("kind", "string", ""), ParamSpec("n", "long", 3), ParamSpec("list", "double", [0.5], (-1,))]
)
SIGNATURES: dict[str, ModelSignature | None] = {
    "mixed": ModelSignature(MIXED),
    "params": ModelSignature(Schema([ColSpec("long")]), params=PARAMS),
    "one": ModelSignature(Schema([ColSpec("string", "text")])),
    "unnamed": ModelSignature(Schema([ColSpec("double"), ColSpec("double")])),
    "nested": ModelSignature(
        Schema(
            [
                ColSpec(Array("long"), "a"),
                ColSpec(Object([Property("k", "string"), Property("v", "double", False)]), "o"),
            ]
        )
    ),
    "tensor": ModelSignature(Schema([TensorSpec(numpy.dtype("float32"), (-1, 2))])),
    "whole": ModelSignature(Schema([TensorSpec(numpy.dtype("int64"), (-1,))])),
    "tensors": ModelSignature(
        Schema([TensorSpec(numpy.dtype("float64"), (-1, 2), "a"), TensorSpec(numpy.dtype("int64"), (-1,), "b")])
    ),
    "bare": None,
}
VALUES: list[Any] = [
    0, 1, -1, 1.0, 1.5, 2**31, 2**53 + 1, 2**70, 1e39, "x", "1", "", None, True, [1], {"a": 1}, "2020-01-02", "2020-01-02 03:04:05",
    "2020-01-02T03:04:05Z", "YQ==", "%",
]  # fmt: skip

Request = tuple[str, str, str, str, str | None, bytes]


def _requests() -> list[Request]:
    found: list[Request] = []

    def ask(model: str, name: str, body: Any, kind: str | None = JSON) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        found.append((f"{model}/{name}", model, "POST", "/invocations", kind, data))

    def split(row: dict[str, Any]) -> Any:
        return {"dataframe_split": {"columns": list(row), "data": [list(row.values())]}}

    for column in ROW:
        for value in VALUES:
            ask("mixed", f"split/{column}={json.dumps(value)}", split({**ROW, column: value}))
    for column in ROW:
        rest = {name: value for name, value in ROW.items() if name != column}
        ask("mixed", f"split/without {column}", split(rest))
        ask("mixed", f"records/without {column}", {"dataframe_records": [ROW, rest]})
        ask("mixed", f"records/{column}=null", {"dataframe_records": [ROW, {**ROW, column: None}]})
    for format in ("dataframe_records", "instances", "inputs"):
        ask("mixed", f"{format}", {format: [ROW, ROW]})
        ask("mixed", f"{format}/none", {format: []})
        ask("mixed", f"{format}/one", {format: ROW})
    for format in ("instances", "inputs"):
        ask("mixed", f"{format}/lists", {format: {name: [value] for name, value in ROW.items()}})
    ask("mixed", "split/more", split({"z": 0, **ROW}))
    ask("mixed", "split/order", split(dict(reversed(ROW.items()))))
    ask("mixed", "split/index", {"dataframe_split": {"columns": list(ROW), "data": [list(ROW.values())], "index": [7]}})
    csv = ",".join(ROW) + "\n" + ",".join(map(str, ROW.values())) + "\n"
    ask("mixed", "csv", csv.encode(), "text/csv")
    plain = pandas.DataFrame({"text": ["a", "1", "NA"]})
    ask("one", "csv", b"text\na\n1\nNA\n", "text/csv")
    ask("one", "csv/utf-8", "text\nä\n".encode(), "text/csv; charset=utf-8")
    ask("one", "csv/latin", "text\nä\n".encode("latin-1"), "text/csv")
    ask("one", "csv/empty", b"", "text/csv")
    ask("one", "csv/other", b"a\n1\n", "text/csv")
    for name, rows in {
        "whole": "1,2",
        "short": "1",
        "short one": "1,2\n3",
        "long": "1,2,3",
        "long one": "1,2\n3,4,5",
    }.items():
        ask("bare", f"csv/{name}", f"a,b\n{rows}\n\n".encode(), "text/csv")
    ask("one", "parquet", plain.to_parquet(), "application/vnd.apache.parquet")
    ask("one", "parquet/none", b"PAR1 is not enough", "application/vnd.apache.parquet")
    for name, body in {
        "list": ["a", "b"], "records": [{"text": "a"}], "lists": {"text": ["a"]}, "value": {"text": "a"}, "scalar": "a", "number": [1],
        "rows": [["a"], ["b"]],
    }.items():  # fmt: skip
        for format in ("instances", "inputs"):
            ask("one", f"{format}/{name}", {format: body})
    for format in ("instances", "inputs"):
        ask("unnamed", f"{format}/rows", {format: [[1, 2.5], [3, 4]]})
        ask("unnamed", f"{format}/row", {format: [1, 2.5]})
        ask(
            "nested",
            f"{format}/records",
            {format: [{"a": [1, 2], "o": {"k": "x"}}, {"a": [], "o": {"k": "y", "v": 1.5}}]},
        )
        ask("tensor", f"{format}/rows", {format: [[1, 2], [3.5, 4]]})
        ask("tensor", f"{format}/null", {format: [[1, None]]})
        ask("tensor", f"{format}/ragged", {format: [[1, 2], [3]]})
        ask("tensor", f"{format}/shape", {format: [[1, 2, 3]]})
        ask("tensor", f"{format}/texts", {format: [["1", "2"]]})
        ask("tensor", f"{format}/deep", {format: [[[1, 2]]]})
        ask("whole", f"{format}/numbers", {format: [1, 2, 3]})
        ask("whole", f"{format}/floats", {format: [1.5]})
        ask("whole", f"{format}/whole floats", {format: [1.0, 2.0]})
        ask("tensors", f"{format}/lists", {format: {"a": [[1, 2]], "b": [3]}})
        ask("tensors", f"{format}/missing", {format: {"a": [[1, 2]]}})
        for name, body in {
            "rows": [[1, 2], [3, 4]], "records": [{"a": 1}, {"a": 2}], "lists": {"a": [1, 2], "b": ["x", "y"]}, "texts": ["a", "b"],
            "scalar": 5, "text": "x", "null": None, "uneven": {"a": [1], "b": [1, 2]},
        }.items():  # fmt: skip
            ask("bare", f"{format}/{name}", {format: body})
    ask("unnamed", "split", {"dataframe_split": {"data": [[1, 2.5]]}})
    ask("unnamed", "split/names", {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2.5]]}})
    ask("tensors", "instances/records", {"instances": [{"a": [1, 2], "b": 3}, {"a": [4, 5], "b": 6}]})
    ask("tensor", "split", {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}})
    ask("nested", "split", {"dataframe_split": {"columns": ["a", "o"], "data": [[[1], {"k": "x"}]]}})
    ask("nested", "unknown key", {"dataframe_records": [{"a": [1], "o": {"k": "x", "z": 1}}]})
    ask("nested", "wrong item", {"dataframe_records": [{"a": ["x"], "o": {"k": "x"}}]})
    for name, body in {
        "split": {"dataframe_split": {"columns": ["a", "b"], "data": [[1, "x"], [2.5, None]]}},
        "records": {"dataframe_records": [{"a": 1}, {"b": 2}]},
        "messages": {"messages": [{"role": "user", "content": "hi"}], "temperature": 0.5},
        "prompt": {"prompt": "hi"},
        "input": {"input": ["hi"]},
        "params": {"inputs": [1], "params": {"a": 1}},
    }.items():
        ask("bare", name, body)
    for name, params in {
        "none": None, "n": {"n": 5}, "float": {"n": 5.5}, "text": {"n": "5"}, "unknown": {"zz": 1}, "list": {"list": [1.5, 2.5]},
        "whole list": {"list": [1, 2]}, "no list": {"list": 1.5}, "a list": [1], "a text": "x",
    }.items():  # fmt: skip
        ask("params", f"params/{name}", {"inputs": [1], "params": params})
    for kind in (
        "frame", "series", "named", "array", "floats", "float32", "texts", "objects", "truths", "dict", "keys", "list", "scalar", "numpy", "text",
        "nothing", "time", "zone", "date", "stamps", "bytes", "long bytes", "object", "fail",
    ):  # fmt: skip
        ask("params", f"said/{kind}", {"inputs": [1], "params": {"kind": kind}})
    for name, raw in {
        "nothing": b"", "a list": b"[1]", "a number": b"5", "null": b"null", "a text": b'"x"', "no key": b"{}", "two keys": b'{"inputs": [1], "instances": [1]}',
        "unknown": b'{"data": [1]}', "broken": b'{"inputs": [1', "no utf-8": b'{"inputs": ["\xff"]}', "more": b'{"inputs": [1], "x": 1}',
        "signature_name": b'{"signature_name": "x", "inputs": [1]}', "NaN": b'{"inputs": [NaN, Infinity]}', "twice": b'{"inputs": [1], "inputs": [2]}',
        "split of list": b'{"dataframe_split": [1]}', "split without data": b'{"dataframe_split": {"columns": ["a"]}}',
        "split with more": b'{"dataframe_split": {"data": [[1]], "x": 1}}', "records of object": b'{"dataframe_records": {"a": 1}}',
        "records of numbers": b'{"dataframe_records": [1, 2]}', "short row": b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1]]}}',
        "long row": b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', "uneven rows": b'{"dataframe_split": {"data": [[1], [1, 2]]}}',
        "no rows": b'{"dataframe_split": {"columns": ["a"], "data": []}}', "names twice": b'{"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}',
    }.items():  # fmt: skip
        ask("bare", f"body/{name}", raw)
    for name, kind in {
        "utf-8": "application/json; charset=utf-8", "upper": "Application/JSON", "latin": "application/json; charset=latin-1",
        "parameter": "application/json; x=1", "xml": "application/xml", "none": None, "empty": "", "form": "application/x-www-form-urlencoded",
    }.items():  # fmt: skip
        ask("bare", f"type/{name}", {"inputs": [1]}, kind)
    for method, path in (
        ("GET", "/ping"), ("GET", "/health"), ("GET", "/version"), ("GET", "/invocations"), ("POST", "/ping"), ("GET", "/none"),
        ("POST", "/invocations/"), ("PUT", "/invocations"),
    ):  # fmt: skip
        found.append((f"route/{method} {path}", "bare", method, path, None, b""))
    return found


REQUESTS = _requests()


def save(folder: Path) -> dict[str, str]:
    """The models, by name."""
    places = {}
    for name, signature in SIGNATURES.items():
        places[name] = str(folder / name)
        runstone.pyfunc.save_model(
            places[name], python_model=str(HERE / "seen.py"), signature=signature or False, pip_requirements=[]
        )
    data = pandas.DataFrame({"a": [0.0, 1.0], "b": [1.0, 0.0]})
    line = LinearRegression().fit(data, [1.0, 2.0])
    places["line"] = str(folder / "line")
    runstone.sklearn.save_model(line, places["line"], signature=infer_signature(data, line.predict(data)))
    return places


def by_mlflow(models: dict[str, str], requests: list[Request], folder: Path) -> list[Any]:
    require_mlflow()
    asked = [
        [method, f"/{model}{path}", kind, base64.b64encode(body).decode()]
        for _, model, method, path, kind, body in requests
    ]
    done = subprocess.run(
        [PYTHON, HERE / "real.py"], input=json.dumps({"models": models, "requests": asked}), capture_output=True, text=True, cwd=folder,
        env=ENVIRONMENT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    found: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def by_us(models: dict[str, str], requests: list[Request]) -> list[Any]:
    with runstone.safety.trusting():
        serving = {name: Serving(place) for name, place in models.items()}
    found = []
    for _, model, method, path, kind, body in requests:
        status, said = serving[model].send(method, path, body, kind)
        found.append([status, None, said.decode()])
    for one in serving.values():
        one.stop()
    return found


def outcome(answer: list[Any]) -> Any:
    """What is compared: status and predictions, or the status of a refusal. Codes and sentences of refusals are our own."""
    status, _, text = answer
    try:
        return status, json.loads(text) if status == 200 else None
    except ValueError:
        return status, text.strip()


# Requests that are answered otherwise, and with which statuses; docs/differences.md ("Serving") says why.
DIFFERENCES: dict[str, tuple[int, int]] = {
    # no value is changed to fit: cut, wrapped around, read from a text, made of a truth value
    **{f"mixed/split/{column}={value}": (200, 400) for column in "in" for value in ("1.5", "1e+39", '"1"', "true")},
    **{f"mixed/split/n={value}": (200, 400) for value in (2**31, 2**53 + 1)},
    **{f"mixed/split/{column}={value}": (200, 400) for column in "dfo" for value in (2**53 + 1, 2**70, '"1"', "true")},
    "mixed/split/f=1e+39": (200, 400),
    **{f"mixed/split/s={json.dumps(value)}": (200, 400) for value in VALUES if value is not None and not isinstance(value, str)},
    **{f"mixed/split/b={json.dumps(value)}": (200, 400) for value in VALUES if value is not True},
    "mixed/records/b=null": (200, 400),
    **{f"mixed/split/t={json.dumps(value)}": (200, 400) for value in (0, 1, -1, 1.0, 1.5, 2**31, 2**53 + 1, 1e39)},
    **{f'mixed/split/y="{value}"': (200, 400) for value in ("2020-01-02", "2020-01-02T03:04:05Z", "%")},
    **{f"mixed/records/without {column}": (200, 400) for column in "dfsbt"},
    **{f"one/{format}/{name}": (200, 400) for format in ("inputs", "instances") for name in ("number", "rows")},
    **{f"{model}/{format}/{name}": (200, 400) for format in ("inputs", "instances") for model, name in (("tensor", "texts"), ("whole", "floats"))},
    "bare/body/records of numbers": (200, 400),
    "bare/body/uneven rows": (200, 400),
    # taken where the meaning is plain
    'mixed/split/t="2020-01-02T03:04:05Z"': (400, 200),
    "mixed/*/y=null": (400, 200),
    "mixed/csv": (400, 200),
    "one/*/scalar": (400, 200),
    "unnamed/*/row": (400, 200),
    "nested/instances/records": (400, 200),
    "bare/type/upper": (415, 200),
    # bytes are base64 in every shape
    **{f"mixed/{format}{shape}": (200, 200) for format in ("inputs", "instances") for shape in ("", "/one", "/lists")},
    # values and lists in records and objects are Python's own, not arrays
    "nested/inputs/records": (200, 200),
    "bare/inputs/records": (200, 200),
    **{f"bare/*/{name}": (200, 200) for name in ("scalar", "text", "null")},
    "bare/params": (200, 200),
    # answers are JSON: no NaN, no line ends in base64, UTC as Z
    **{f"params/said/{kind}": (200, 200) for kind in ("frame", "floats", "zone", "bytes", "long bytes")},
    "bare/body/NaN": (200, 200),
    # a row of CSV has a value for each name: none is filled up, no value becomes an index
    **{f"bare/csv/{name}": (200, 400) for name in ("short", "short one", "long")},
    "bare/type/none": (500, 415),
    "route/GET /health": (200, 200),
    "route/POST /invocations/": (307, 404),
}  # fmt: skip


def test_requests_are_answered_as_mlflow_answers_them_but_for_what_is_listed(tmp_path: Path) -> None:
    models = save(tmp_path)
    used, wrong = set(), []
    for (name, *_), real, ours in zip(
        REQUESTS, by_mlflow(models, REQUESTS, tmp_path), by_us(models, REQUESTS), strict=True
    ):
        one, other = outcome(real), outcome(ours)
        assert ours[0] != 500 or name == "params/said/object", ours
        assert "Traceback" not in ours[2]
        assert "secret" not in ours[2]
        listed = [
            pattern
            for pattern in DIFFERENCES
            if pattern == name or ("*" in pattern and fnmatch.fnmatchcase(name, pattern))
        ]
        if one == other:
            continue
        if len(listed) != 1 or DIFFERENCES[listed[0]] != (one[0], other[0]):
            wrong.append((name, one, other))
        used.update(listed)
    assert not wrong
    assert not set(DIFFERENCES) - used, "listed, and gone"
