"""Series: chunks give back what they were given, bit for bit; the store agrees with a set of points, replays and all."""

from __future__ import annotations

import math
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.points import Store, points_of

from runstone.errors import CorruptData
from runstone.operations import series as operations
from runstone.store import points, series, summaries
from runstone.store.series import Context
from runstone.store.summaries import Summary

INTEGERS = st.integers(-(2**63), 2**63 - 1)
VALUES = st.floats(width=64) | st.floats(width=32) | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 0.0])
# few different values, so that points equal in some fields, and in all, are met
SMALL = st.tuples(
    st.integers(-2, 6), st.integers(0, 6), st.sampled_from([0.0, -0.0, 1.0, 2.5, math.nan, math.inf, -math.inf])
)
Row = tuple[int, int, float]


def bits(rows: points.Points) -> list[tuple[int, int, int]]:
    return list(zip(rows.step.tolist(), rows.timestamp.tolist(), rows.value.view("<u8").tolist(), strict=True))


@given(st.lists(st.tuples(INTEGERS, INTEGERS, VALUES), min_size=1, max_size=100))
@settings(max_examples=300)
def test_a_chunk_gives_back_what_it_was_given(rows: list[Row]) -> None:
    assert bits(points.decode(points.encode(points_of(rows)))) == bits(points_of(rows))


@given(st.integers(-5, 5), st.integers(0, 2**40), st.sampled_from([1, 100, 200, 40_000, 2**31, 2**62]))
def test_regular_steps_and_times_of_any_width_are_kept(first: int, start: int, stride: int) -> None:
    rows = [((first + stride * place) % 2**63, start + place * place, place / 3) for place in range(50)]
    assert bits(points.decode(points.encode(points_of(rows)))) == bits(points_of(rows))


@given(st.lists(st.tuples(INTEGERS, INTEGERS, VALUES), min_size=1, max_size=20), st.data())
def test_a_chunk_with_a_wrong_bit_is_refused(rows: list[Row], data: st.DataObject) -> None:
    chunk = bytearray(points.encode(points_of(rows)))
    place = data.draw(st.integers(0, 8 * len(chunk) - 1))
    chunk[place // 8] ^= 1 << place % 8
    with pytest.raises(CorruptData):
        points.decode(bytes(chunk))
    with pytest.raises(CorruptData):
        points.decode(bytes(chunk[: data.draw(st.integers(0, len(chunk) - 1))]))


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        yield Store(Path(folder))


@given(st.lists(st.lists(SMALL, min_size=1, max_size=30), min_size=1, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_store_agrees_with_a_set_whatever_is_sent_twice(
    store: Store, batches: list[list[Row]], random: object
) -> None:
    run_id = store.new_run()
    sent: list[list[Row]] = []
    for batch in batches:
        sent.append(batch)
        sent.append(random.choice(sent))  # type: ignore[attr-defined]
    for batch in sent:
        columns = points_of(batch)
        request = operations.LogPoints(
            run_id, [operations.SeriesPoints("m", *(column.tobytes() for column in columns))]
        )
        store.transport.call(operations.log_points, request)
    oracle = {(step, time, struct.pack("<d", value)) for batch in batches for step, time, value in batch}
    with store.transport._engine.database.read() as connection:
        run = connection.execute("SELECT id FROM run WHERE run_id = ?", (run_id,)).fetchone()[0]
        ((context, found),) = series.history(connection, run, "m")
        (summary,) = summaries.read(connection, run)
    assert context == Context("m")
    kept = [(step, time, struct.pack("<Q", value)) for step, time, value in bits(found)]
    assert len(kept) == len(set(kept))
    assert set(kept) == oracle
    check_summary(summary, [(step, time, struct.unpack("<d", value)[0]) for step, time, value in oracle])


def check_summary(summary: Summary, rows: list[Row]) -> None:
    def rank(row: Row) -> Row:
        return row[0], row[1], -math.inf if math.isnan(row[2]) else row[2]

    def none(value: float) -> float | None:
        return None if math.isnan(value) else value

    numbers = [value for _, _, value in rows if not math.isnan(value)]
    last, first = max(map(rank, rows)), min(map(rank, rows))
    assert summary.count == len(rows)
    assert (summary.last_step, summary.last_timestamp) == last[:2]
    assert (summary.first_step, summary.first_timestamp) == first[:2]
    assert summary.last_value in [none(row[2]) for row in rows if rank(row) == last]
    assert summary.first_value in [none(row[2]) for row in rows if rank(row) == first]
    assert summary.min_value == (min(numbers) if numbers else None)
    assert summary.max_value == (max(numbers) if numbers else None)


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=40))
@settings(max_examples=20, deadline=None)
def test_a_series_fed_in_batches_of_any_size_has_few_chunks(store: Store, sizes: list[int]) -> None:
    run_id, start = store.new_run(), 0
    for size in sizes:
        steps = numpy.arange(start, start + size)
        columns = (steps.tobytes(), steps.tobytes(), (steps / 7).tobytes())
        store.transport.call(
            operations.log_points, operations.LogPoints(run_id, [operations.SeriesPoints("m", *columns)])
        )
        start += size
    with store.transport._engine.database.read() as connection:
        rows = connection.execute(
            "SELECT count FROM series_chunk JOIN series ON series.id = series JOIN run ON run.id = series.run"
            " WHERE run_id = ? ORDER BY number",
            (run_id,),
        ).fetchall()
    counts = [count for (count,) in rows]
    assert sum(counts) == start
    assert max(counts) <= series.CHUNK_POINTS
    # Full ones, and at the end up to three of each size that is less than half of the one before.
    assert len(counts) <= 2 * start / series.CHUNK_POINTS + 3 * math.log2(series.CHUNK_POINTS)


def test_a_series_fed_point_by_point_has_three_chunks_of_a_size_at_the_most(store: Store) -> None:
    run_id = store.new_run()
    for step in range(300):
        column = numpy.array([step], "<i8").tobytes()
        request = operations.LogPoints(run_id, [operations.SeriesPoints("m", column, column, column)])
        store.transport.call(operations.log_points, request)
    with store.transport._engine.database.read() as connection:
        rows = connection.execute(
            "SELECT count FROM series_chunk JOIN series ON series.id = series JOIN run ON run.id = series.run"
            " WHERE run_id = ? ORDER BY number",
            (run_id,),
        ).fetchall()
    assert [count for (count,) in rows] == [256, 16, 16, 4, 4, 4]
