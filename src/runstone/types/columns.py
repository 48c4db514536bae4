"""A frame's columns held against a schema's, pandas' and polars'. What is the same already costs a look at the dtypes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter
from runstone.types.cells import EXACT, fits, missing, takes, unfit
from runstone.types.frames import of_polars_dtype, unmasked
from runstone.types.kinds import AnyType, DataType
from runstone.types.schema import ColSpec, Schema, hashable, plain
from runstone.types.sentences import called, lacking

if TYPE_CHECKING:
    import numpy
    import pandas

_SAME, _WIDER, _EXACT, _NULLS, _LOOK, _CATEGORIES, _NO = range(7)
_WHOLE = (DataType.integer, DataType.long)
_WIDENED = {DataType.long: "integer", DataType.double: "float"}


def takes_all(spec: ColSpec) -> bool:
    """Whether a column may hold anything."""
    return isinstance(spec.type, AnyType)


def enforce(frame: Any, schema: Schema) -> Any:
    """The schema's columns in its order, in its types; the frame itself where it has just these. Raises InvalidParameter."""
    given = frame.columns.tolist() if hasattr(frame.columns, "tolist") else list(frame.columns)
    if schema.has_input_names():
        specs, frame = _named(frame, given, schema)
    else:
        if len(given) != len(schema):
            raise InvalidParameter(f"The model takes {len(schema)} columns; got {len(given)}.")
        specs = schema.inputs
    if type(frame).__module__.startswith("polars"):
        return _enforce_polars(frame, specs)
    return _enforce_pandas(frame, specs)


def _named(frame: Any, given: list[Any], schema: Schema) -> tuple[list[ColSpec], Any]:
    names = schema.input_names()
    if given == names:
        return schema.inputs, frame
    places: dict[Any, int] = {}
    for place, name in enumerate(given):
        if places.setdefault(name, place) != place and name in names:
            raise InvalidParameter(f"The column {name!r} is there twice.")
    if not all(name in places for name in names):
        # names that JSON does not have are texts in a schema
        places = {**{hashable(plain(name)): place for name, place in places.items()}, **places}
    absent = [spec.name for spec in schema.inputs if spec.required and spec.name not in places]
    if absent:
        extra = [name for name in given if name not in names]
        beside = f" There are others that it does not take: {', '.join(map(repr, extra[:20]))}." if extra else ""
        raise InvalidParameter(f"The model takes {lacking('column', absent[:20])}.{beside}")
    specs = [spec for spec in schema.inputs if spec.name in places]
    wanted = [places[spec.name] for spec in specs]
    if wanted == list(range(len(given))):
        return specs, frame
    if type(frame).__module__.startswith("polars"):
        return specs, frame[:, wanted]
    return specs, frame.iloc[:, wanted]


def _enforce_pandas(frame: pandas.DataFrame, specs: list[ColSpec]) -> pandas.DataFrame:
    together: dict[Any, list[int]] = {}  # columns that are handled as one block: to take one out of a frame costs 20 us
    changed: dict[int, Any] = {}
    for place, (spec, dtype) in enumerate(zip(specs, frame.dtypes.tolist(), strict=True)):
        kind = spec.type
        verdict = _verdict(kind, dtype) if isinstance(kind, DataType) else _LOOK
        if verdict == _SAME or isinstance(kind, AnyType):
            continue
        if verdict == _LOOK:
            together.setdefault(_LOOK, []).append(place)
        elif verdict == _WIDER or (verdict == _EXACT and dtype.kind in "iu" and not hasattr(dtype, "na_value")):
            together.setdefault((kind, dtype), []).append(place)
        else:
            series = frame.iloc[:, place]
            made = _column(spec, kind, series, verdict, place)
            if made is not series:
                changed[place] = made.array
    for group, places in together.items():
        block = (frame if len(places) == len(specs) else frame.iloc[:, places]).to_numpy()
        if group != _LOOK:
            block = _wider(specs, group[0], block, places)
            if len(places) == len(specs):
                return _framed(frame, block)
        for index, place in enumerate(places):
            made = block[:, index] if group != _LOOK else _looked_at(specs[place], block[:, index].tolist(), place)
            if made is not None:
                changed[place] = made
    if not changed:
        return frame
    copy = frame.copy(deep=False)
    for place, made in changed.items():
        copy.isetitem(place, made)
    return copy


def _framed(frame: pandas.DataFrame, block: Any) -> pandas.DataFrame:
    import pandas

    return pandas.DataFrame(block, index=frame.index, columns=frame.columns, copy=False)


