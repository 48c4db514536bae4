"""Models' files by their addresses, and by the name that a run gave them, where MLflow's functions on artifacts are asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression

import runstone
from runstone.client.downloads import small_tree
from runstone.errors import InvalidParameter, NotFound
from runstone.fluent import location
from runstone.models import ModelInfo

pytestmark = pytest.mark.everywhere


@pytest.fixture
def logged() -> ModelInfo:
    """A model of a run, which is version 1 of lines, its champion; the same files lie among the run's own, and are version 2."""
    with runstone.start_run() as run:
        runstone.log_text("own", "notes/a.txt")
        info = runstone.log_model(LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0]), name="line")
        runstone.log_artifacts(runstone.artifacts.download_artifacts(info.model_uri), "deep/line")
    client = runstone.Client()
    runstone.register_model(info.model_uri, "lines")
    runstone.register_model(f"runs:/{run.info.run_id}/deep/line", "lines")
    client.set_registered_model_alias("lines", "champion", "1")
    return info


def _below(folder: str) -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


def test_a_models_address_is_listed_fetched_and_read(logged: ModelInfo, tmp_path: Path) -> None:
    for number, uri in enumerate(
        (logged.model_uri, "models:/lines/1", "models:/lines@champion", "models:/lines/latest")
    ):
        listed = runstone.artifacts.list_artifacts(uri)
        assert "MLmodel" in {file.path for file in listed}, uri
        target = tmp_path / str(number)
        assert runstone.artifacts.download_artifacts(uri, dst_path=str(target)) == str(target)
        assert _below(str(target)) == {file.path for file in listed}
        assert runstone.artifacts.list_artifacts(f"{uri}/MLmodel") == []
        one = runstone.artifacts.download_artifacts(uri, artifact_path="MLmodel", dst_path=str(tmp_path / "one"))
        assert one == str(tmp_path / "one" / "MLmodel")
        assert runstone.artifacts.load_text(f"{uri}/MLmodel") == Path(one).read_text()
    with pytest.raises(InvalidParameter, match="models:/lines/latest"):
        runstone.artifacts.list_artifacts("models:/lines")


def test_a_runs_model_is_found_among_its_files_by_its_name(logged: ModelInfo, tmp_path: Path) -> None:
    client, run_id = runstone.Client(), logged.run_id
    assert run_id is not None
    names = {file.path for file in runstone.artifacts.list_artifacts(logged.model_uri)}
    assert [file.path for file in client.list_artifacts(run_id)] == ["deep", "notes"]
    for listed in (
        client.list_artifacts(run_id, "line"),
        runstone.artifacts.list_artifacts(f"runs:/{run_id}/line"),
        runstone.artifacts.list_artifacts(run_id=run_id, artifact_path="line/"),
    ):
        assert {file.path for file in listed} == {f"line/{name}" for name in names}
    assert client.list_artifacts(run_id, "line/MLmodel") == client.list_artifacts(run_id, "lin") == []
    for number, fetched in enumerate(
        (
            client.download_artifacts(run_id, "line", str(tmp_path / "0")),
            runstone.artifacts.download_artifacts(f"runs:/{run_id}/line", dst_path=str(tmp_path / "1")),
            runstone.artifacts.download_artifacts(run_id=run_id, artifact_path="line", dst_path=str(tmp_path / "2")),
        )
    ):
        assert (fetched, _below(fetched)) == (str(tmp_path / str(number) / "line"), names)
    text = client.read_artifact(run_id, "line/MLmodel")
    assert text == client.open_artifact(run_id, "line/MLmodel").read()
    assert text.decode() == runstone.artifacts.load_text(f"runs:/{run_id}/line/MLmodel")
    assert os.path.basename(client.download_artifacts(run_id, "line/MLmodel")) == "MLmodel"
    for path in ("line/none", "lin"):
        with pytest.raises(NotFound, match="No artifact"):
            client.download_artifacts(run_id, path)


def test_a_runs_own_files_of_a_models_name_come_first(logged: ModelInfo) -> None:
    client, run_id = runstone.Client(), logged.run_id
    assert run_id is not None
    client.log_text(run_id, "mine", "line/own.txt")
    assert [file.path for file in client.list_artifacts(run_id, "line")] == ["line/own.txt"]
    assert _below(client.download_artifacts(run_id, "line")) == {"own.txt"}
    assert client.read_artifact(run_id, "line/MLmodel")  # what they lack is the model's
    client.delete_artifact(run_id, "line")
    assert "line/MLmodel" in {file.path for file in client.list_artifacts(run_id, "line")}
    with pytest.raises(NotFound):
        client.delete_artifact(run_id, "line")


def test_what_is_not_there_is_said(logged: ModelInfo) -> None:
    with pytest.raises(InvalidParameter, match="which version of the registered model 'lines'"):
        runstone.load_model("models:/lines")
    with pytest.raises(NotFound, match=f"'2' in model {logged.model_id}"):
        runstone.load_model("models:/lines/1/2")
    runstone.Client().delete_logged_model(logged.model_id)
    with pytest.raises(NotFound, match="not found: it was deleted"):
        runstone.load_model(logged.model_uri)
    with pytest.raises(NotFound, match=r"not found\. Check the id"):
        runstone.load_model("models:/m-" + "0" * 32)


def test_a_registered_models_name_may_begin_as_ids_do(logged: ModelInfo) -> None:
    runstone.register_model(logged.model_uri, "m-forest")
    assert runstone.load_model("models:/m-forest/1").coef_ == pytest.approx(2)


