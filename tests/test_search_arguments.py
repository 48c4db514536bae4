"""What a search is given besides its filter: what it is ordered by, and where it looks."""

from __future__ import annotations

import pytest

import runstone
from runstone.errors import InvalidParameter


def test_a_text_is_no_list_of_clauses() -> None:
    client = runstone.Client()
    for ask in (
        lambda text: client.search_runs(["0"], order_by=text),
        lambda text: client.search_experiments(order_by=text),
        lambda text: client.search_registered_models(order_by=text),
        lambda text: client.search_model_versions(order_by=text),
    ):
        with pytest.raises(InvalidParameter, match=r"write order_by=\['name DESC'\]"):
            ask("name DESC")


def test_an_experiment_that_is_not_there_is_told_of() -> None:
    runstone.set_experiment("there")
    with runstone.start_run():
        pass
    with pytest.warns(UserWarning, match="There is no experiment 'their': nothing is found there"):
        found = runstone.search_runs(experiment_names=["there", "their"], output_format="list")
    assert len(found) == 1


def test_more_experiments_than_a_statement_takes_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="Search 30000 at a time"):
        runstone.Client().search_runs(["0"] * 30_001)
    assert runstone.Client().search_runs(["0"] * 30_000) == []
