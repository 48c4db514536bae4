"""Datasets made by the real MLflow and by runstone from the same data say the same; docs/differences.md has the exceptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pytest
from tests.mlflow_compat.real import ask

import runstone
from runstone import data

pytestmark = pytest.mark.compat

# Both sides run this text; `mlflow` is the one or the other.
MAKE = """
import datetime, decimal
import numpy, pandas, polars

series = {
    **{name: numpy.array([1, 2], name) for name in "i1 i2 i4 i8 u1 u2 u4 f2 f4 f8 ?".split()},
    "text": ["a", "b"], "text and null": ["a", None], "nan": [1.0, float("nan")], "all null": pandas.Series([None, None], dtype=object),
    "all nan": pandas.Series([float("nan")] * 2, dtype=object), "bytes": [b"a", b"b"],
    "time": pandas.to_datetime(["2020", None]), "zone": pandas.to_datetime(["2020", "2021"]).tz_localize("UTC"),
    "date": [datetime.date(2020, 1, 1)] * 2, "timestamp": pandas.Series([pandas.Timestamp("2020")] * 2, dtype=object),
    "category": pandas.Categorical(["a", None]), "category of numbers": pandas.Categorical([1, 2]),
    "Int64": pandas.array([1, None], "Int64"), "Int8": pandas.array([1, 2], "Int8"), "boolean": pandas.array([True, None], "boolean"),
    "Float64": pandas.array([1.0, None], "Float64"), "string": pandas.array(["a", None], "string"),
    "arrow": pandas.array([1, None], "int64[pyarrow]"), "lists": [[1], [2, 3]], "lists and null": [[1], None],
    "null in lists": [[1, None], [2]], "empty lists": [[], []], "arrays": pandas.Series([numpy.zeros(2), numpy.zeros(1)], dtype=object),
    "matrices": pandas.Series([numpy.zeros((2, 2)), numpy.zeros((1, 1))], dtype=object),
    "dicts": [{"a": 1}, {"a": 2}], "dicts apart": [{"a": 1}, {"b": "x"}], "null in dicts": [{"a": None}, {"a": 1}],
    "nested": [[{"a": [1]}], [{"a": [2]}]], "integers and floats": pandas.Series([1, 2.5], dtype=object),
    "numpy scalars": pandas.Series([numpy.int32(3), numpy.int32(4)], dtype=object), "huge": pandas.Series([2**70, 1], dtype=object),
}
frames = {name: pandas.DataFrame({name: value}) for name, value in series.items()}
frames["no rows"] = pandas.DataFrame({"a": pandas.Series([], dtype="int64"), "b": pandas.Series([], dtype=object)})
frames["no columns"] = pandas.DataFrame()
frames["numbered"] = pandas.DataFrame(numpy.zeros((2, 2)))
frames["levels"] = pandas.DataFrame(numpy.zeros((2, 2)), columns=pandas.MultiIndex.from_tuples([("a", 1), ("a", 2)]))
tables = {
    **{name: polars.Series([1, 2], dtype=getattr(polars, name)) for name in "Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 Float32 Float64".split()},
    "Boolean": polars.Series([True]), "String": polars.Series(["a"]), "Binary": polars.Series([b"a"]),
    "Date": polars.Series([datetime.date(2020, 1, 1)]), "Datetime": polars.Series([datetime.datetime(2020, 1, 1)]),
    "Categorical": polars.Series(["a"], dtype=polars.Categorical), "Enum": polars.Series(["a"], dtype=polars.Enum(["a"])),
    "List": polars.Series([[1, 2]]), "Array": polars.Series([[1, 2]], dtype=polars.Array(polars.Int64, 2)),
    "Struct": polars.Series([{"b": 1, "a": "x"}]), "nested": polars.Series([[{"a": [1]}]]),
}
arrays = {name: numpy.zeros((2, 3)).astype(name) for name in "? i1 u2 i4 f2 f4 f8 c16 U3 S3 M8[ns] m8[s] >f4 O".split()}
arrays.update({
    "no dimension": numpy.array(3.0), "no rows": numpy.zeros((0, 4)), "fields": numpy.zeros(2, [("a", "i4")]),
    "dict": {"b": numpy.zeros((2, 3)), "a": numpy.zeros(2)},
})

def facts(dataset):
    entity = dataset._to_mlflow_entity()
    said = {name: getattr(entity, name) for name in "name source_type source schema profile".split()}
    assert {**dataset.to_dict(), "digest": ""} == {**said, "digest": ""} == {**json.loads(dataset.to_json()), "digest": ""}
    # the one may have another order of keys in its JSON than the other
    return {name: json.loads(value) if value and name in ("source", "schema", "profile") else value for name, value in said.items()}