def test_a_runs_id_is_no_models(logged: ModelInfo) -> None:
    with runstone.start_run() as run:
        runstone.log_artifacts(runstone.artifacts.download_artifacts(logged.model_uri))
    assert runstone.load_model(f"runs:/{run.info.run_id}/").coef_ == pytest.approx(2)
    with pytest.raises(NotFound, match=r"not found\. Check the id"):
        runstone.load_model(f"models:/{run.info.run_id}")


def test_a_small_model_is_one_question(logged: ModelInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    transport, asked = location.client()._transport, list[str]()
    call = transport.call

    def told(operation: Any, request: Any) -> Any:
        asked.append(operation.name)
        return call(operation, request)

    monkeypatch.setattr(transport, "call", told)
    assert runstone.load_model(logged.model_uri).coef_ == pytest.approx(2)
    assert asked == ["get_small_tree"]


def test_files_are_read_at_once_as_far_as_they_are_small() -> None:
    client = runstone.Client()
    run_id = client.create_run("0").info.run_id
    files = {"some/a": b"x" * 300_000, "some/b": b"", "some/c/d": b"yes", "some.txt": b"no"}
    for path, data in files.items():
        client.log_bytes(run_id, data, path)
    found = small_tree(client, run_id, "some", 400_000, ["a", "d"])
    assert found is not None
    assert {file.path: data for file, data in found} == {"some/a": None, "some/b": b"", "some/c/d": b"yes"}
    assert [data for _, data in small_tree(client, run_id, "some.txt", 2) or []] == [b"no"]
    assert small_tree(client, run_id, "some", 300_000) is None
    client.delete_run(run_id)
    assert small_tree(client, run_id, "some.txt", 2)
    with pytest.raises(InvalidParameter, match="deleted"):
        small_tree(client, run_id, "some.txt", 2, active=True)


def test_the_newest_versions_of_a_registered_model_have_their_aliases(logged: ModelInfo) -> None:
    client = runstone.Client()
    client.set_registered_model_alias("lines", "next", "2")
    assert [version.aliases for version in client.get_registered_model("lines").latest_versions] == [["next"]]
    assert [version.aliases for version in client.search_registered_models()[0].latest_versions] == [["next"]]


def test_what_is_registered_by_a_runs_name_stays_that_model() -> None:
    with runstone.start_run() as run:
        first = runstone.log_model(LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]), name="line")
        version = runstone.register_model(f"runs:/{run.info.run_id}/line", "lines")
        runstone.log_model(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), name="line")
    assert (version.model_id, version.run_id) == (first.model_id, run.info.run_id)
    assert runstone.load_model("models:/lines/1").coef_[0] == pytest.approx(1.0)
    assert runstone.load_model(f"runs:/{run.info.run_id}/line").coef_[0] == pytest.approx(2.0)


def test_a_path_that_means_no_model_is_registered_under_no_name(logged: ModelInfo) -> None:
    client, run_id = runstone.Client(), logged.run_id
    for uri, words in {
        f"runs:/{run_id}/lien": "called 'lien'. It logged the models 'line'",
        f"runs:/{'0' * 32}/line": "Run with id=",
        "models:/m-" + "0" * 32: "Logged model with ID",
        "./folder": "log_saved_model",
        logged.model_id: "Write models:/MODEL_ID",
    }.items():
        with pytest.raises((NotFound, InvalidParameter), match=words):
            runstone.register_model(uri, "fresh")
    assert [model.name for model in client.search_registered_models()] == ["lines"]


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("", "is no address of a model"),
        (None, "None is no address of a model"),
        (5, "5 is no address of a model"),
        ("model:/lines/1", "is no address of a model"),
        ("Models:/lines/1", "is no address of a model"),
        ("lines/1", "is written 'models:/lines/1'"),
        ("lines@champion", "is written 'models:/lines@champion'"),
        ("m-" + "0" * 32, "is written 'models:/m-0"),
        ("some/folder", "no such folder.$"),
    ],
)
def test_a_slip_in_an_address_is_told_from_a_folder(uri: str, words: str) -> None:
    for load in (runstone.load_model, runstone.pyfunc.load_model):
        with pytest.raises((NotFound, InvalidParameter), match=words):
            load(uri)


def test_a_runs_address_that_means_nothing_names_the_models_of_the_run(logged: ModelInfo) -> None:
    with pytest.raises(
        NotFound, match=f"no MLmodel file among its files. It logged the models 'line': runs:/{logged.run_id}/line"
    ):
        runstone.load_model(f"runs:/{logged.run_id}/")
    with pytest.raises(NotFound, match="no MLmodel file in its folder 'notes'"):
        runstone.pyfunc.load_model(f"runs:/{logged.run_id}/notes")
    with runstone.start_run() as run:
        pass
    with pytest.raises(NotFound, match=r"called 'line'\. It logged no models"):
        runstone.load_model(f"runs:/{run.info.run_id}/line")


def test_python_code_is_no_librarys_object_and_says_what_loads_it() -> None:
    info = runstone.pyfunc.log_model(python_model=lambda data: data, name="same", pip_requirements=["numpy"])
    with pytest.raises(
        InvalidParameter, match=rf"runstone.pyfunc.load_model\('{info.model_uri}'\) gives what predicts"
    ):
        runstone.load_model(info.model_uri)
