"""The types of the columns of pandas' and polars' frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runstone.types.cells import missing
from runstone.types.schema import Schema
from runstone.types.values import ANY, Type, column, of_dtype, of_objects

if TYPE_CHECKING:
    import numpy
    import pandas
    import polars

_POLARS = {
    "Boolean": "boolean", "Int8": "integer", "Int16": "integer", "Int32": "integer", "Int64": "long", "UInt8": "integer",
    "UInt16": "integer", "UInt32": "long", "Float32": "float", "Float64": "double", "String": "string",
    "Categorical": "string", "Enum": "string", "Binary": "binary", "Date": "datetime", "Datetime": "datetime",
}  # fmt: skip


def of_pandas(df: pandas.DataFrame) -> Schema | None:
    """The columns and their types; a column with a null is not required. None for a frame without columns."""
    dtypes = df.dtypes.tolist()
    plain = [place for place, dtype in enumerate(dtypes) if dtype.kind in "biufM" and not hasattr(dtype, "na_value")]
    # all at once: to take a column out of a frame costs 20 us
    nulls = dict(zip(plain, df.iloc[:, plain].isna().any().tolist(), strict=True))
    columns = []
    for place, (name, dtype) in enumerate(zip(df.columns, dtypes, strict=True)):
        if place in nulls:
            columns.append(column(of_dtype(dtype), name, not nulls[place]))
        else:
            series = df.iloc[:, place]
            columns.append(column(of_series(series), name, not has_nulls(series)))
    return Schema.from_dicts(columns) if columns else None


def of_polars(df: polars.DataFrame) -> Schema | None:
    """The columns and their types; a column with a null is not required. None for a frame without columns."""
    columns = [column(of_polars_dtype(one.dtype), one.name, not one.null_count()) for one in df.get_columns()]
    return Schema.from_dicts(columns) if columns else None


def has_nulls(series: pandas.Series) -> bool:
    """Whether any value is missing. pandas' own look at objects fails on some decimals."""
    return any(map(missing, series)) if series.dtype == object else bool(series.isna().any())


def of_series(series: pandas.Series) -> Type:
    """The type of a column."""
    import numpy
    import pandas

    dtype = series.dtype
    if isinstance(dtype, numpy.dtype) and dtype.kind != "O":
        return of_dtype(dtype)
    if isinstance(dtype, pandas.CategoricalDtype):
        return of_series(dtype.categories.to_series())
    if isinstance(dtype, pandas.StringDtype):
        return {"type": "string"}
    if isinstance(dtype, pandas.DatetimeTZDtype) or dtype.kind == "M":
        return {"type": "datetime"}
    if isinstance(dtype, pandas.SparseDtype):
        return of_dtype(numpy.dtype(dtype.subtype))
    if dtype.kind in "iufb":
        return of_dtype(unmasked(dtype))
    if isinstance(dtype, pandas.PeriodDtype | pandas.IntervalDtype):
        return ANY
    values = series.astype(object).tolist()
    if not values:
        return {"type": "string"}
    kind = of_objects(values)
    # a column of nothing but NaN is one of numbers
    return {"type": "double"} if kind is ANY and set(map(type, values)) == {float} else kind


def unmasked(dtype: Any) -> numpy.dtype[Any]:
    """numpy's dtype for the values of a masked column."""
    import numpy

    return numpy.dtype("?" if dtype.kind == "b" else f"{dtype.kind}{dtype.itemsize}")


def of_polars_dtype(dtype: Any) -> Type:
    """The type of a polars column."""
    import polars

    if dtype in (polars.List, polars.Array):
        items = of_polars_dtype(dtype.inner)
        return ANY if items is ANY else {"type": "array", "items": items}
    if dtype == polars.Struct:
        fields = sorted(dtype.fields, key=lambda field: field.name)
        return {
            "type": "object",
            "properties": {field.name: {**of_polars_dtype(field.dtype), "required": True} for field in fields},
        }
    name = _POLARS.get(type(dtype).__name__)
    return ANY if name is None else {"type": name}
