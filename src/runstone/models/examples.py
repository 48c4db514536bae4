"""Input examples: something a model can be asked, kept beside it as MLflow keeps it, and the signature that it tells."""

from __future__ import annotations

import base64
import copy
import dataclasses
import datetime
import json
import math
import os
from collections.abc import Mapping
from typing import Any

from runstone.errors import InvalidParameter, MissingFile
from runstone.flavors.flavor import Predict, check_path
from runstone.models.signature import ModelSignature, infer_signature
from runstone.types import decoding
from runstone.types.cells import dimensions
from runstone.types.enforcement import enforce, enforce_params
from runstone.types.inference import infer_schema
from runstone.types.schema import Schema
from runstone.warning import warn

FILE_NAME = "input_example.json"
SERVING_FILE_NAME = "serving_input_example.json"
# Requests that MLflow's server hands to the model as they are.
_WHOLE_REQUESTS = ("messages", "prompt", "input")


def write(folder: str, input_example: Any) -> dict[str, Any] | None:
    """Write an example into a model's folder; what the MLmodel file says of it comes back, None where there is none.

    Raises:
        InvalidParameter: it is nothing that an example can be of.
    """
    if input_example is None:
        return None
    data, params = split(input_example)
    kind, said = _said(data)
    info: dict[str, Any] = {"artifact_path": FILE_NAME, "type": kind}
    if kind == "dataframe":
        info["pandas_orient"] = "split" if "columns" in said else "values"
    if params is not None:
        info["params"] = "true"
        said = {"inputs": said, "params": _plain(params)}
    serving = convert_input_example_to_serving_input(input_example)
    with open(os.path.join(folder, FILE_NAME), "w", encoding="utf-8") as file:
        json.dump(said, file, allow_nan=False)
    if serving is not None:
        info["serving_input_path"] = SERVING_FILE_NAME
        with open(os.path.join(folder, SERVING_FILE_NAME), "w", encoding="utf-8") as file:
            file.write(serving)
    return info


def load_input_example(folder: str, info: Mapping[str, Any] | None, schema: Schema | None = None) -> Any:
    """The data of the example in a model's folder, in its signature's types where it has one; None where there is no example.

    Raises:
        MissingFile: the file that the description names is not there.
        InvalidParameter: it is no example of the kind that the description says.
    """
    if info is None:
        return None
    said = _read(folder, info)
    if _has_params(info):
        said = said["inputs"]
    kind = info.get("type")
    try:
        data = _data(kind, said, schema)
    except (TypeError, KeyError, ValueError) as error:
        raise InvalidParameter(f"The model's input example is no {kind!r:.50}: {error!s:.200}") from error
    return data


