"""Groups of runs: by what they have in common, with how their metrics lie."""

from __future__ import annotations

import math
import statistics

import pytest

import runstone
from runstone.client import Client
from runstone.errors import InvalidParameter
from runstone.operations import run_groups
from runstone.operations.run_groups import GroupCell
from runstone.operations.run_table import Column

pytestmark = pytest.mark.everywhere

RATE, TEAM, LOSS = Column("param", "lr"), Column("tag", "team"), Column("metric", "loss")


def trained(rate: str | None, *losses: float, team: str = "vision") -> str:
    with runstone.start_run() as run:
        runstone.set_tag("team", team)
        if rate is not None:
            runstone.log_param("lr", rate)
        for step, loss in enumerate(losses):
            runstone.log_metric("loss", loss, step=step)
    return run.info.run_id


def test_a_group_has_the_mean_and_the_deviation_of_its_runs() -> None:
    runs = [trained("0.1", 9.0, loss) for loss in (0.25, 0.5, 1.5)]
    trained("0.01", 0.125)
    answer = Client().get_run_groups(["0"], [RATE], [LOSS, Column("metric", "loss", "max"), Column("metric", "none")])
    assert (answer.total, answer.found) == (2, 4)
    large, small = answer.groups
    assert (large.values, large.runs, sorted(large.run_ids)) == (["0.1"], 3, sorted(runs))
    losses, most, none = large.cells
    assert losses == GroupCell(3, 0.75, pytest.approx(statistics.stdev([0.25, 0.5, 1.5])), 0.25, 1.5)
    assert (most, none) == (GroupCell(3, 9.0, 0.0, 9.0, 9.0), None)
    assert (small.values, small.cells[0]) == (["0.01"], GroupCell(1, 0.125, None, 0.125, 0.125))


def test_runs_without_a_key_are_a_group_and_nan_is_counted_apart() -> None:
    trained(None, math.nan)
    trained(None, 2.0, team="speech")
    trained("0.1", math.nan, team="speech")
    client = Client()
    by_rate = {tuple(one.values): one for one in client.get_run_groups(["0"], [RATE], [LOSS]).groups}
    assert by_rate[None,].cells == [GroupCell(1, 2.0, None, 2.0, 2.0, nans=1)]
    assert by_rate["0.1",].cells == [GroupCell(0, nans=1)]
    both = client.get_run_groups(["0"], [RATE, TEAM], filter_string="tags.team = 'speech'").groups
    assert sorted((one.values for one in both), key=str) == [["0.1", "speech"], [None, "speech"]]


@pytest.mark.parametrize(
    "asked",
    [
        {"by": []},
        {"by": [RATE] * 5},
        {"by": [LOSS]},
        {"by": [RATE], "columns": [RATE]},
        {"by": [RATE], "columns": [LOSS] * 61},
        {"by": [RATE], "filter_string": "metrics.loss >"},
    ],
    ids=str,
)
def test_what_cannot_be_grouped_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(InvalidParameter):
        Client().get_run_groups(["0"], **asked)  # type: ignore[arg-type]


def test_texts_that_are_grouped_by_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        Client().create_run("0", tags={"long": "x" * 100})
    monkeypatch.setattr(run_groups, "LETTERS", 1_000)
    long = Column("tag", "long")
    assert [one.runs for one in Client().get_run_groups(["0"], [long] * 3).groups] == [3]
    with pytest.raises(InvalidParameter, match="more than 1,000 letters"):
        Client().get_run_groups(["0"], [long] * 4)