def everything(mlflow):
    answer = {}
    for name, frame in frames.items():
        answer["pandas " + name] = facts(mlflow.data.from_pandas(frame))
    for name, column in tables.items():
        answer["polars " + name] = facts(mlflow.data.from_polars(polars.DataFrame({name: column})))
    for name, array in arrays.items():
        answer["numpy " + name] = facts(mlflow.data.from_numpy(array))
        answer["numpy with targets " + name] = facts(mlflow.data.from_numpy(array, targets=numpy.arange(2)))
    for source in ("x.csv", "/data/x.csv", "file:///x.csv", "http://h/x.csv", "https://h/x?v=1", "s3://b/x", "gs://b/x", "hdfs://h/x",
                   "abfss://c@a/x", "wasbs://c@a/x"):
        dataset = mlflow.data.from_pandas(frames["i8"], source=source, name="n")
        answer["source " + source] = facts(dataset)
        again = mlflow.data.get_source(dataset._to_mlflow_entity())
        answer["source again " + source] = [again._get_source_type(), again.to_dict()]
    return answer
"""
USE = """
def used(mlflow, client):
    frame = pandas.DataFrame({"a": [1.0, 2.0], "y": [0, 1]})
    dataset = mlflow.data.from_pandas(frame, source="https://h/x.csv", targets="y", name="train", digest="1")
    other = mlflow.data.from_numpy(numpy.zeros(3), source="x.npy", digest="2")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training", tags={"k": "v"})
        mlflow.log_input(dataset, context="training")
        mlflow.log_inputs([other, dataset], ["test", "training"], [None, None])
    inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    found = {}
    for text in ("dataset.name = 'train'", "datasets.digest = '2'", "dataset.context = 'test'", "dataset.name LIKE 'x%'"):
        found[text] = len(mlflow.search_runs(filter_string=text, output_format="list"))
    refused = {}
    for what, call in {
        "name": lambda: mlflow.log_input(mlflow.data.from_pandas(frame, name="n" * 501)),
        "digest": lambda: mlflow.log_input(mlflow.data.from_pandas(frame, digest="d" * 37)),
        "context": lambda: mlflow.log_input(dataset, context="c" * 501),
        "targets": lambda: mlflow.data.from_pandas(frame, targets="z"),
        "predictions": lambda: mlflow.data.from_pandas(frame, predictions="z"),
        "get_source": lambda: mlflow.data.get_source("x"),
    }.items():
        try:
            call()
        except mlflow.MlflowException as error:
            refused[what] = error.error_code
    return [sorted((item.to_dictionary() for item in inputs), key=str), found, refused]
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    real = ask("import mlflow\n" + MAKE + "answer = everything(mlflow)", None, tmp_path_factory.mktemp("real"))
    space: dict[str, Any] = {"json": json}
    exec(MAKE, space)
    return json.loads(json.dumps(space["everything"](runstone))), real


def test_datasets_are_described_alike(both: tuple[Any, Any]) -> None:
    ours, real = both
    for answer in both:
        for facts in answer.values():
            if isinstance(facts, dict) and facts["source_type"] == "code":
                # which script runs differs; what is said of it does not
                tags = facts.pop("source")["tags"]
                assert {"mlflow.user", "mlflow.source.name", "mlflow.source.type"} <= set(tags)
    differing = {name: (ours[name], real[name]) for name in real if ours[name] != real[name]}
    assert differing == {}
    assert ours.keys() == real.keys()


def test_uses_are_read_back_found_and_refused_alike(tmp_path: Path) -> None:
    real = ask("import mlflow, numpy, pandas\n" + USE + "answer = used(mlflow, mlflow.MlflowClient())", None, tmp_path)
    space: dict[str, Any] = {"numpy": numpy, "pandas": pandas}
    exec(USE, space)
    assert json.loads(json.dumps(space["used"](runstone, runstone.Client()))) == real


def test_mlflow_reads_our_schemas(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"a": [1, 2], "big": numpy.array([1, 2], "<u8"), "mixed": [1, "x"], "l": [[1, "x"], None]})
    schemas = [
        dataset.schema.to_dict()
        for dataset in (data.from_pandas(frame), data.from_polars(polars.DataFrame({"a": [None], "t": [b"x"]})))
        if dataset.schema is not None
    ]
    source = "from mlflow.types import Schema\nanswer = [Schema.from_json(json.dumps(one)).to_dict() for one in given]"
    assert ask(source, schemas, tmp_path) == schemas
