"""What JSON says is read as a schema has it: times, bytes, whole numbers, nulls; what is no such thing is named."""

from __future__ import annotations

import datetime
from typing import Any

import numpy
import pandas
import pytest

from runstone.errors import InvalidParameter
from runstone.types import Array, ColSpec, Map, Object, Property, Schema, TensorSpec, decoding


def column(kind: Any, values: list[Any], required: bool = True) -> list[Any]:
    frame = decoding.frame(["c"], [values], Schema([ColSpec(kind, "c", required)]))
    return [None if value is pandas.NaT or value is pandas.NA or value != value else value for value in frame["c"]]


@pytest.mark.parametrize(
    ("kind", "given", "found"),
    [
        ("binary", ["YQ==", "YW\nI=", None], [b"a", b"ab", None]),
        (
            "datetime",
            ["2020-01-02", "2020-01-02T03:04:05.5"],
            [pandas.Timestamp("2020-01-02"), pandas.Timestamp("2020-01-02T03:04:05.5")],
        ),
        ("datetime", ["2020-01-02T00:00:00+02:00"], [pandas.Timestamp("2020-01-02", tz="+02:00")]),
        ("long", [1, 2.0, -(2**63)], [1, 2, -(2**63)]),
        ("integer", [1.0], [1]),
        ("double", [1, 2.5, None], [1.0, 2.5, None]),
        ("double", [2**53], [float(2**53)]),
        ("float", [20_000_001, 0.1], [float(numpy.float32(20_000_001)), float(numpy.float32(0.1))]),
        ("string", ["a", None], ["a", None]),
        (Array("binary"), [["YQ=="], []], [[b"a"], []]),
        (Map("datetime"), [{"k": "2020-01-02"}], [{"k": datetime.datetime(2020, 1, 2)}]),
        (Object([Property("k", "binary", False)]), [{"k": "YQ=="}, {}], [{"k": b"a"}, {}]),
    ],
)
def test_values_are_read_in_their_columns_type(kind: Any, given: list[Any], found: list[Any]) -> None:
    assert column(kind, given, required=None not in given) == found


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("binary", ["YQ==", "%"], "The column 'c' is to be binary; row 1 has '%', which is no base64."),
        ("datetime", ["2020-01-02", "02/01/2020"], "row 1 has '02/01/2020', which is no ISO time."),
        ("datetime", [5], "row 0 is 5, an int."),
        ("long", [1, 1.5], "row 1 is 1.5, a float."),
        ("long", [1, 1e300], "row 1 is 1e\\+300"),
        ("integer", [2**31], "row 0 is 2147483648, an int."),
        ("double", [2**53 + 1], "row 0 is 9007199254740993"),
        ("double", [True], "row 0 is True, a bool."),
        ("boolean", [1], "row 0 is 1, an int."),
        ("string", [1], "row 0 is 1, an int."),
        (Array("datetime"), [["x"]], "row 0 has 'x', which is no ISO time."),
    ],
)
def test_what_does_not_fit_is_named(kind: Any, given: list[Any], said: str) -> None:
    with pytest.raises(InvalidParameter, match=said):
        column(kind, given)


def test_an_index_is_that_of_the_rows() -> None:
    assert decoding.table(["a"], [[1], [2]], None, [7, 8]).index.tolist() == [7, 8]
    assert decoding.table(["a"], [["x"], ["y"]], Schema([ColSpec("string", "a")]), [7, 8])["a"].to_dict() == {
        7: "x",
        8: "y",
    }
    with pytest.raises(InvalidParameter, match="no table"):
        decoding.table(["a"], [[1]], None, [1, 2])


def test_arrays_are_of_their_schemas_dtype_or_refused() -> None:
    def read(dtype: str, shape: tuple[int, ...], said: Any) -> Any:
        return decoding.decode(said, Schema([TensorSpec(numpy.dtype(dtype), shape)]))

    assert read("float32", (-1, 2), [[1, 2.5]]).dtype == numpy.float32
    assert read("int64", (-1,), [1.0, 2.0]).tolist() == [1, 2]
    assert numpy.isnan(read("float64", (-1,), [1, None])[1])
    assert read("M8[ns]", (-1,), ["2020-01-02", None]).tolist()[1] is None
    assert read("S", (-1,), ["YQ=="]).tolist() == [b"a"]
    for dtype, said in (
        ("int64", [1.5]),
        ("float64", ["1"]),
        ("float64", [[1]]),
        ("U", ["a", 1]),
        ("M8[ns]", ["x"]),
        ("S", ["%"]),
    ):
        with pytest.raises(InvalidParameter):
            read(dtype, (-1,), said)


def test_rows_of_numbers_become_one_array_only_where_nothing_is_changed() -> None:
    assert decoding.block([[1, 2.5], [3, 4]], 2).tolist() == [[1.0, 2.5], [3.0, 4.0]]  # type: ignore[union-attr]
    for rows in ([[1, True]], [[1, None]], [[1, "2"]], [[1, 2**53 + 1]], [[1]], [], [(1, 2)], [[1, [2]]]):
        assert decoding.block(rows, 2) is None, rows  # type: ignore[arg-type]