def load_params(folder: str, info: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The params of the example in a model's folder; None where it has none."""
    if info is None or not _has_params(info):
        return None
    found = _read(folder, info)["params"]
    return found if isinstance(found, dict) else None


def signature_of(input_example: Any, predict: Predict) -> ModelSignature | None:
    """The signature that an example and what the model says to it tell; None, with a warning, where the model fails on it.

    The model is asked as it will be when it is loaded: with the example as its signature gives it on.
    """
    data, params = split(input_example)
    given = data
    try:
        found = infer_signature(data, params=params)
        given = copy.deepcopy(data) if found.inputs is None else enforce(copy.deepcopy(data), found.inputs)
        known = None if found.params is None else enforce_params(copy.deepcopy(params), found.params)
        said = predict(given, known)
        found.outputs = None if said is None else infer_schema(said)
        return found
    except Exception as error:  # noqa: BLE001  (whatever a model may raise: it is saved all the same)
        changed = (
            ""
            if type(given) is type(data)
            else f"\nWith a signature, what it is asked comes as a {type(given).__name__}, not as a {type(data).__name__}, unless a type hint of its `predict` says otherwise."
        )
        warn(
            f"The model fails on its input example and is saved without a signature: {type(error).__name__}: {error!s:.300}{changed}"
        )
    return None


def convert_input_example_to_serving_input(input_example: Any) -> str | None:
    """The body of a request to a scoring server that asks for an example; None where there is none.

    Args:
        input_example: the data, or a pair of data and params.

    Raises:
        InvalidParameter: it is nothing that an example can be of.
    """
    if input_example is None:
        return None
    data, params = split(input_example)
    kind, said = _said(data)
    if kind == "dataframe":
        body = {"dataframe_split": said}
    elif kind.startswith("sparse"):
        body = {"inputs": _plain(data.toarray())}
    elif isinstance(said, dict) and any(key in said for key in _WHOLE_REQUESTS):
        return json.dumps({**said, **_plain(params or {})}, indent=2, allow_nan=False)
    else:
        body = {"inputs": said}
    if params is not None:
        body["params"] = _plain(params)
    return json.dumps(body, indent=2, allow_nan=False)


def split(input_example: Any) -> tuple[Any, dict[str, Any] | None]:
    """An example's data, and its params where it is a pair of both."""
    if isinstance(input_example, tuple) and len(input_example) == 2 and isinstance(input_example[1], dict):
        return input_example
    return input_example, None


def _said(data: Any) -> tuple[str, Any]:
    """What kind of example it is, in MLflow's words, and how it stands in JSON."""
    library = type(data).__module__.partition(".")[0]
    if library == "pandas" and hasattr(data, "iloc"):
        return "dataframe", _of_frame(data if hasattr(data, "columns") else data.to_frame())
    if library == "polars" and hasattr(data, "get_columns"):
        return "dataframe", {"columns": data.columns, "data": [_plain(row) for row in data.rows()]}
    if library == "polars" and hasattr(data, "to_frame"):
        return _said(data.to_frame())
    if library == "scipy" and hasattr(data, "tocsr"):
        kind = "csc" if data.format == "csc" else "csr"
        sparse = data.asformat(kind)
        parts = {"data": sparse.data, "indices": sparse.indices, "indptr": sparse.indptr, "shape": list(sparse.shape)}
        return f"sparse_matrix_{kind}", _plain(parts)
    if library == "numpy" and dimensions(data):
        return "ndarray", _plain(data)
    if (
        isinstance(data, dict)
        and data
        and all(type(value).__module__ == "numpy" and value.ndim for value in data.values())
    ):
        return "ndarray", _plain(data)
    if isinstance(data, tuple | set | frozenset) or data is None:
        raise _unfit(data)
    return "json_object", _plain(data)


def _of_frame(frame: Any) -> dict[str, Any]:
    rows = [
        _plain(row) for row in zip(*(frame.iloc[:, place].tolist() for place in range(frame.shape[1])), strict=True)
    ]
    if frame.columns.tolist() == list(range(frame.shape[1])):
        return {"data": rows}
    return {"columns": [_plain(name) for name in frame.columns], "data": rows}


def _plain(value: Any) -> Any:
    """As JSON has it: times as texts, bytes in base64, what is missing or not finite as null."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else None
    if value is None or kind in (str, int, bool):
        return value
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if kind.__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, datetime.date):
        return value.isoformat()
    if kind.__module__ == "numpy":
        return _plain_numpy(value)
    if hasattr(value, "model_dump"):  # pydantic's
        return _plain(value.model_dump())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    raise _unfit(value)


def _plain_numpy(value: Any) -> Any:
    import numpy

    if value.dtype.kind == "M":
        texts: Any = numpy.where(numpy.isnat(value), None, numpy.datetime_as_string(value))
        return _plain(texts.tolist())
    found = value.tolist()
    if type(found).__module__ == "numpy":
        raise _unfit(value)
    return _plain(found)


def _unfit(value: Any) -> InvalidParameter:
    return InvalidParameter(
        f"An input example is a DataFrame, a Series, an array, arrays by name, a sparse matrix, or what JSON has (a mapping, a list, "
        f"a value; times and bytes too), or a pair of one of these and params; got a {type(value).__name__}."
    )


def _has_params(info: Mapping[str, Any]) -> bool:
    return str(info.get("params", "")).lower() == "true"


def _read(folder: str, info: Mapping[str, Any]) -> Any:
    path = check_path(folder, info.get("artifact_path"), "input example")
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError as error:
        raise MissingFile(f"The model's input example is not there: {info.get('artifact_path')!r:.200}.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidParameter(f"The model's input example is no JSON: {error!s:.200}") from error
    if _has_params(info) and not (isinstance(found, dict) and {"inputs", "params"} <= set(found)):
        raise InvalidParameter('The model\'s input example has no "inputs" and "params".')
    return found


def _data(kind: Any, said: Any, schema: Schema | None) -> Any:
    if kind == "dataframe":
        return _frame(said, schema)
    if kind == "ndarray":
        return _arrays(said, schema)
    if kind in ("sparse_matrix_csr", "sparse_matrix_csc"):
        import scipy.sparse

        make = scipy.sparse.csr_matrix if kind == "sparse_matrix_csr" else scipy.sparse.csc_matrix
        matrix = make((said["data"], said["indices"], said["indptr"]), shape=tuple(said["shape"]))
        return matrix if schema is None or not schema.is_tensor_spec() else matrix.astype(schema.inputs[0].type)
    return said


def _frame(said: Any, schema: Schema | None) -> Any:
    said = {"data": said} if isinstance(said, list) else said
    if not isinstance(said, dict) or not isinstance(said["data"], list):
        raise ValueError("it has no rows")
    schema = None if schema is None or schema.is_tensor_spec() else schema
    return decoding.table(said.get("columns"), said["data"], schema, said.get("index"))


def _arrays(said: Any, schema: Schema | None) -> Any:
    import numpy

    dtypes = schema.input_types_dict() if schema and schema.is_tensor_spec() and schema.has_input_names() else {}
    if isinstance(said, dict):
        return {name: numpy.array(value, dtypes.get(name)) for name, value in said.items()}
    only = schema.inputs[0].type if schema and schema.is_tensor_spec() else None
    return numpy.array(said, only)
