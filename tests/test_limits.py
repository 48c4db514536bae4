"""Every limit has a name: what is beyond it is refused with a sentence that says which one to raise, and raising it helps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runstone import MlflowClient
from runstone.entities import Metric, Param, RunTag
from runstone.errors import InvalidParameter
from runstone.operations import runs

Act = Callable[[MlflowClient, str], object]

BEYOND: dict[str, tuple[str, Act]] = {
    "RUNSTONE_BATCH_LIMIT": (
        "30",
        lambda client, run_id: client._transport.call(
            runs.log_batch, runs.LogBatch(run_id, metrics=[Metric("m", 1.0, 1, step) for step in range(31)])
        ),
    ),
    "RUNSTONE_KEY_LIMIT": ("5", lambda client, run_id: client.log_batch(run_id, params=[Param("longer", "1")])),
    "RUNSTONE_PARAM_LIMIT": ("5", lambda client, run_id: client.log_batch(run_id, params=[Param("p", "longer")])),
    "RUNSTONE_TAG_LIMIT": ("5", lambda client, run_id: client.log_batch(run_id, tags=[RunTag("t", "longer")])),
    "RUNSTONE_PAGE_LIMIT": ("5", lambda client, run_id: client.search_runs(["0"], max_results=6)),
    "RUNSTONE_FILTER_LIMIT": ("5", lambda client, run_id: client.search_runs(["0"], "tags.a = '1'")),
    "RUNSTONE_FILTER_KEYS": ("1", lambda client, run_id: client.search_runs(["0"], "tags.a = '1' and params.b = '2'")),
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_beyond_a_limit_is_told_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    client = MlflowClient(str(tmp_path / "store"))
    run_id = client.create_run("0").info.run_id
    least, act = BEYOND[name]
    monkeypatch.setenv("RUNSTONE_TRUNCATE_LONG_VALUES", "0")
    monkeypatch.setenv(name, least)
    with pytest.raises(InvalidParameter, match=name):
        act(client, run_id)
    monkeypatch.setenv(name, str(int(least) + 100))
    act(client, run_id)


def test_a_runs_name_and_user_are_as_long_as_a_tag_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = MlflowClient(str(tmp_path / "store"))
    long = "n" * 8_001
    with pytest.warns(UserWarning, match="has 8001 characters and was cut to 8000"):
        run = client.create_run("0", run_name=long)
    assert (run.info.run_name, run.data.tags["mlflow.runName"]) == (long[:-1], long[:-1])
    with pytest.warns(UserWarning, match="was cut to 8000"):
        client.update_run(run.info.run_id, name="m" * 8_001)
    assert client.get_run(run.info.run_id).info.run_name == "m" * 8_000
    monkeypatch.setenv("RUNSTONE_TRUNCATE_LONG_VALUES", "0")
    for request in (runs.CreateRun("0", run_name=long), runs.CreateRun("0", long)):
        with pytest.raises(InvalidParameter, match="RUNSTONE_TAG_LIMIT"):
            client._transport.call(runs.create_run, request)
