"""A model that tells what it was asked, or (by its param `kind`) says one thing of each kind. Runs with the real MLflow and with runstone."""

import datetime

import numpy
import pandas

try:
    from mlflow.models import set_model
    from mlflow.pyfunc import PythonModel
except ImportError:
    from runstone.models import set_model
    from runstone.pyfunc import PythonModel

SAID = {
    "frame": pandas.DataFrame({"x": [1, 2], "y": ["a", None], "z": [0.5, None]}),
    "series": pandas.Series([1.5, 2.5]),
    "named": pandas.Series([1, 2], name="n"),
    "array": numpy.array([[1, 2], [3, 4]]),
    "floats": numpy.array([1.5, numpy.nan]),
    "float32": numpy.array([0.1, 2.5], dtype="float32"),
    "texts": numpy.array(["a", "b"]),
    "objects": numpy.array(["a", 1, None], dtype=object),
    "truths": numpy.array([True, False]),
    "dict": {"a": numpy.array([1, 2]), "b": numpy.float64(0.5)},
    "keys": {1: "a", 2.5: "b"},
    "list": [1, "a", None, 2.5],
    "scalar": 5,
    "numpy": numpy.int64(5),
    "text": "x",
    "nothing": None,
    "time": datetime.datetime(2020, 1, 2, 3, 4, 5),
    "zone": datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC),
    "date": datetime.date(2020, 1, 2),
    "stamps": pandas.DataFrame({"t": pandas.to_datetime(["2020-01-02T03:04:05.000006"])}),
    "bytes": b"abc",
    "long bytes": b"abc" * 40,
    "object": object(),
}


def show(value):
    if isinstance(value, pandas.DataFrame):
        return {
            "columns": [str(name) for name in value.columns],
            "rows": [[show(v) for v in row] for row in value.astype(object).to_numpy().tolist()],
        }
    if isinstance(value, numpy.ndarray):
        return {"array": show(value.tolist()), "dtype": value.dtype.kind}
    if isinstance(value, dict):
        return {key: show(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [show(item) for item in value]
    if value is None or value is pandas.NaT or value is pandas.NA or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return "bytes " + value.hex()
    return value.item() if hasattr(value, "item") else value


class Seen(PythonModel):
    def predict(self, context, model_input, params=None):
        kind = (params or {}).get("kind")
        if kind == "fail":
            raise ValueError("a secret of the model's")
        if kind:
            return SAID[kind]
        return {"seen": show(model_input), "params": params}


set_model(Seen())
