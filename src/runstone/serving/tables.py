"""CSV and parquet become frames, read in a schema's types: a number is what its text says, a text stays one."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any

from runstone.errors import BadRequest, InvalidParameter
from runstone.serving.widths import MOST_CELLS, Widths, require_columns
from runstone.types import decoding
from runstone.types.kinds import DataType
from runstone.types.schema import Schema

if TYPE_CHECKING:
    import pandas

# Arrow's types of texts and bytes.
_TEXTS = frozenset(["string", "large_string", "string_view", "binary", "large_binary", "binary_view"])
# Rows that are looked at a time for the cell that is wrong.
_LOOKED_AT = 100_000
_DTYPES = {
    DataType.boolean: "boolean", DataType.integer: "Int32", DataType.long: "Int64", DataType.float: "float32",
    DataType.double: "float64", DataType.string: "str", DataType.binary: "str", DataType.datetime: "str",
}  # fmt: skip
_SPOKEN = (DataType.binary, DataType.datetime)


def csv(text: str, schema: Schema | None) -> pandas.DataFrame:
    """A frame of CSV with a line of names. Raises BadRequest (naming a row of another length), InvalidParameter (naming the column)."""
    require_columns(Widths(io.StringIO(text, newline="")).columns, schema)
    return next(csv_chunks(lambda: io.StringIO(text, newline=""), schema, None))


def csv_chunks(opened: Callable[[], IO[Any]], schema: Schema | None, rows: int | None) -> Iterator[pandas.DataFrame]:
    """The same of something that can be opened, so many rows at a time; all at once where that is None."""
    import pandas

    options: dict[str, Any] = {"low_memory": False, "dtype": _dtypes(schema) or None}
    if int(pandas.__version__.partition(".")[0]) < 3:
        options["float_precision"] = "round_trip"  # what later ones do anyway
    with opened() as file, opened() as beside:
        widths = Widths(beside)
        widths.require_unique()
        try:
            found = pandas.read_csv(file, chunksize=rows, **options)
            before = 0
            for frame in [found] if rows is None else found:
                widths.check(len(frame))
                try:
                    decoded = _decoded(frame, schema)
                except InvalidParameter as error:
                    raise further_on(error, before) from error
                before += len(frame)
                yield decoded
            widths.check(None)
        except (InvalidParameter, BadRequest):
            raise
        except (ValueError, OverflowError, TypeError) as error:
            widths.check(None)
            with opened() as again:
                _explain(pandas, again, schema)
            raise BadRequest(f"This is no CSV that fits: {error!s:.200}.") from error


def further_on(error: InvalidParameter, first: int) -> InvalidParameter:
    """An error of some of the rows, which counts from the first of them: it says which that is."""
    return InvalidParameter(f"In the rows from {first:,} on: {error}") if first else error


def parquet(file: Any) -> pandas.DataFrame:
    """A frame of a parquet file. Raises BadRequest."""

    library = arrow()
    try:
        described = library.ParquetFile(file)
        require_columns(described.metadata.num_columns, None)
        cells = described.metadata.num_rows * max(described.metadata.num_columns, 1)
        if cells <= MOST_CELLS:
            # A text that a dictionary has once may stand in every row. Read as such, it is once in memory too.
            texts = [field.name for field in described.schema_arrow if str(field.type) in _TEXTS]
            found: pandas.DataFrame = library.ParquetFile(file, read_dictionary=texts).read().to_pandas()
            for name in texts:
                found[name] = found[name].astype(object)
            return found
    except BadRequest:
        raise
    except Exception as error:  # whatever arrow raises at bytes that are none of its own
        raise BadRequest(f"The body is no parquet file: {type(error).__name__}.") from error
    raise BadRequest(f"The parquet file has {cells:,} cells; {MOST_CELLS:,} may be asked at once.")


def parquet_chunks(file: Any, rows: int | None) -> Iterator[pandas.DataFrame]:
    """The rows of a parquet file, so many at a time; all at once where that is None. Raises BadRequest."""
    library = arrow()
    try:
        described = library.ParquetFile(file)
        if rows is None:
            yield described.read().to_pandas()
            return
        for batch in described.iter_batches(rows):
            yield batch.to_pandas()
    except (ValueError, OSError) as error:  # arrow's own are among them
        raise BadRequest(f"This is no parquet file: {error!s:.200}.") from error


def arrow() -> Any:
    """pyarrow's module of parquet. Raises InvalidParameter where it is not installed."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise InvalidParameter("Parquet needs pyarrow where the model is served: `pip install pyarrow`.") from error
    return pyarrow.parquet


def _dtypes(schema: Schema | None) -> dict[Any, Any]:
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return {}
    return {spec.name: _DTYPES.get(spec.type, "str") for spec in schema if isinstance(spec.type, DataType)}


def _decoded(frame: pandas.DataFrame, schema: Schema | None) -> pandas.DataFrame:
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return frame
    for spec in schema:
        if spec.type in _SPOKEN and spec.name in frame.columns:
            column = frame[spec.name]
            values = [None if missing else value for value, missing in zip(column, column.isna(), strict=True)]
            frame[spec.name] = decoding.column(spec, spec.name, values)
    return frame


def _explain(pandas: Any, file: IO[Any], schema: Schema | None) -> None:
    """Find the cell that could not be read as its column's type. Raises InvalidParameter for it."""
    before = 0
    try:
        for texts in pandas.read_csv(file, dtype=str, chunksize=_LOOKED_AT):
            for name, dtype in _dtypes(schema).items():
                if name not in texts.columns or dtype == "str":
                    continue
                wrong = texts[name].notna() & ~_fits(pandas, texts[name], dtype)
                if wrong.any():
                    place = int(wrong.to_numpy().argmax())
                    kind = schema.input_types_dict()[name]  # type: ignore[union-attr]  # it has columns
                    raise InvalidParameter(
                        f"The column {name!r} is to be {kind!r}; row {before + place} is {texts[name].iloc[place]!r:.80}."
                    )
            before += len(texts)
    except InvalidParameter:
        raise
    except (ValueError, OverflowError):
        return


def _fits(pandas: Any, texts: Any, dtype: str) -> Any:
    if dtype == "boolean":
        return texts.str.lower().isin(["true", "false", "1", "0", "1.0", "0.0"])
    numbers = pandas.to_numeric(texts, errors="coerce")
    if dtype.startswith("float"):
        return numbers.notna()
    limit = 2.0 ** (31 if dtype == "Int32" else 63)
    return (numbers % 1 == 0) & (numbers < limit) & (numbers >= -limit)
