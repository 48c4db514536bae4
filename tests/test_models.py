"""Models are saved, logged, found by every address, and loaded again; on a store in a folder and on our server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression

import runstone
from runstone.errors import AlreadyExists, InvalidParameter, NotFound
from runstone.models import Model

pytestmark = pytest.mark.everywhere


@pytest.fixture
def regression() -> Any:
    return LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])


def test_a_model_is_logged_and_loaded_by_every_address(regression: Any) -> None:
    with runstone.start_run() as run:
        info = runstone.log_model(
            regression, name="line", registered_model_name="lines", params={"depth": 3}, tags={"t": "x"}
        )
    runstone.Client().set_registered_model_alias("lines", "champion", "1")
    logged = runstone.get_logged_model(info.model_id)
    assert (logged.name, str(logged.status), logged.params, logged.tags["t"]) == ("line", "READY", {"depth": "3"}, "x")
    assert (info.registered_model_version, info.run_id) == (1, run.info.run_id)
    for uri in (
        info.model_uri,
        "models:/lines/1",
        "models:/lines/latest",
        "models:/lines@champion",
        f"runs:/{run.info.run_id}/line",
        info.artifact_path,
    ):
        assert runstone.load_model(uri).predict([[10.0]])[0] == pytest.approx(21.0), uri
    assert [output.model_id for output in runstone.get_run(run.info.run_id).outputs.model_outputs] == [info.model_id]


def test_a_model_needs_no_run(regression: Any) -> None:
    info = runstone.sklearn.log_model(regression, "line")
    assert runstone.active_run() is None
    assert runstone.sklearn.load_model(info.model_uri).predict([[1.0]])[0] == pytest.approx(3.0)


def test_what_is_saved_is_described_in_mlflows_keys(regression: Any, tmp_path: Path) -> None:
    runstone.sklearn.save_model(regression, tmp_path / "line", metadata={"by": "me"}, extra_files=[__file__])
    described = Model.load(tmp_path / "line")
    assert described.flavors["python_function"]["loader_module"] == "mlflow.sklearn"
    assert described.metadata == {"by": "me"}
    assert described.flavors["sklearn"]["extra_files"] == [{"path": "extra_files/test_models.py"}]
    assert (tmp_path / "line" / "extra_files" / "test_models.py").is_file()
    assert {path.name for path in tmp_path.iterdir()} >= {"line"}
    assert runstone.load_model(tmp_path / "line").coef_[0] == pytest.approx(2.0)


def test_a_folder_that_holds_something_is_left_alone(regression: Any, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    with pytest.raises(AlreadyExists):
        runstone.sklearn.save_model(regression, tmp_path / "full")
    assert (tmp_path / "full" / "mine").read_text() == "x"


def test_a_model_that_cannot_be_saved_is_failed_and_leaves_nothing(regression: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        runstone.sklearn.log_model(regression, name="line", extra_files=["missing"])
    assert str(runstone.last_logged_model().status) == "FAILED"
    with pytest.raises(FileNotFoundError):
        runstone.sklearn.save_model(regression, tmp_path / "line", extra_files=["missing"])
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("line")]


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match=r"no flavor for builtins\.object"):
        runstone.log_model(object())
    for uri, error in (
        ("models:/", InvalidParameter),
        ("models:/m-" + "0" * 32, NotFound),
        ("models:/none/1", NotFound),
        ("s3://bucket/x", InvalidParameter),
        (str(tmp_path / "none"), NotFound),
        (str(tmp_path), NotFound),
    ):
        with pytest.raises(error):
            runstone.load_model(uri)


def test_a_path_in_a_description_never_leads_out_of_the_folder(regression: Any, tmp_path: Path) -> None:
    runstone.sklearn.save_model(regression, tmp_path / "line")
    described = Model.load(tmp_path / "line")
    for path in ("../outside.pkl", "/etc/passwd", "", None, 5):
        described.flavors["sklearn"]["pickled_model"] = path
        described.save(tmp_path / "line" / "MLmodel")
        with pytest.raises(InvalidParameter, match="pickled_model"):
            runstone.load_model(tmp_path / "line")


def test_a_runs_model_is_the_newest_of_its_name_that_is_ready_and_was_not_deleted() -> None:
    def fitted(slope: float) -> Any:
        return LinearRegression().fit([[0.0], [1.0]], [0.0, slope])

    with runstone.start_run() as run:
        oldest, older, newest = [runstone.log_model(fitted(slope), name="line") for slope in (1.0, 2.0, 3.0)]
        runstone.finalize_logged_model(runstone.initialize_logged_model("line").model_id, "FAILED")
        runstone.initialize_logged_model("line")  # has no files yet
    address = f"runs:/{run.info.run_id}/line"
    assert runstone.load_model(address).coef_[0] == pytest.approx(3.0)
    client = runstone.Client()
    client.delete_logged_model(newest.model_id)
    client.delete_logged_model(oldest.model_id)
    assert runstone.load_model(address).coef_[0] == pytest.approx(2.0)
    client.delete_logged_model(older.model_id)
    with pytest.raises(NotFound, match="neither files nor a model called 'line'"):
        runstone.load_model(address)


def test_a_model_that_was_made_without_a_run_is_found_in_the_run_that_gave_it_its_files(regression: Any) -> None:
    made = runstone.Client().create_logged_model("0", "line")
    with runstone.start_run() as run:
        runstone.log_model(regression, name="line", model_id=made.model_id)
    assert runstone.load_model(f"runs:/{run.info.run_id}/line").coef_[0] == pytest.approx(2.0)


def test_a_registered_name_is_refused_before_anything_is_stored(regression: Any) -> None:
    with pytest.raises(InvalidParameter, match="a/b"):
        runstone.log_model(regression, name="line", registered_model_name="a/b")
    assert runstone.Client().search_logged_models(["0"]) == []
