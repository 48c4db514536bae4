"""Our client and MLflow's server of before there were logged models, 2.22."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.scripts import run as run_script
from tests.support.servers import MLFLOW_2, Server, mlflow_server

import runstone
from runstone.errors import NotServed

pytestmark = [pytest.mark.compat, pytest.mark.soak]


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not MLFLOW_2.exists():
        pytest.skip("the real MLflow is not installed: make .envs/mlflow-2/.ready")
    folder = tmp_path_factory.mktemp("older")
    # in files: its SQLite wants an older SQLAlchemy than is installed beside it
    made = mlflow_server(folder / "server", "--backend-store-uri", str(folder / "mlruns"), programs=MLFLOW_2)
    yield made
    made.kill()


def test_files_of_a_run_are_registered_with_their_run(older: Server, tmp_path: Path) -> None:
    runstone.set_tracking_uri(older.url)
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "MLmodel").write_text("flavors: {}\n")
    with runstone.start_run() as run:
        runstone.log_artifacts("saved", "model")
    version = runstone.register_model(f"runs:/{run.info.run_id}/model", "line")
    copy = runstone.Client().copy_model_version(f"models:/line/{version.version}", "copies")
    assert [version.run_id, copy.run_id] == [run.info.run_id] * 2
    assert runstone.artifacts.load_text("models:/copies/1/MLmodel") == "flavors: {}\n"
    with pytest.raises(NotServed, match="register it as 'runs:/"):
        runstone.models.log_saved_model("saved", "line")


def test_a_run_whose_process_was_killed_is_ended(older: Server, tmp_path: Path) -> None:
    begins = f"import os, runstone\nrunstone.set_tracking_uri({older.url!r})\n"
    run_script(tmp_path, f"{begins}runstone.start_run(run_name='dead')\nos.kill(os.getpid(), 9)")
    reads = "runstone.search_runs(filter_string=\"run_name = 'dead'\", output_format='list')[0].info.status"
    assert run_script(tmp_path, f"{begins}print({reads})") == (0, "KILLED\n", "")
