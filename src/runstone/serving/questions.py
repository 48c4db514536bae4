"""A request's body becomes what a model is asked, in MLflow's scoring protocol. Knows nothing of HTTP but the content type."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Hashable
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from runstone.errors import BadRequest, InvalidParameter
from runstone.server.codec import deeper_than
from runstone.serving import tables
from runstone.serving.widths import require_columns
from runstone.types import decoding
from runstone.types.kinds import DataType

if TYPE_CHECKING:
    import numpy
    import pandas

    from runstone.models.mlmodel import Model
    from runstone.models.pyfunc import PyFuncModel

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
# Requests that are handed to the model as they are, and answered as it answers.
_BARE = ("messages", "prompt", "input")
_ONE_OF = f'The body is a JSON object with one of {", ".join(map(repr, FORMATS))}, and "params" where there are some'


class WrongMediaType(BadRequest):
    """A body of a kind that is not taken: HTTP's 415."""

    def get_http_status_code(self) -> int:
        """415."""
        return 415


class Numbers(NamedTuple):
    """Rows of doubles that become a frame when the model is asked: of many questions one.

    Attributes:
        rows: an array of two dimensions.
        columns: the frame's; None: places.
    """

    rows: numpy.ndarray[Any, Any]
    columns: Any

    def frame(self) -> pandas.DataFrame:
        """The frame."""
        import pandas

        return pandas.DataFrame(self.rows, columns=self.columns, copy=False)


class Question(NamedTuple):
    """What a model is asked.

    Attributes:
        data: in the signature's types; or Numbers, which are.
        params: all of them.
        bare: it is answered without `{"predictions": ...}`.
        key: questions of one key may be asked as one; None: by itself.
        rows: how many the data has.
    """

    data: Any
    params: dict[str, Any] | None
    bare: bool = False
    key: Hashable = None
    rows: int = 1

    def whole(self) -> Any:
        """The data as the model takes it."""
        return self.data.frame() if isinstance(self.data, Numbers) else self.data


class Questions:
    """Reads what one model is asked.

    Args:
        model: the model.
        depth: how deep JSON may be nested.
    """

    def __init__(self, model: PyFuncModel, depth: int) -> None:
        described: Model = model.metadata
        self._check, self._depth = model.check, depth
        self._schema, self._params = described.get_input_schema(), described.get_params_schema()
        self._hinted = bool(described.others.get("is_signature_from_type_hint"))
        self._names: list[Any] | None = None
        self._width = 0
        self._columns: Any = None
        schema = self._schema
        if schema is not None and not schema.is_tensor_spec() and all(spec.type is DataType.double for spec in schema):
            self._width = len(schema)
            if schema.has_input_names():
                self._names = schema.input_names()
                self._columns = _index(self._names)

    def read(self, content_type: str, body: bytes) -> Question:
        """What a body asks.

        Raises:
            WrongMediaType: it is of a kind that is not taken.
            BadRequest: it is not what its kind says.
            InvalidParameter: it is not what the signature says; the sentence names the column.
        """
        kind = media_type(content_type)
        if kind == JSON:
            return self._of_json(body)
        frame = tables.csv(_text(body), self._schema) if kind == CSV else tables.parquet(io.BytesIO(body))
        return self._question(frame, None)

    def _of_json(self, body: bytes) -> Question:
        said = parse(body)
        if isinstance(said, dict) and self._width and not any(key in said for key in _BARE):
            quick = self._quick(said)
            if quick is not None:
                return quick
        if deeper_than(self._depth, body):
            raise BadRequest(f"The JSON is nested more than {self._depth} deep.")
        if not isinstance(said, dict):
            raise BadRequest(f"{_ONE_OF}; got {_kind(said)}.")
        if any(key in said for key in _BARE):
            known = {} if self._params is None else self._params.named
            params = {key: value for key, value in said.items() if key in known}
            data, checked = self._check({key: value for key, value in said.items() if key not in known}, params)
            return Question(data, checked, bare=True)
        formats = [name for name in FORMATS if name in said]
        if len(formats) != 1:
            has = f"with {', '.join(map(repr, list(said)[:10]))}" if said else "without any"
            raise BadRequest(f"{_ONE_OF}; got one {has:.400}.")
        return self._of_format(formats[0], said[formats[0]], said.get("params"))

    def _of_format(self, format: str, said: Any, params: Any) -> Question:
        self._require_width(format, said)
        if self._hinted:
            if format != "inputs":
                raise InvalidParameter(f"This model takes its data under 'inputs', not {format!r}.")
            return self._question(said, params)
        if format == "dataframe_split":
            return self._question(self._split(said), params)
        if format == "dataframe_records":
            if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
                raise BadRequest(f"'dataframe_records' is a list of objects; got {_kind(said)}.")
            return self._question(decoding.records(said, self._spoken()), params)
        if self._schema is not None:
            return self._question(decoding.decode(said, self._schema), params)
        return self._question(_arrays(said, by_columns=format == "instances"), params)

    def _require_width(self, format: str, said: Any) -> None:
        count, rows = 0, 0
        if format == "dataframe_split" and isinstance(said, dict):
            names, data = said.get("columns"), said.get("data")
            lists = [names, *data] if isinstance(data, list) else [names]
            count = max((len(one) for one in lists if isinstance(one, list)), default=0)
        elif isinstance(said, list):
            # each of them may have columns that no other one has
            count, rows = len(set(chain.from_iterable(one for one in said if isinstance(one, dict)))), len(said)
        elif isinstance(said, dict):
            count = len(said)
        require_columns(count, self._spoken(), rows)

    def _quick(self, said: dict[str, Any]) -> Question | None:
        """Rows of numbers for columns of doubles: the way that costs little. None for all else."""
        formats = [name for name in FORMATS if name in said]
        numbers = self._numbers(formats[0], said[formats[0]]) if len(formats) == 1 and not self._hinted else None
        if numbers is None:
            return None
        known = self._enforced(said.get("params"))
        return Question(Numbers(numbers, self._columns), known, key=("numbers", repr(known)), rows=len(numbers))

    def _split(self, said: Any) -> Any:
        if not isinstance(said, dict):
            raise BadRequest(f"'dataframe_split' is an object with 'data', 'columns' and 'index'; got {_kind(said)}.")
        if "data" not in said or set(said) - {"data", "columns", "index"}:
            raise BadRequest(
                f"'dataframe_split' has 'data', and may have 'columns' and 'index'; got {list(said)[:10]!s:.200}."
            )
        rows, names, index = said["data"], said.get("columns"), said.get("index")
        for name, part in (("data", rows), ("columns", names), ("index", index)):
            if not isinstance(part, list) and not (part is None and name != "data"):
                raise BadRequest(f"{name!r} of 'dataframe_split' is a list; got {_kind(part)}.")
        for name in names or ():
            if not isinstance(name, str | int | float | bool | list):
                raise BadRequest(f"A column's name is a text; got {_kind(name)}.")
        return decoding.table(names, rows, self._spoken(), index)

    def _numbers(self, format: str, said: Any) -> Any:
        if format == "dataframe_split":
            if (
                isinstance(said, dict)
                and len(said) == 2
                and "data" in said
                and said.get("columns", 0) == self._names
                and self._names
            ):
                return decoding.block(said["data"], self._width) if isinstance(said["data"], list) else None
            return None
        if not isinstance(said, list):
            return None
        names = self._names
        if names is None:
            return decoding.block(said, self._width) if self._width > 1 and format != "dataframe_records" else None
        try:
            rows = [[one[name] for name in names] for one in said if type(one) is dict and len(one) == self._width]
        except KeyError:
            return None
        return decoding.block(rows, self._width) if len(rows) == len(said) else None

    def _spoken(self) -> Any:
        return None if self._schema is None or self._schema.is_tensor_spec() else self._schema

    def _enforced(self, params: Any) -> dict[str, Any] | None:
        from runstone.types.enforcement import enforce_params

        return enforce_params(params, self._params) if params or self._params is not None else None

    def _question(self, data: Any, params: Any) -> Question:
        checked, known = self._check(data, params)
        key, rows = _joint(checked)
        # nothing asked is not the same as nothing asked among others: models refuse it
        return Question(checked, known, key=(key, repr(known)) if key is not None and rows else None, rows=rows)