def _wider(specs: list[ColSpec], kind: DataType, block: Any, places: list[int]) -> Any:
    if kind in EXACT and block.dtype.kind in "iu" and not _all_exact(block, kind):
        for index, place in enumerate(places):
            for value in block[:, index].tolist():
                if not _is_exact(value, kind):
                    raise _inexact(specs[place], kind, value, place)
    return block.astype(kind.to_numpy())


def _inexact(spec: ColSpec, kind: DataType, value: int, place: int) -> InvalidParameter:
    became = int(kind.to_numpy().type(value))
    return _wrong(spec, place, f"the whole number {value} is not exact as one: it would become {became}")


@lru_cache(maxsize=4096)
def _verdict(kind: DataType, dtype: Any) -> int:
    """What a column of a dtype is to a type, before its values are looked at."""
    import numpy
    import pandas

    if isinstance(dtype, pandas.CategoricalDtype):
        return _CATEGORIES
    if isinstance(dtype, pandas.StringDtype):
        return _SAME if kind is DataType.string else _NO
    if isinstance(dtype, pandas.DatetimeTZDtype):
        return _SAME if kind is DataType.datetime else _NO
    if dtype.kind == "O" and isinstance(dtype, numpy.dtype):
        return _LOOK
    if isinstance(dtype, pandas.SparseDtype):
        return _SAME if takes(kind, numpy.dtype(dtype.subtype)) else _NO
    masked = not isinstance(dtype, numpy.dtype)
    if masked and dtype.kind not in "iufbM":
        return _NO
    plain_dtype = unmasked(dtype) if masked and dtype.kind in "iufb" else dtype
    if takes(kind, plain_dtype):
        if kind is DataType.datetime or plain_dtype == kind.to_numpy():
            return _NULLS if masked and dtype.kind != "M" else _SAME
        return _NULLS if masked else _WIDER
    if kind in EXACT and plain_dtype.kind in "iu":
        return _EXACT
    if kind in _WHOLE and plain_dtype.kind == "f":
        return _EXACT
    return _NO


def _column(spec: ColSpec, kind: Any, series: pandas.Series, verdict: int, place: int) -> pandas.Series:
    if verdict == _NULLS:
        # a mask says what is missing; without one numpy's own dtype does
        return series if series.isna().any() else series.astype(kind.to_numpy())
    if verdict == _EXACT:
        return _exact(spec, kind, series, place)
    if verdict == _CATEGORIES:
        categories = series.dtype.categories.to_series()
        if _verdict(kind, categories.dtype) == _SAME or (
            categories.dtype == object and all(fits(kind, value) for value in categories)
        ):
            return series
    raise _wrong(spec, place, f"the values are {series.dtype}", _hint(kind, series))


def _exact(spec: ColSpec, kind: DataType, series: pandas.Series, place: int) -> pandas.Series:
    import numpy

    nulls = series.isna()
    if series.dtype.kind == "f":  # for whole numbers: where a value is missing, they cannot be anything but floats
        if _needed(spec) or not nulls.any():
            raise _wrong(spec, place, f"the values are {series.dtype}", _hint(kind, series))
        present = series[~nulls].to_numpy("float64")
        limit = 1 << (31 if kind is DataType.integer else 53)
        inexact = present[(numpy.trunc(present) != present) | (present >= limit) | (present < -limit)]
        if len(inexact):
            raise _wrong(spec, place, f"{inexact[0]!r} is not whole, or beyond what is exact")
        return series
    present = series[~nulls].to_numpy(unmasked(series.dtype))
    inexact_numbers = [] if _all_exact(present, kind) else [one for one in present.tolist() if not _is_exact(one, kind)]
    if inexact_numbers:
        raise _inexact(spec, kind, inexact_numbers[0], place)
    masked = "Float64" if kind is DataType.double else "Float32"
    return series.astype(masked if nulls.any() else kind.to_numpy())


def _all_exact(values: numpy.ndarray[Any, Any], kind: DataType) -> bool:
    limit = EXACT[kind]
    if not values.size or (int(values.max()) <= limit and int(values.min()) >= -limit):
        return True
    return all(_is_exact(value, kind) for value in values.ravel().tolist())


def _is_exact(value: int, kind: DataType) -> bool:
    return int(float(kind.to_numpy().type(value))) == value


