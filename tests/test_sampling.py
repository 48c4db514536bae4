"""Series as charts draw them: exact while all points fit, and what a part of the axis holds where they do not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import runstone
from runstone.client import Client
from runstone.errors import InvalidParameter
from runstone.operations import sampling
from runstone.operations.sampling import BUCKETS, CELLS, KEYS, RUNS, Chart

pytestmark = pytest.mark.everywhere


def logged(key: str, values: Sequence[float], steps: Sequence[int] | None = None) -> str:
    with runstone.start_run() as run:
        for place, value in enumerate(values):
            runstone.log_metric(key, value, step=place if steps is None else steps[place])
    return run.info.run_id


def places(chart: Chart) -> list[float]:
    return numpy.frombuffer(chart.x, "<f8").tolist()


def values(chart: Chart, line: int = 0) -> list[float]:
    return numpy.frombuffer(chart.lines[line].values, "<f4").tolist()


def test_few_points_are_told_as_they_are_on_one_axis() -> None:
    one, other = logged("loss", [3, 2, 1]), logged("loss", [5, 4], [1, 7])
    (chart,) = Client().sample_series([one, other], ["loss", "missing"])
    assert (chart.key, chart.exact, places(chart)) == ("loss", True, [0, 1, 2, 7])
    assert values(chart)[:3] == [3, 2, 1]
    assert math.isnan(values(chart)[3])
    assert [values(chart, 1)[1], values(chart, 1)[3]] == [5, 4]


def test_of_many_points_each_part_keeps_its_least_and_its_greatest() -> None:
    run = logged("loss", [float((7 * step) % 100) for step in range(400)])
    (chart,) = Client().sample_series([run], ["loss"], buckets=4)
    assert (chart.exact, len(places(chart)), chart.lines[0].count) == (False, 8, 400)
    assert sorted(values(chart)) == [0, 0, 0, 0, 99, 99, 99, 99]
    (means,) = Client().sample_series([run], ["loss"], buckets=4, means=True)
    assert [round(value, 1) for value in values(means)] == [49.5] * 4


def test_zooming_tells_all_points_of_a_part_and_one_beyond_each_end() -> None:
    run = logged("loss", [float(step) for step in range(400)])
    (chart,) = Client().sample_series([run], ["loss"], start=100, end=103, buckets=4)
    assert (chart.exact, places(chart), values(chart)) == (
        True,
        [99, 100, 101, 102, 103, 104],
        [99, 100, 101, 102, 103, 104],
    )


def test_nan_is_a_gap_and_is_counted() -> None:
    (chart,) = Client().sample_series([logged("loss", [1, math.nan, 3])], ["loss"])
    assert math.isnan(values(chart)[1])
    assert (chart.lines[0].nans, chart.lines[0].count) == (1, 3)


def test_where_nan_is_is_told() -> None:
    run = logged("loss", [5, 4, math.nan, 3])
    (chart,) = Client().sample_series([run], ["loss"])
    assert numpy.frombuffer(chart.lines[0].nan_x, "<f8").tolist() == [2]


def test_means_come_beside_the_extremes_where_both_are_asked_for() -> None:
    run = logged("loss", [float((7 * step) % 100) for step in range(400)])
    (chart,) = Client().sample_series([run], ["loss"], buckets=4, both=True)
    (means,) = Client().sample_series([run], ["loss"], buckets=4, means=True)
    assert sorted(values(chart)) == [0, 0, 0, 0, 99, 99, 99, 99]
    assert (chart.lines[0].means, len(means.lines[0].means)) == (means.lines[0].values, 0)
    (exact,) = Client().sample_series([run], ["loss"], start=0, end=3, buckets=4, both=True)
    assert (exact.exact, exact.lines[0].means) == (True, b"")


def test_over_time_and_over_another_metric() -> None:
    with runstone.start_run() as run:
        for step in range(3):
            runstone.log_metric("loss", 10 - step, step=step, timestamp=1_000_000 + 2_000 * step)
            runstone.log_metric("tokens", 1_000 * step, step=step)
    client, run_id = Client(), run.info.run_id
    assert places(client.sample_series([run_id], ["loss"], x="relative")[0]) == [0, 2, 4]
    assert places(client.sample_series([run_id], ["loss"], x="time")[0]) == [1000, 1002, 1004]
    chart = client.sample_series([run_id], ["loss"], x="metric:tokens")[0]
    assert (places(chart), values(chart)) == ([0, 1000, 2000], [10, 9, 8])


@pytest.mark.folder
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.floats(width=32, allow_infinity=False), min_size=1, max_size=300),
    st.integers(2, 40),
    st.booleans(),
)
def test_no_extreme_is_lost_and_none_is_made(given_values: list[float], buckets: int, log: bool) -> None:
    from runstone.operations import sampling
    from runstone.operations.sampling import SampleSeries, _chart, _Given

    x = numpy.arange(len(given_values), dtype="<f8")
    line = _Given("r", x, numpy.array(given_values, "<f8"))
    chart = _chart("k", [line], SampleSeries(buckets=buckets, log=log))
    assert len(places(chart)) == len(values(chart))
    assert buckets <= sampling.BUCKETS
    known = [value for value in given_values if not math.isnan(value)]
    drawn = [value for value in values(chart) if not math.isnan(value)]
    if not log:
        assert bool(known) == bool(drawn)
        if known:
            assert (min(drawn), max(drawn)) == (min(known), max(known))
    assert set(drawn) <= set(known)


@pytest.mark.parametrize(
    "asked",
    [
        {"run_ids": ["r"] * (RUNS + 1)},
        {"keys": ["k"] * (KEYS + 1)},
        {"x": "epoch"},
        {"buckets": 1},
        {"buckets": BUCKETS + 1},
        {"run_ids": ["r"] * RUNS, "keys": ["k"] * KEYS, "buckets": CELLS // (RUNS * KEYS)},
    ],
    ids=["runs", "keys", "x", "few", "many", "cells"],
)
def test_what_no_answer_has_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(InvalidParameter):
        Client().sample_series(**{"run_ids": ["r"], "keys": ["loss"], **asked})  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", [{"start": math.inf}, {"end": -math.inf}, {"start": math.nan}], ids=str)
def test_a_part_of_the_axis_begins_and_ends_somewhere(asked: dict[str, float]) -> None:
    with pytest.raises(InvalidParameter, match="axis"):
        Client().sample_series([], ["loss"], **asked)


def test_a_logarithmic_axis_ends_at_the_least_number_there_is() -> None:
    run = logged("loss", [float(step) for step in range(10)], range(-10, 0))
    assert Client().sample_series([run], ["loss"], end=5e-324, buckets=2, log=True)


@pytest.mark.parametrize("x", ["step", "metric:tokens"])
@pytest.mark.parametrize("held", [50, 150])
def test_lines_that_are_too_long_to_be_held_are_read_twice_and_make_the_same_charts(
    x: str, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    for factor in (1, -3):
        with runstone.start_run() as run:
            for key in ("loss", "accuracy", "tokens"):
                for step in range(50):
                    runstone.log_metric(key, math.nan if step == 7 else factor * step, step=step)
        runs.append(run.info.run_id)
    client = Client()

    def asked() -> list[list[Chart]]:
        ways: list[dict[str, Any]] = [{}, {"means": True}, {"both": True}, {"log": True}, {"start": 3, "end": 6}]
        return [client.sample_series(runs, ["loss", "accuracy"], x=x, buckets=4, **way) for way in ways]

    whole = asked()
    monkeypatch.setattr(sampling, "HELD", held)
    assert asked() == whole