def _index(names: list[Any]) -> Any:
    import pandas

    return pandas.Index(names)


@lru_cache(maxsize=64)
def media_type(said: str) -> str:
    """The kind that a Content-Type header says. Raises WrongMediaType."""
    kind, *parameters = (part.strip() for part in said.split(";"))
    for parameter in filter(None, parameters):
        name, _, value = parameter.partition("=")
        if name.strip().lower() != "charset":
            raise WrongMediaType(f"The content type has a parameter {parameter!r:.80}. It may have charset=utf-8 only.")
        if value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            raise WrongMediaType(f"The charset is {value!r:.80}. Send UTF-8.")
    if kind.lower() not in (JSON, CSV, PARQUET):
        got = f"not {kind!r:.80}" if kind else "and has to be said"
        raise WrongMediaType(f"The content type is one of {JSON}, {CSV} and {PARQUET}, {got}.")
    return kind.lower()


def parse(body: bytes) -> Any:
    """What a JSON text says; NaN and the infinities, which Python writes, are taken. Raises BadRequest."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        wrong = error
    if b"NaN" in body or b"Infinity" in body:
        try:
            return json.loads(body, parse_float=_finite)
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"The body is no valid JSON: {error!s:.200}.") from error
    raise BadRequest(f"The body is no valid JSON: {wrong!s:.200}.") from wrong


def _finite(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise ValueError("a number is out of range")
    return found


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is no UTF-8: {error.reason} at byte {error.start}.") from error


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "a truth value",
        int: "a number",
        float: "a number",
    }
    return "null" if value is None else names.get(type(value), "a value")


def _arrays(said: Any, by_columns: bool) -> Any:
    """For a model without a signature: lists as arrays, where they are regular; `by_columns`: records as an array for each name."""
    if by_columns and isinstance(said, list) and said and all(isinstance(one, dict) for one in said):
        names = dict.fromkeys(chain.from_iterable(said))
        said = {name: [one[name] for one in said if name in one] for name in names}
    if not isinstance(said, dict):
        return _array(said)
    lengths = {len(value) for value in said.values() if isinstance(value, list)}
    if by_columns and len(lengths) > 1:
        raise BadRequest(f"The columns of 'instances' have different lengths: {', '.join(map(str, sorted(lengths)))}.")
    return {name: _array(value) for name, value in said.items()}


def _array(value: Any) -> Any:
    import numpy

    if not isinstance(value, list) or any(isinstance(one, dict) for one in value):
        return value
    try:
        return numpy.array(value)
    except (ValueError, OverflowError):
        return value


def _joint(data: Any) -> tuple[Hashable, int]:
    """What data has to have in common to be asked as one, and how many rows it has; None where it cannot be joined."""
    library = type(data).__module__.partition(".")[0]
    if library == "pandas" and hasattr(data, "iloc") and hasattr(data, "columns"):
        return (tuple(data.columns), tuple(map(str, data.dtypes))), len(data)
    if library == "numpy" and hasattr(data, "ndim") and data.ndim:
        return (data.dtype.str, data.shape[1:]), len(data)
    return None, 1
