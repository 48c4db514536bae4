"""Values of many runs by columns: each run has a place in every one."""

from __future__ import annotations

import math
import struct

import pytest
from tests.support.columns import LEAST, LOSS, RATE, TEAM

import runstone
from runstone.client import Client
from runstone.errors import InvalidParameter
from runstone.operations.run_matrix import MOST_COLUMNS, MOST_RUNS, ColumnValues
from runstone.operations.run_table import Column

pytestmark = pytest.mark.everywhere


def trained(loss: list[float], lr: str | None = None, team: str | None = None) -> str:
    with runstone.start_run() as run:
        if lr:
            runstone.log_param("lr", lr)
        if team:
            runstone.set_tag("team", team)
        for step, value in enumerate(loss):
            runstone.log_metric("loss", value, step=step)
    return run.info.run_id


def numbers(column: ColumnValues) -> list[float]:
    return list(struct.unpack(f"<{len(column.numbers) // 8}d", column.numbers))


def texts(column: ColumnValues) -> list[str | None]:
    places = struct.unpack(f"<{len(column.places) // 4}i", column.places)
    return [None if place < 0 else column.texts[place] for place in places]


def test_each_run_has_a_place_in_every_column() -> None:
    runs = [trained([3, 1, 2], "0.1", "vision"), trained([5, math.inf], "0.2"), trained([], "0.1", "vision")]
    values = Client().get_run_matrix(["0"], [LOSS, LEAST, RATE, TEAM], order_by=["attributes.start_time ASC"])
    assert (values.run_ids, values.total) == (runs, 3)
    assert numbers(values.columns[0])[:2] == [2, math.inf]
    assert math.isnan(numbers(values.columns[0])[2])
    assert numbers(values.columns[1])[:2] == [1, 5]
    assert texts(values.columns[2]) == ["0.1", "0.2", "0.1"]
    assert sorted(values.columns[2].texts) == ["0.1", "0.2"]
    assert texts(values.columns[3]) == ["vision", None, "vision"]


def test_a_filter_says_how_many_it_finds_though_fewer_come() -> None:
    for loss in (1.0, 2.0, 3.0):
        trained([loss])
    values = Client().get_run_matrix(["0"], [LOSS], "metrics.loss > 1.5", ["metrics.loss DESC"], 1)
    assert (numbers(values.columns[0]), len(values.run_ids), values.total) == ([3.0], 1, 2)


@pytest.mark.parametrize(
    "asked",
    [
        {"columns": [Column("file", "loss")]},
        {"columns": [LOSS] * (MOST_COLUMNS + 1)},
        {"limit": MOST_RUNS + 1},
        {"limit": 0},
        {"filter_string": "metrics.loss >"},
    ],
    ids=str,
)
def test_what_no_answer_has_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(InvalidParameter):
        Client().get_run_matrix(**{"experiment_ids": ["0"], "columns": [LOSS], **asked})  # type: ignore[arg-type]


def test_of_more_experiments_than_a_table_has_there_is_no_answer() -> None:
    with pytest.raises(InvalidParameter, match="1001 experiments"):
        Client().get_run_matrix(["0"] * 1_001, [LOSS])


def test_texts_of_one_answer_are_bounded_however_often_a_column_is_asked_for() -> None:
    client = Client()
    for number in range(85):
        client.create_run("0", tags={"long": f"{number:08}" * 1_000})
    columns = [Column("tag", "long")] * MOST_COLUMNS
    with pytest.raises(InvalidParameter, match="fewer rows or columns"):
        client.get_run_matrix(["0"], columns)
    assert len(client.get_run_matrix(["0"], columns, limit=5).columns[0].texts) == 5
