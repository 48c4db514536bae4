"""Models copied between stores: folders and servers, both ways, as they are, once, and on after a failure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.servers import Server
from tests.support.within import ServerWithin

import runstone
from runstone.client import Client
from runstone.errors import InvalidParameter, Unreachable
from runstone.models import copying

pytestmark = pytest.mark.everywhere


@pytest.fixture(params=["to-folder", "to-server"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Another store."""
    if request.param == "to-folder":
        yield str(tmp_path / "other")
        return
    server = ServerWithin(tmp_path / "other")
    yield server.url
    server.stop()


@pytest.fixture
def model_id(tmp_path: Path) -> str:
    """A logged model of two files, measured, registered as forest/1, the champion."""
    client = runstone.Client()
    folder = tmp_path / "forest"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "weights.bin").write_bytes(bytes(range(256)) * 1_000)
    run = client.create_run("0")
    model = client.create_logged_model("0", "forest", run.info.run_id, {"team": "red"}, {"depth": "3"}, "tree")
    client.log_artifacts(model.model_id, str(folder))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_metric(run.info.run_id, "accuracy", 0.9, 7, 2, model_id=model.model_id)
    client.create_registered_model("forest", {"kind": "trees"}, "of trees")
    client.create_model_version("forest", f"models:/{model.model_id}", tags={"tested": "yes"}, description="good")
    client.set_registered_model_alias("forest", "champion", "1")
    return model.model_id


def test_a_model_is_in_the_other_store_as_it_was(model_id: str, other: str, tmp_path: Path) -> None:
    version = runstone.copy_model("models:/forest@champion", other, "bought", aliases=["candidate"])
    there = Client(other)
    assert (version.name, version.version, version.aliases) == ("bought", "1", ["candidate"])
    origin = version.tags[copying.COPIED_FROM]
    assert (origin.split()[-1], version.description) == (f"models:/{model_id}", "good")
    assert version.tags == {"tested": "yes", copying.COPIED_FROM: origin}
    of = there.get_registered_model("bought")
    assert (of.tags, of.description) == ({"kind": "trees"}, "of trees")
    assert version.model_id is not None
    copy = there.get_logged_model(version.model_id)
    assert (copy.name, str(copy.status), copy.model_type, copy.params) == ("forest", "READY", "tree", {"depth": "3"})
    assert (copy.tags["team"], copy.tags[copying.COPIED_FROM]) == ("red", origin)
    assert [(point.key, point.value, point.timestamp, point.step) for point in copy.metrics or ()] == [
        ("accuracy", 0.9, 7, 2)
    ]
    fetched = Path(there.download_artifacts(copy.model_id, "", str(tmp_path / "fetched")))
    for file in (tmp_path / "forest").iterdir():
        assert (fetched / file.name).read_bytes() == file.read_bytes()


def test_a_copy_is_made_once_and_goes_on_after_a_failure(
    model_id: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*arguments: object) -> None:
        raise Unreachable("The server went away.")

    with monkeypatch.context() as broken:
        broken.setattr(Client, "finalize_logged_model", away)
        with pytest.raises(Unreachable):
            runstone.copy_model("models:/forest/1", other)
    first = runstone.copy_model("models:/forest/1", other)
    assert runstone.copy_model("models:/forest/1", other, aliases=["best"]).version == first.version == "1"
    there = Client(other)
    assert len(there.search_logged_models(["0"])) == len(there.search_model_versions()) == 1
    assert [str(run.info.status) for run in there.search_runs(["0"])] == ["FINISHED"]
    assert there.get_registered_model("forest").aliases == {"best": "1"}