def _looked_at(spec: ColSpec, values: list[Any], place: int) -> Any:
    """The column in the type's dtype; None where it is right as it is."""
    kind = spec.type
    if not isinstance(kind, DataType):
        for row, value in enumerate(values):
            if missing(value):
                if _needed(spec):
                    raise _wrong(spec, place, f"row {row} is missing")
                continue
            found = unfit(kind, value)
            if found:
                raise _wrong(spec, place, f"row {row}: {found}")
        return None
    if kind is DataType.string and set(map(type, values)) == {str}:
        return None
    empty = False
    for row, value in enumerate(values):
        if missing(value):
            empty = True
        elif not fits(kind, value):
            raise _wrong(spec, place, f"row {row} is {value!r:.80}, {called(value)}")
    return _typed(spec, kind, values, empty, place)


def _typed(spec: ColSpec, kind: DataType, values: list[Any], empty: bool, place: int) -> Any:
    if kind in (DataType.string, DataType.binary, DataType.datetime):
        return None
    import numpy

    if kind in EXACT:
        wide = numpy.array([float("nan") if missing(value) else value for value in values], dtype="float64")
        # Python's own floats have no width: a narrower one is what they are rounded to
        with numpy.errstate(over="ignore"):
            made = wide.astype(kind.to_numpy())
        beyond = numpy.isinf(made) & ~numpy.isinf(wide)
        if beyond.any():
            row = int(beyond.argmax())
            raise _wrong(spec, place, f"row {row} is {values[row]!r:.80}, too large for it")
        return made
    if not empty:
        return numpy.array(values, dtype=kind.to_numpy())
    if _needed(spec):
        raise _wrong(spec, place, "a value is missing, which such a column cannot hold")
    import pandas

    name = {"integer": "Int32", "long": "Int64", "boolean": "boolean"}[kind.name]
    return pandas.array([None if missing(value) else value for value in values], dtype=name)


def _enforce_polars(frame: Any, specs: list[ColSpec]) -> Any:
    import polars

    names = {
        DataType.integer: polars.Int32,
        DataType.long: polars.Int64,
        DataType.float: polars.Float32,
        DataType.double: polars.Float64,
    }
    changed = []
    for place, (spec, series) in enumerate(zip(specs, frame.get_columns(), strict=True)):
        kind, given = spec.type, of_polars_dtype(series.dtype)
        if isinstance(kind, AnyType) or given == kind.to_dict():
            target = names.get(kind) if isinstance(kind, DataType) else None
            if target is not None and series.dtype != target and series.dtype.is_numeric():
                changed.append(series.cast(target))
            continue
        if series.dtype == polars.Null and not spec.required:
            continue
        if not isinstance(kind, DataType):
            for row, value in enumerate(series.to_list()):
                found = None if value is None and not spec.required else unfit(kind, value)
                if found:
                    raise _wrong(spec, place, f"row {row}: {found}")
        elif (
            kind in (DataType.long, DataType.double)
            and given["type"] in ("integer", "float")[kind is DataType.double :][:1]
        ):
            changed.append(series.cast(names[kind]))
        elif kind in EXACT and series.dtype.is_integer():
            inexact = next((value for value in series.drop_nulls() if not _is_exact(value, kind)), None)
            if inexact is not None:
                raise _wrong(spec, place, f"the whole number {inexact} would become another one")
            changed.append(series.cast(names[kind]))
        else:
            raise _wrong(spec, place, f"the values are {series.dtype}")
    return frame.with_columns(changed) if changed else frame


def _needed(spec: ColSpec) -> bool:
    """Whether every value has to be there. A column without a name cannot say that it is optional."""
    return spec.required and spec.name is not None


def _hint(kind: Any, series: pandas.Series) -> str:
    if kind in _WHOLE and series.dtype.kind == "f" and series.isna().any():
        return " Values are missing, which makes whole numbers floats; a signature with an optional or double column takes them."
    if kind in _WHOLE and series.dtype.kind == "f":
        if (series % 1 == 0).all():
            return f" All are whole: .astype({kind.to_numpy().name!r}) makes the column so."
        return " A signature told by floats (the example's column as float64) takes fractions."
    if kind is DataType.datetime:
        return " pandas.to_datetime makes times of texts."
    return ""


def _wrong(spec: ColSpec, place: int, given: str, hint: str = "") -> InvalidParameter:
    name = place if spec.name is None else spec.name
    return InvalidParameter(f"The column {name!r} is to be {spec.type!r}; {given}.{hint}")
