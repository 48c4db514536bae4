"""The digest of a dataset: every value counts, how it lies in memory does not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pandas
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from runstone.data import from_numpy, from_pandas, from_polars

# Kinds of columns: how pandas holds one, and what its cells may be.
KINDS: dict[str, tuple[Callable[[list[Any]], Any], some.SearchStrategy[Any]]] = {
    "int64": (lambda cells: numpy.array(cells, "<i8"), some.integers(-(2**63), 2**63 - 1)),
    "float64": (lambda cells: numpy.array(cells, "<f8"), some.floats()),
    "bool": (lambda cells: numpy.array(cells, "?"), some.booleans()),
    "time": (lambda cells: numpy.array(cells, "<i8").view("<M8[us]"), some.integers(0, 2**50)),
    "zone": (
        lambda cells: pandas.Series(numpy.array(cells, "<i8").view("<M8[us]")).dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"),
        some.integers(0, 2**50),
    ),
    "text": (lambda cells: pandas.array(cells, "str"), some.none() | some.text()),
    "category": (
        lambda cells: pandas.Categorical(cells, ["a", "b", "c"]),
        some.sampled_from(["a", "b", "c", None]),
    ),
    "Int64": (lambda cells: pandas.array(cells, "Int64"), some.none() | some.integers(-(2**63), 2**63 - 1)),
    "boolean": (lambda cells: pandas.array(cells, "boolean"), some.none() | some.booleans()),
    "arrow": (lambda cells: pandas.array(cells, "int64[pyarrow]"), some.none() | some.integers(-(2**63), 2**63 - 1)),
    "object": (
        lambda cells: pandas.Series(cells, dtype=object),
        some.recursive(
            some.none() | some.booleans() | some.integers() | some.floats() | some.text() | some.binary() | some.decimals() | some.dates(),
            lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3) | some.tuples(inner),
            max_leaves=4,
        ),
    ),
}  # fmt: skip


def same(one: Any, other: Any) -> bool:
    """Whether two cells are one value: type for type, bit for bit, any NaN like another."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float) and one != one:
        return bool(other != other)
    if isinstance(one, dict):
        return len(one) == len(other) and same(list(one.items()), list(other.items()))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None)
@given(data=some.data())
def test_changing_any_cell_of_a_frame_changes_its_digest(kind: str, data: Any) -> None:
    hold, cell = KINDS[kind]
    cells = data.draw(some.lists(cell, min_size=1, max_size=20))
    place = data.draw(some.integers(0, len(cells) - 1))
    other = data.draw(cell)
    changed = [*cells[:place], other, *cells[place + 1 :]]
    before = from_pandas(pandas.DataFrame({"x": hold(cells)})).digest
    after = from_pandas(pandas.DataFrame({"x": hold(changed)})).digest
    assert (before == after) == same(cells[place], other)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None)
@given(data=some.data())
def test_a_copy_a_slice_and_a_pickle_have_the_digest_of_the_whole(kind: str, data: Any) -> None:
    hold, cell = KINDS[kind]
    cells = data.draw(some.lists(cell, max_size=20))
    frame = pandas.DataFrame({"x": hold(cells), "y": range(len(cells))})
    digest = from_pandas(frame).digest
    longer = pandas.concat([frame, frame]).iloc[: len(cells)]
    alternate = frame.loc[frame.index.repeat(2)].iloc[::2]
    for equal in (frame.copy(), longer, alternate, pandas.concat([frame.iloc[:3], frame.iloc[3:]])):
        assert from_pandas(equal).digest == digest


POLARS: dict[str, tuple[Any, some.SearchStrategy[Any]]] = {
    "Int64": (polars.Int64, some.none() | some.integers(-(2**63), 2**63 - 1)),
    "UInt64": (polars.UInt64, some.integers(0, 2**64 - 1)),
    "Int128": (polars.Int128, some.none() | some.integers(-(2**127) + 1, 2**127 - 1)),
    "Float32": (polars.Float32, some.none() | some.floats(width=32)),
    "String": (polars.String, some.none() | some.text()),
    "Binary": (polars.Binary, some.none() | some.binary()),
    "Boolean": (polars.Boolean, some.none() | some.booleans()),
    "Date": (polars.Date, some.none() | some.dates()),
    "Categorical": (polars.Categorical, some.none() | some.sampled_from(["a", "b"])),
    "List": (polars.List(polars.Int64), some.none() | some.lists(some.none() | some.integers(-9, 9), max_size=3)),
    "Lists": (
        polars.List(polars.List(polars.String)),
        some.none() | some.lists(some.none() | some.lists(some.none() | some.text(), max_size=2), max_size=2),
    ),
    "Array": (polars.Array(polars.Int8, 2), some.none() | some.lists(some.none() | some.integers(-9, 9), min_size=2, max_size=2)),
    "Struct": (
        polars.Struct({"a": polars.Int64, "b": polars.List(polars.String)}),
        some.none()
        | some.tuples(some.integers(-9, 9), some.none() | some.lists(some.text(), max_size=2)).map(
            lambda pair: {"a": pair[0], "b": pair[1]}
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", POLARS)
@settings(max_examples=12, deadline=None)
@given(data=some.data())
def test_polars_every_cell_counts_and_chunks_do_not(kind: str, data: Any) -> None:
    dtype, cell = POLARS[kind]
    cells = data.draw(some.lists(cell, min_size=1, max_size=12))
    place = data.draw(some.integers(0, len(cells) - 1))
    other = data.draw(cell)

    def frame(values: list[Any]) -> polars.DataFrame:
        return polars.DataFrame({"x": polars.Series(values, dtype=dtype)})

    digest = from_polars(frame(cells)).digest
    assert (from_polars(frame([*cells[:place], other, *cells[place + 1 :]])).digest == digest) == same(
        cells[place], other
    )
    pieces = polars.concat([frame(cells[:place]), frame(cells[place:])], rechunk=False)
    for equal in (pieces, pieces.rechunk(), polars.concat([frame(cells)] * 2).slice(0, len(cells))):
        assert from_polars(equal).digest == digest


@settings(max_examples=60, deadline=None)
@given(data=some.data())
def test_arrays_every_cell_counts_and_their_place_in_memory_does_not(data: Any) -> None:
    dtype = data.draw(some.sampled_from(["<i4", "<f8", "<f4", "<f2", "<c16", "?", "<U3", "S3", "<M8[ns]", "<u8", "g"]))
    shape = tuple(data.draw(some.lists(some.integers(1, 4), min_size=1, max_size=3)))
    size = math.prod(shape)
    bits = data.draw(some.lists(some.integers(0, 1), min_size=size, max_size=size))
    array = numpy.array(bits).reshape(shape).astype(dtype)
    digest = from_numpy(array).digest
    wide = numpy.repeat(array, 2, axis=-1)
    swapped = array.astype(array.dtype.newbyteorder(">"))
    for equal in (array.copy(), numpy.asfortranarray(array), wide[..., ::2], swapped, array[::-1].copy()[::-1]):
        assert from_numpy(equal).digest == digest
    place = data.draw(some.integers(0, size - 1))
    bits[place] = 1 - bits[place]
    assert from_numpy(numpy.array(bits).reshape(shape).astype(dtype)).digest != digest