def test_what_has_no_name_is_given_one(model_id: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with pytest.raises(InvalidParameter, match="name="):
        runstone.copy_model(f"models:/{model_id}", other)
    with pytest.raises(InvalidParameter, match="Log it first"):
        runstone.copy_model(str(tmp_path / "forest"), other, "forest")
    assert runstone.copy_model(f"models:/{model_id}", other, "tree").name == "tree"
    run_id = runstone.Client().create_run("0").info.run_id
    runstone.Client().log_artifacts(run_id, str(tmp_path / "forest"), "forest")
    copy = runstone.copy_model(f"runs:/{run_id}/forest", other, "tree")
    assert (copy.version, copy.tags[copying.COPIED_FROM].split()[-1]) == ("2", f"runs:/{run_id}/forest")
    assert copy.model_id is not None
    assert [file.path for file in Client(other).list_logged_model_artifacts(copy.model_id)] == [
        "MLmodel",
        "weights.bin",
    ]


def test_a_logged_model_is_copied_without_registering_it_to_the_experiment_of_its_name(
    model_id: str, other: str, tmp_path: Path
) -> None:
    here, there = runstone.Client(), Client(other)
    there.create_experiment("first of all")  # so that ids differ
    made = here.create_logged_model(here.create_experiment("trees"), "oak", tags={"team": "red"}, params={"depth": "3"})
    here.log_artifacts(made.model_id, str(tmp_path / "forest"))
    copy = runstone.copy_logged_model(f"models:/{made.model_id}", other)
    assert there.get_experiment(copy.experiment_id).name == "trees"
    assert (copy.name, str(copy.status), copy.params, copy.tags["team"]) == ("oak", "READY", {"depth": "3"}, "red")
    run = there.get_run(str(copy.source_run_id)).info
    assert (run.experiment_id, run.run_name, run.status) == (copy.experiment_id, "copy of oak", "FINISHED")
    assert runstone.copy_logged_model(f"models:/{made.model_id}", other).model_id == copy.model_id
    assert there.search_registered_models() == []
    assert runstone.copy_model(f"models:/{made.model_id}", other, "oak").model_id == copy.model_id
    elsewhere = runstone.copy_logged_model(f"models:/{model_id}", other, experiment_id=copy.experiment_id)
    assert (elsewhere.experiment_id, [point.value for point in elsewhere.metrics or ()]) == (copy.experiment_id, [0.9])


def test_a_logged_model_goes_to_another_experiment_of_its_store(model_id: str, tmp_path: Path) -> None:
    here = runstone.Client()
    for stays in (None, "0"):
        with pytest.raises(InvalidParameter, match="already"):
            runstone.copy_logged_model(f"models:/{model_id}", experiment_id=stays)
    experiment = here.create_experiment("chosen")
    copy = runstone.copy_logged_model("models:/forest@champion", experiment_id=experiment)
    assert (copy.experiment_id, copy.name) == (experiment, "forest")
    names = [file.path for file in here.list_logged_model_artifacts(copy.model_id)]
    assert names == ["MLmodel", "weights.bin"]
    with pytest.raises(InvalidParameter, match="Log it first"):
        runstone.copy_logged_model(str(tmp_path / "forest"), experiment_id=experiment)


@pytest.mark.folder
@pytest.mark.compat
def test_a_model_goes_to_a_stock_server_and_back(model_id: str, stock: Server, tmp_path: Path) -> None:
    copy = runstone.copy_model("models:/forest/1", stock.url, aliases=["best"])
    assert runstone.copy_model("models:/forest/1", stock.url, aliases=["best"]).version == copy.version == "1"
    there = Client(stock.url)
    (logged,) = there.search_logged_models(["0"])
    elsewhere = runstone.Client().create_experiment("elsewhere")
    moved = runstone.copy_logged_model(f"models:/{model_id}", experiment_id=elsewhere)
    alone = runstone.copy_logged_model(f"models:/{moved.model_id}", stock.url)
    assert (there.get_experiment(alone.experiment_id).name, str(alone.status)) == ("elsewhere", "READY")
    assert (logged.params, logged.tags["team"]) == ({"depth": "3"}, "red")
    assert [(point.key, point.value) for point in logged.metrics or ()] == [("accuracy", 0.9)]
    back = runstone.copy_model("models:/forest@best", tmp_path / "back", source=there)
    assert back.model_id is not None
    fetched = Path(Client(tmp_path / "back").download_artifacts(back.model_id, "", str(tmp_path / "fetched")))
    for file in (tmp_path / "forest").iterdir():
        assert (fetched / file.name).read_bytes() == file.read_bytes()
