"""Tables of runs: windows of chosen columns, in an order that stands still."""

from __future__ import annotations

import math

import pytest
from tests.support.columns import LEAST, LOSS, RATE, TEAM

import runstone
from runstone.client import Client
from runstone.errors import InvalidParameter
from runstone.operations.run_order import EXPERIMENTS
from runstone.operations.run_table import COLUMNS, WINDOW, Column

pytestmark = pytest.mark.everywhere


def trained(losses: list[float]) -> str:
    with runstone.start_run() as run:
        runstone.log_param("lr", losses[0])
        runstone.set_tag("team", "vision")
        for step, loss in enumerate(losses):
            runstone.log_metric("loss", loss, step=step)
    return run.info.run_id


def test_a_window_has_a_cell_for_each_column() -> None:
    one, other = trained([0.5, 0.25, 0.75]), trained([0.25, math.nan])
    table = Client().get_run_table(
        ["0"], [LOSS, LEAST, RATE, TEAM, Column("param", "none")], order_by=["metrics.loss.min DESC"]
    )
    # both have the same least loss: the newest is first
    assert {row.run_id: row.cells for row in table.rows} == {
        one: [0.75, 0.25, "0.5", "vision", None],
        other: ["NaN", 0.25, "0.25", "vision", None],
    }
    assert (table.total, table.all) == (2, 2)


def test_the_order_of_a_stamp_stands_still() -> None:
    runs = [trained([float(number)]) for number in range(5)]
    client = Client()
    first = client.get_run_table(["0"], order_by=["metrics.loss ASC"], limit=2)
    assert [row.run_id for row in first.rows] == runs[:2]
    added = trained([-1.0])
    second = client.get_run_table(["0"], order_by=["metrics.loss ASC"], offset=2, limit=3, stamp=first.stamp)
    assert [row.run_id for row in second.rows] == runs[2:]
    anew = client.get_run_table(["0"], order_by=["metrics.loss ASC"], limit=1)
    assert ([row.run_id for row in anew.rows], anew.total) == ([added], 6)


def test_a_filter_says_how_many_it_finds_of_how_many() -> None:
    for loss in (1.0, 2.0, 3.0):
        trained([loss])
    table = Client().get_run_table(["0"], filter_string="metrics.loss > 1.5")
    assert (table.total, table.all, len(table.rows)) == (2, 3, 2)
    with pytest.raises(InvalidParameter, match="metrics"):
        Client().get_run_table(["0"], filter_string="metrics.loss >")


def test_a_row_knows_its_parent_its_children_and_its_colour() -> None:
    with runstone.start_run() as parent:
        runstone.set_tag("mlflow.runColor", "#123456")
        children = []
        for _ in range(3):
            with runstone.start_run(nested=True) as child:
                children.append(child.info.run_id)
    rows = {row.run_id: row for row in Client().get_run_table(["0"]).rows}
    assert (rows[parent.info.run_id].children, rows[parent.info.run_id].colour) == (3, "#123456")
    assert {rows[child].parent for child in children} == {parent.info.run_id}


def test_the_columns_there_are_come_by_how_many_runs_have_them() -> None:
    trained([1.0])
    with runstone.start_run():
        runstone.log_param("depth", 3)
        runstone.log_metric("loss", 1.0)
    columns = Client().get_run_columns(["0"])
    assert [(key.key, key.runs) for key in columns.metrics] == [("loss", 2)]
    assert [(key.key, key.runs) for key in columns.params] == [("depth", 1), ("lr", 1)]


@pytest.mark.parametrize(
    "asked",
    [
        {"columns": [Column("metric", "loss", "mean")]},
        {"columns": [Column("file", "loss")]},
        {"columns": [LOSS] * (COLUMNS + 1)},
        {"limit": WINDOW + 1},
        {"limit": 0},
        {"offset": -1},
        {"experiment_ids": ["nothing"]},
    ],
    ids=str,
)
def test_what_no_table_has_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(InvalidParameter):
        Client().get_run_table(**{"experiment_ids": ["0"], **asked})  # type: ignore[arg-type]


def family() -> dict[str, str]:
    """Ids by name of: a parent with two children, the first of which has one; a run alone."""
    ids = {}
    for name, parent in (("parent", ""), ("one", "parent"), ("grandchild", "one"), ("two", "parent"), ("alone", "")):
        with runstone.start_run(run_name=name) as run:
            if parent:
                runstone.set_tag("mlflow.parentRunId", ids[parent])
            ids[name] = run.info.run_id
    return ids


