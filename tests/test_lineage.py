"""What came from what: a graph over runs, versions, models and datasets, bounded and safe from circles; on a folder and on a server."""

from __future__ import annotations

from pathlib import Path

import pytest

import runstone
from runstone.entities import Dataset, DatasetInput, LoggedModelInput
from runstone.entities.artifact_versions import Lineage
from runstone.errors import InvalidParameter, NotFound

pytestmark = pytest.mark.everywhere


def client() -> runstone.Client:
    return runstone.Client(runstone.get_tracking_uri())


@pytest.fixture
def told(store_at: str) -> dict[str, str]:
    """A preparation, a training and an evaluation; and what each made. Names to nodes' ids."""
    Path("raw.csv").write_text("raw")
    Path("features.csv").write_text("features")
    with runstone.start_run(run_name="prepare") as prepare:
        client().log_inputs(
            prepare.info.run_id, [DatasetInput(Dataset("survey", "12ab", "http", "http://there/s.csv"), [])]
        )
        runstone.log_artifact("features.csv", name="features")
    with runstone.start_run(run_name="train") as train:
        runstone.use_artifact("features:latest")
        model = runstone.initialize_logged_model("forest")
        runstone.finalize_logged_model(model.model_id, "READY")
    runstone.register_model(f"models:/{model.model_id}", "classifier")
    with runstone.start_run(run_name="evaluate") as evaluate:
        runstone.use_artifact("features:v0")
        client().log_inputs(evaluate.info.run_id, models=[LoggedModelInput(model.model_id)])
        runstone.log_artifact("raw.csv", name="report")
    return {
        "survey": "dataset/survey@12ab",
        "prepare": f"run/{prepare.info.run_id}",
        "features": "artifact/features:v0",
        "train": f"run/{train.info.run_id}",
        "forest": f"model/{model.model_id}",
        "classifier": "registered/classifier/1",
        "evaluate": f"run/{evaluate.info.run_id}",
        "report": "artifact/report:v0",
    }


def edges(found: Lineage, told: dict[str, str]) -> set[tuple[str, str, str]]:
    names = {node: name for name, node in told.items()}
    return {(names[edge.source], edge.how, names[edge.target]) for edge in found.edges}


ALL = {
    ("survey", "used", "prepare"),
    ("prepare", "produced", "features"),
    ("features", "used", "train"),
    ("features", "used", "evaluate"),
    ("train", "produced", "forest"),
    ("forest", "registered", "classifier"),
    ("forest", "used", "evaluate"),
    ("evaluate", "produced", "report"),
}


def test_a_version_of_a_registered_model_is_named_as_everywhere(told: dict[str, str]) -> None:
    client().set_registered_model_alias("classifier", "champion", "1")
    for of in ("classifier/1", "classifier@champion", "models:/classifier/1", "models:/classifier@champion"):
        assert client().lineage(of).root == told["classifier"], of
    assert client().lineage(f"models:/{told['forest'].partition('/')[2]}").root == told["forest"]
    for of in ("classifier/2", "classifier@none", "none@champion"):
        with pytest.raises(NotFound, match="NAME@ALIAS"):
            client().lineage(of)


def test_what_a_thing_came_from_and_what_came_from_it(told: dict[str, str]) -> None:
    down = client().lineage(told["survey"], depth=10, direction="down")
    assert edges(down, told) == ALL
    assert {node.id for node in down.nodes} == set(told.values())
    assert {node.name: node.depth for node in down.nodes} == {
        "survey": 0, "prepare": 1, "features:v0": 2, "train": 3, "evaluate": 3, "forest": 4, "report:v0": 4, "classifier version 1": 5,
    }  # fmt: skip
    up = client().lineage(told["classifier"], depth=10, direction="up")
    assert edges(up, told) == {edge for edge in ALL if edge[2] not in ("evaluate", "report")}
    both = client().lineage("features:latest", depth=1)
    assert edges(both, told) == {edge for edge in ALL if "features" in (edge[0], edge[2])}
    assert both.root == told["features"]
    assert not both.truncated


def test_it_is_asked_by_a_runs_id_a_models_id_a_reference_or_a_nodes_id(told: dict[str, str]) -> None:
    for name, node in told.items():
        assert client().lineage(node).root == node, name
    for name in ("prepare", "forest"):
        assert client().lineage(told[name].partition("/")[2]).root == told[name]
    assert client().lineage("features").root == told["features"]
    shown = {node.id: node.details for node in client().lineage(told["train"], depth=0).nodes}
    assert (shown[told["train"]]["status"], shown[told["train"]]["experiment_id"]) == ("FINISHED", "0")


@pytest.mark.parametrize(
    "of", ["nothing", "run/nothing", "artifact/no:v1", "registered/a/x", "registered/a", "model/", "dataset/x", "a:b:c"]
)
def test_what_is_not_there_is_said(of: str) -> None:
    with pytest.raises((NotFound, InvalidParameter)):
        client().lineage(of)


def test_a_direction_that_is_none_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(InvalidParameter, match="direction"):
        client().lineage(told["train"], direction="sideways")


def test_a_circle_ends(store_at: str) -> None:
    Path("weights").write_text("state")
    with runstone.start_run() as run:
        runstone.log_artifact("weights", name="weights")
        runstone.use_artifact("weights")  # what it made itself
    found = client().lineage(run.info.run_id, depth=100)
    assert {node.kind for node in found.nodes} == {"run", "artifact"}
    assert {edge.how for edge in found.edges} == {"used", "produced"}


def test_more_than_may_be_told_is_said_to_be_more(store_at: str) -> None:
    Path("data").write_text("data")
    store = client()
    with runstone.start_run():
        runstone.log_artifact("data", name="data")
    for _ in range(12):
        store.use_artifact(store.create_run("0").info.run_id, "data")
    found = store.lineage("data", max_nodes=5)
    assert (len(found.nodes), found.truncated) == (5, True)
    assert not store.lineage("data").truncated


def test_a_run_that_is_deleted_is_still_where_things_came_from(told: dict[str, str]) -> None:
    client().delete_run(told["prepare"].partition("/")[2])
    nodes = {node.id: node for node in client().lineage("features").nodes}
    assert nodes[told["prepare"]].details["stage"] == "deleted"
    client().prune(0)
    nodes = {node.id: node for node in client().lineage("features").nodes}
    assert nodes[told["prepare"]].details == {"missing": "true"}
    assert told["train"] in nodes
