"""Digests of datasets: what counts, what does not, and that they are the same tomorrow. Properties: tests/properties/."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pytest
from tests.support import scripts

from runstone.data import from_numpy, from_pandas, from_path, from_polars
from runstone.data.meta_dataset import MetaDataset

FRAME = pandas.DataFrame(
    {
        "number": [1.5, float("nan"), -0.0],
        "count": numpy.array([1, 2, 3], "<i4"),
        "text": pandas.array(["a", "é", None], "string"),
        "day": pandas.to_datetime(["2020-01-01", "2021-01-01", None]).astype("datetime64[us]"),
        "kind": pandas.Categorical(["x", "y", "x"]),
        "maybe": pandas.array([True, None, False], "boolean"),
        "thing": pandas.Series([{"a": [1, 2]}, decimal.Decimal("1.50"), 2**70], dtype=object),
    }
)


def test_a_digest_names_its_algorithm_and_fits_mlflows_wire() -> None:
    digest = from_pandas(FRAME).digest
    assert digest.startswith("blake3:")
    assert len(digest) == 35
    int(digest.removeprefix("blake3:"), 16)


def test_digests_are_what_they_were() -> None:
    # The form is for good. When this fails, the change gives every dataset of every user another digest: undo it.
    assert from_pandas(FRAME).digest == "blake3:65b860ddd7da72008e78a24294ba"
    assert (
        from_numpy({"x": numpy.arange(6.0).reshape(2, 3)}, targets=numpy.array([0, 1])).digest
        == "blake3:ca9f00cbef790a307941df3b4550"
    )
    table = {"a": [1, None], "b": [["x"], []], "c": [{"d": datetime.date(2020, 1, 1)}, None], "e": ["f", None]}
    assert from_polars(polars.DataFrame(table)).digest == "blake3:b173ef520b8010751cb1116fa376"


def test_digests_do_not_depend_on_the_process(tmp_path: Path) -> None:
    # sets of texts are in another order with every seed of Python's hash
    script = """
        import pandas, runstone.data
        print(runstone.data.from_pandas(pandas.DataFrame({"a": [{"x", "y", "z", "w"}, frozenset("abc")], "b": ["c", None]})).digest)
    """
    assert scripts.run(tmp_path, script)[1] == scripts.run(tmp_path, script)[1] != ""


CHANGES: dict[str, Callable[[pandas.DataFrame], pandas.DataFrame]] = {
    "a column's name": lambda frame: frame.rename(columns={"count": "Count"}),
    "a column's type": lambda frame: frame.astype({"count": "int64"}),
    "a categorical's order": lambda frame: frame.assign(kind=frame["kind"].cat.as_ordered()),
    "a categorical's categories": lambda frame: frame.assign(kind=frame["kind"].cat.add_categories("z")),
    "a time's zone": lambda frame: frame.assign(day=frame["day"].dt.tz_localize("UTC")),
    "a time's unit": lambda frame: frame.assign(day=frame["day"].astype("datetime64[s]")),
    "the order of rows": lambda frame: frame.iloc[::-1].reset_index(drop=True),
    "the order of columns": lambda frame: frame[frame.columns[::-1]],
    "a row less": lambda frame: frame.iloc[:2],
    "a column less": lambda frame: frame.drop(columns="maybe"),
    "a cell": lambda frame: frame.assign(number=[1.5, float("nan"), 0.0]),
    "a cell within a cell": lambda frame: frame.assign(
        thing=pandas.Series([{"a": [1, 3]}, *frame["thing"][1:]], dtype=object)
    ),
    "None for NaN": lambda frame: frame.assign(text=pandas.Series(["a", "é", None], dtype=object)),
    "an index that is data": lambda frame: frame.set_index(pandas.date_range("2020", periods=3)),
    "an index with a name": lambda frame: frame.rename_axis("row"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_changes_with(change: str) -> None:
    assert from_pandas(CHANGES[change](FRAME)).digest != from_pandas(FRAME).digest


def test_row_numbers_do_not_count_but_an_index_that_says_something_does() -> None:
    shuffled = FRAME.set_axis([7, 3, 5])
    assert from_pandas(shuffled).digest == from_pandas(FRAME).digest
    one = FRAME.set_index(pandas.MultiIndex.from_tuples([(0, "a"), (1, "b"), (2, "c")]))
    other = FRAME.set_index(pandas.MultiIndex.from_tuples([(0, "a"), (1, "b"), (2, "d")]))
    assert from_pandas(one).digest != from_pandas(other).digest


def test_the_last_of_many_rows_counts() -> None:
    values = numpy.arange(300_000)
    digests = {from_pandas(pandas.DataFrame({"a": values, "b": values.astype(str)})).digest}
    values[-1] += 1
    digests.add(from_pandas(pandas.DataFrame({"a": values, "b": values.astype(str)})).digest)
    digests.add(from_numpy(values).digest)
    values[-1] += 1
    digests.add(from_numpy(values).digest)
    assert len(digests) == 4


def test_a_columns_name_has_a_type() -> None:
    frames = [pandas.DataFrame([[1]], columns=[name]) for name in (0, "0", 0.0, None, ("0",))]
    assert len({from_pandas(frame).digest for frame in frames}) == len(frames)


def test_strings_count_the_same_however_pandas_keeps_them() -> None:
    kept = [
        pandas.array(["a", None, "日本"], pandas.StringDtype(storage, na_value=float("nan")))
        for storage in ("python", "pyarrow")
    ]
    assert len({from_pandas(pandas.DataFrame({"a": column})).digest for column in kept}) == 1


@pytest.mark.parametrize(
    "column",
    [
        pandas.arrays.SparseArray([0, 0, 1]),
        pandas.period_range("2020", periods=3, freq="M"),
        pandas.interval_range(0, 3),
        pandas.array([decimal.Decimal(1), None, decimal.Decimal(2)], "object"),
        pandas.array([[1], None, [2, 3]], pandas.ArrowDtype(__import__("pyarrow").list_(__import__("pyarrow").int64()))),
        pandas.array([1.5, None, 2], "Float32"),
        pandas.to_timedelta([1, 2, 3]),
        [numpy.float32(1), numpy.array([1, 2]), numpy.array(["a"], object)],
        ["half a pair \ud800", b"bytes", 1j],
        [float("nan"), None, pandas.NA],
        [decimal.Decimal("NaN"), decimal.Decimal("sNaN"), 1],
    ],
)  # fmt: skip
def test_any_kind_of_column_has_a_digest(column: Any) -> None:
    frame = pandas.DataFrame({"a": column})
    digest = from_pandas(frame).digest
    assert from_pandas(frame.copy()).digest == digest
    assert from_pandas(frame.iloc[[0, 2, 1]]).digest != digest


def test_objects_whose_values_nobody_sees_are_named_in_a_warning() -> None:
    class Thing:
        pass

    with pytest.warns(UserWarning, match=r"Thing.*digest="):
        one = from_pandas(pandas.DataFrame({"a": [Thing()]})).digest
    with pytest.warns(UserWarning, match="Thing"):
        assert from_pandas(pandas.DataFrame({"a": [Thing()]})).digest == one
    with pytest.warns(UserWarning, match="Thing"):
        assert from_numpy(numpy.array([Thing()])).digest != one


def test_arrays_count_by_shape_type_targets_and_name() -> None:
    a = numpy.zeros(6)
    datasets = [
        from_numpy(a),
        from_numpy(a.reshape(2, 3)),
        from_numpy(a.reshape(3, 2)),
        from_numpy(a.astype("f4")),
        from_numpy(a, targets=a),
        from_numpy({"a": a}),
        from_numpy({"b": a}),
        from_numpy({"a": a, "b": a}),
        from_numpy(a[:0]),
        from_numpy(a[:0].reshape(0, 3)),
        from_numpy(numpy.array(0.0)),
        from_numpy({}),
    ]
    assert len({dataset.digest for dataset in datasets}) == len(datasets)
    assert from_numpy({"a": a, "b": a[:1]}).digest == from_numpy({"b": a[:1], "a": a}).digest


def test_bytes_that_mean_nothing_do_not_count() -> None:
    fields = numpy.dtype([("a", "i1"), ("b", "f8")], align=True)
    one, other = numpy.zeros(3, fields), numpy.frombuffer(b"\xff" * 3 * fields.itemsize, fields).copy()
    other["a"], other["b"] = 0, 0.0
    assert one.tobytes() != other.tobytes()
    assert from_numpy(one).digest == from_numpy(other).digest
    masked = [pandas.arrays.IntegerArray(numpy.array([1, under]), numpy.array([False, True])) for under in (5, 6)]
    assert len({from_pandas(pandas.DataFrame({"a": column})).digest for column in masked}) == 1


def test_a_files_digest_begins_its_artifacts_digest(tmp_path: Path) -> None:
    import runstone

    path = tmp_path / "data.bin"
    path.write_bytes(b"x" * 3_000_000)
    with runstone.start_run() as run:
        runstone.log_artifact(str(path))
    stored = runstone.Client().list_artifacts(run.info.run_id)[0].digest
    assert stored is not None
    assert stored.startswith(from_path(path).digest)


def test_a_folders_digest_is_over_names_and_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.png").write_bytes(b"a")
    (folder / "deep" / "b.png").write_bytes(b"b")
    dataset = from_path(folder)
    assert (dataset.name, dataset.profile) == ("images", {"num_files": 2, "num_bytes": 2})
    copied = from_path(folder.rename(tmp_path / "elsewhere"))
    assert copied.digest == dataset.digest
    (tmp_path / "elsewhere" / "a.png").rename(tmp_path / "elsewhere" / "c.png")
    renamed = from_path(tmp_path / "elsewhere").digest
    (tmp_path / "elsewhere" / "c.png").write_bytes(b"c")
    assert len({dataset.digest, renamed, from_path(tmp_path / "elsewhere").digest}) == 3


def test_a_source_alone_has_a_digest_of_its_facts() -> None:
    assert MetaDataset("s3://a/b").digest == MetaDataset("s3://a/b").digest != MetaDataset("s3://a/c").digest


def test_polars_types_count() -> None:
    types = [
        polars.Int64, polars.Int32, polars.UInt64, polars.Float64, polars.Decimal(10, 2), polars.Decimal(10, 3), polars.Int128,
        polars.Datetime("us"), polars.Datetime("ms"), polars.Datetime("us", "UTC"), polars.Duration("us"), polars.Time,
        polars.String, polars.Categorical, polars.Enum(["a"]), polars.Enum(["a", "b"]), polars.Binary, polars.Null,
        polars.List(polars.Int64), polars.List(polars.Int32), polars.Array(polars.Int64, 2), polars.Array(polars.Int64, 3),
        polars.Struct({"a": polars.Int64}), polars.Struct({"b": polars.Int64}), polars.Object,
    ]  # fmt: skip
    for size in (0, 2):
        frames = [polars.DataFrame({"x": polars.Series([None] * size, dtype=kind)}) for kind in types]
        assert len({from_polars(frame).digest for frame in frames}) == len(types)


@pytest.mark.parametrize("shape", [(3, 400_000), (400_000, 3), (2, 1, 300_000), (700_000,)])
def test_a_large_array_counts_to_its_last_value_however_it_lies(shape: tuple[int, ...]) -> None:
    array = numpy.arange(numpy.prod(shape), dtype="<i4").reshape(shape)
    scattered = numpy.repeat(array, 2, axis=-1)[..., ::2]
    digest = from_numpy(array).digest
    assert from_numpy(numpy.asfortranarray(array)).digest == from_numpy(scattered).digest == digest
    for place in (0, -1, array.size // 2):
        changed = array.copy()
        changed.flat[place] += 1
        assert from_numpy(numpy.asfortranarray(changed)).digest == from_numpy(changed).digest != digest


@pytest.mark.parametrize(("bits", "kind"), [("<u2", "<f2"), ("<u4", "<f4"), ("<u8", "<f8"), ("<u8", "<c16")])
def test_every_nan_is_the_same(bits: str, kind: str) -> None:
    odd = numpy.array([numpy.nan, 1.0], kind)
    odd.view(bits)[0] ^= 1
    plain = numpy.array([numpy.nan, 1.0], kind)
    assert odd.tobytes() != plain.tobytes()
    assert from_numpy(odd).digest == from_numpy(plain).digest
    assert from_numpy(-plain).digest != from_numpy(plain).digest