def test_nested_runs_stand_below_their_parents_where_those_are_open() -> None:
    ids = family()
    client = Client()

    def shown(*names: str) -> list[tuple[str, int, int]]:
        table = client.get_run_table(
            ["0"], order_by=["start_time ASC"], nested=True, open=[ids[name] for name in names]
        )
        assert (table.total, table.found) == (len(table.rows), 5)
        return [(row.run_name, row.depth, row.children) for row in table.rows]

    assert shown() == [("parent", 0, 2), ("alone", 0, 0)]
    assert shown("parent", "one") == [
        ("parent", 0, 2),
        ("one", 1, 1),
        ("grandchild", 2, 0),
        ("two", 1, 0),
        ("alone", 0, 0),
    ]
    assert shown("one") == shown()


def test_no_run_is_lost_where_parents_go_in_a_circle_or_are_not_in_the_table() -> None:
    ids = family()
    client = Client()
    client.set_tag(ids["parent"], "mlflow.parentRunId", ids["grandchild"])
    client.set_tag(ids["alone"], "mlflow.parentRunId", ids["alone"])
    rows = client.get_run_table(["0"], nested=True, open=list(ids.values())).rows
    assert sorted(row.run_id for row in rows) == sorted(ids.values())
    client.delete_run(ids["parent"])
    rows = client.get_run_table(["0"], nested=True, order_by=["start_time ASC"]).rows
    assert [row.run_name for row in rows] == ["one", "two", "alone"]


def test_ids_of_a_range_are_in_the_order_of_the_table() -> None:
    runs = [trained([float(number)]) for number in range(5)]
    client = Client()
    table = client.get_run_table(["0"], order_by=["metrics.loss ASC"], limit=1)
    trained([-1.0])
    asked = {"order_by": ["metrics.loss ASC"], "stamp": table.stamp}
    assert client.get_run_ids(["0"], offset=1, limit=3, **asked) == runs[1:4]  # type: ignore[arg-type]
    assert client.get_run_ids(["0"], **asked) == runs  # type: ignore[arg-type]


def test_a_stamp_gives_nobody_the_rows_of_another_search() -> None:
    one, other = trained([1.0]), trained([2.0])
    client = Client()
    stamp = client.get_run_table(["0"], filter_string="metrics.loss < 1.5").stamp
    rows = client.get_run_table(["0"], filter_string="metrics.loss > 1.5", stamp=stamp).rows
    assert [row.run_id for row in rows] == [other]
    assert client.get_run_ids(["0"], filter_string="metrics.loss < 1.5", stamp=stamp) == [one]


def test_the_values_there_are_come_by_how_many_runs_have_them() -> None:
    for optimizer in ("adam", "sgd", "Adamax", "adam"):
        with runstone.start_run():
            runstone.log_param("optimizer", optimizer)
    client = Client()
    assert [(one.value, one.runs) for one in client.get_run_values(["0"], "optimizer")] == [
        ("adam", 2),
        ("Adamax", 1),
        ("sgd", 1),
    ]
    assert [one.value for one in client.get_run_values(["0"], "optimizer", part="ADAM")] == ["adam", "Adamax"]
    with pytest.raises(InvalidParameter, match="param or a tag"):
        client.get_run_values(["0"], "loss", kind="metric")


def test_a_run_keeps_its_number_whatever_becomes_of_others() -> None:
    first, second = trained([1.0]), trained([2.0])
    client = Client()
    numbers = client.get_run_numbers([second, "f" * 32, first])
    assert numbers[1] == 0
    assert numbers[0] == numbers[2] + 1
    assert {row.run_id: row.number for row in client.get_run_table(["0"]).rows} == {
        first: numbers[2],
        second: numbers[0],
    }
    client.delete_run(second)
    third = trained([3.0])
    assert client.get_run_numbers([first, second, third]) == [numbers[2], numbers[0], numbers[0] + 1]
    with pytest.raises(InvalidParameter, match="2001 runs"):
        client.get_run_numbers([first] * 2_001)


def test_texts_of_one_answer_are_bounded_however_often_a_column_is_asked_for() -> None:
    client = Client()
    for _ in range(20):
        client.create_run("0", tags={"long": "x" * 8_000})
    many = [Column("tag", "long")] * COLUMNS
    with pytest.raises(InvalidParameter, match="fewer rows or columns"):
        client.get_run_table(["0"], many)
    assert len(client.get_run_table(["0"], many, limit=5).rows) == 5


def test_an_experiment_that_is_named_many_times_counts_once() -> None:
    trained([1.0])
    client = Client()
    assert [key.runs for key in client.get_run_columns(["0"] * EXPERIMENTS).params] == [1]
    for ask in (client.get_run_columns, client.get_run_table, lambda ids: client.get_run_values(ids, "lr")):
        with pytest.raises(InvalidParameter, match="experiments"):
            ask(["0"] * (EXPERIMENTS + 1))
