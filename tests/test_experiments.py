"""Experiments: made, found, renamed, deleted, restored, tagged."""

from __future__ import annotations

import pytest

import runstone
from runstone.errors import AlreadyExists, BadRequest, InvalidParameter, NotFound

pytestmark = pytest.mark.everywhere


def test_the_default_experiment_is_number_zero() -> None:
    assert runstone.get_experiment("0").name == "Default"
    with runstone.start_run() as run:
        assert run.info.experiment_id == "0"


def test_setting_an_experiment_makes_it_once_and_sends_runs_there() -> None:
    first = runstone.set_experiment("digits")
    again = runstone.set_experiment("digits")
    assert first.experiment_id == again.experiment_id
    with runstone.start_run() as run:
        assert run.info.experiment_id == first.experiment_id
    with pytest.raises(InvalidParameter):
        runstone.set_experiment()


def test_names_are_unique_also_among_the_deleted() -> None:
    number = runstone.create_experiment("digits", tags={"team": 1})
    assert runstone.get_experiment(number).tags == {"team": "1"}
    with pytest.raises((AlreadyExists, BadRequest)) as caught:  # a server tells the code, not the class
        runstone.create_experiment("digits")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"
    runstone.delete_experiment(number)
    with pytest.raises(AlreadyExists, match="restore_experiment"):
        runstone.create_experiment("digits")
    with pytest.raises(InvalidParameter, match="deleted"):
        runstone.set_experiment("digits")


def test_deleting_takes_the_runs_along_and_restoring_brings_them_back() -> None:
    experiment = runstone.set_experiment("digits")
    with runstone.start_run() as run:
        pass
    runstone.delete_experiment(experiment.experiment_id)
    assert runstone.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(NotFound):
        runstone.delete_experiment(experiment.experiment_id)
    runstone.restore_experiment(experiment.experiment_id)
    assert runstone.get_run(run.info.run_id).info.lifecycle_stage == "active"


def test_renaming_keeps_the_number_and_refuses_a_name_in_use() -> None:
    client = runstone.Client()
    number = client.create_experiment("digits")
    client.create_experiment("letters")
    client.rename_experiment(number, "numerals")
    assert client.get_experiment(number).name == "numerals"
    assert client.get_experiment_by_name("digits") is None
    with pytest.raises((AlreadyExists, BadRequest)) as caught:  # a server tells the code, not the class
        client.rename_experiment(number, "letters")
    assert caught.value.error_code == "BAD_REQUEST"


@pytest.mark.parametrize("wrong", ["", None, 7, "x" * 501])
def test_a_name_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidParameter):
        runstone.create_experiment(wrong)  # type: ignore[arg-type]


def test_missing_experiments_are_none_by_name_and_an_error_by_number() -> None:
    assert runstone.get_experiment_by_name("nowhere") is None
    with pytest.raises(NotFound) as caught:
        runstone.get_experiment("77")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(InvalidParameter):
        runstone.get_experiment("seven")


def test_tags_are_set_replaced_and_taken_away() -> None:
    experiment = runstone.set_experiment("digits")
    runstone.set_experiment_tags({"a": 1, "b": 2})
    runstone.set_experiment_tag("a", 3)
    runstone.delete_experiment_tag("b")
    assert runstone.get_experiment(experiment.experiment_id).tags == {"a": "3"}
    with pytest.raises(NotFound):
        runstone.delete_experiment_tag("b")


def test_searching_lists_the_newest_first_and_pages_through_all() -> None:
    numbers = [runstone.create_experiment(f"e{number}") for number in range(5)]
    assert [experiment.experiment_id for experiment in runstone.search_experiments()] == [*reversed(numbers), "0"]
    page = runstone.Client().search_experiments(max_results=4)
    assert len(page) == 4
    rest = runstone.Client().search_experiments(max_results=4, page_token=page.token)
    assert [e.experiment_id for e in rest] == [numbers[0], "0"]
    assert rest.token is None
