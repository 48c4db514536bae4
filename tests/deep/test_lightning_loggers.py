"""Lightning's own logger for MLflow speaks to runstone, and runstone has one of its own."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import lightning
import pytest
import pytorch_lightning
from tests.deep import trainings
from tests.support.within import ServerWithin

import runstone
from runstone.client import Client

pytestmark = pytest.mark.filterwarnings("ignore")

STEPS = {
    "train_loss": list(range(8)),
    "both_step": list(range(8)),
    **{name: [3, 7] for name in ("both_epoch", "whole", "val_loss")},
    "test_loss": [8],
}
MLFLOW_LOGGER = """
import sys
import runstone
if sys.argv[2] == "runstone":
    runstone.install_as_mlflow()
import lightning
from lightning.pytorch.loggers import MLFlowLogger
from tests.deep import trainings

logger = MLFlowLogger("lit", "first", sys.argv[1], {"of": "mine"}, log_model=True)
line = trainings.module(lightning)
line.save_hyperparameters({"lr": 0.1, "deep": {"x": [1, 2]}})
trainer = lightning.Trainer(max_epochs=2, log_every_n_steps=1, **{**trainings.QUIET, "logger": logger})
trainer.fit(line, trainings.loader(), trainings.loader())
trainer.test(line, trainings.loader(), verbose=False)
"""


def _steps(run: Any, client: Client) -> dict[str, list[int]]:
    return {
        key: [point.step for point in client.get_metric_history(run.info.run_id, key)]
        for key in run.data.metrics
        if key != "epoch"
    }


def _train(logger: Any, library: Any = lightning, epochs: int = 2, **more: Any) -> Any:
    line = trainings.module(library, **more)
    line.save_hyperparameters({"lr": 0.1, "deep": {"x": [1, 2]}})
    options = {**trainings.QUIET, "logger": logger}
    trainer = library.Trainer(max_epochs=epochs, log_every_n_steps=1, **options)
    trainer.fit(line, trainings.loader(), trainings.loader())
    trainer.test(line, trainings.loader(), verbose=False)
    return trainer


@pytest.mark.parametrize(
    ("where", "mlflow"), [("folder", "none"), ("folder", "runstone"), ("server", "real"), ("server", "runstone")]
)
def test_lightnings_logger_for_mlflow_logs_to_runstone(where: str, mlflow: str, tmp_path: Path) -> None:
    server = ServerWithin(tmp_path / "served") if where == "server" else None
    uri = str(tmp_path / "store") if server is None else server.url
    (program := tmp_path / "program.py").write_text(MLFLOW_LOGGER)
    options: dict[str, Any] = {}
    if mlflow == "none":  # all that is installed, but MLflow
        (tmp_path / "installed").mkdir()
        for package in Path(lightning.__file__).parents[1].iterdir():
            if not package.name.startswith("mlflow"):
                (tmp_path / "installed" / package.name).symlink_to(package)
        options = {"python": sys._base_executable, "installed": tmp_path / "installed"}  # type: ignore[attr-defined]
    trainings.run(program, uri, "real" if mlflow == "real" else "runstone", **options)
    client = Client(uri)
    (run,) = client.search_runs([client.get_experiment_by_name("lit").experiment_id])
    assert (run.info.status, run.info.run_name, run.data.tags["of"]) == ("FINISHED", "first", "mine")
    assert run.data.params == {"lr": "0.1", "deep/x": "[1, 2]"}
    assert _steps(run, client) == STEPS
    files = [file.path.rpartition("/")[2] for file in client.list_artifacts(run.info.run_id, "epoch=1-step=8")]
    assert sorted(files) == ["aliases.txt", "epoch=1-step=8.ckpt", "metadata.yaml"]
    if server is not None:
        server.stop()


@pytest.mark.parametrize("library", [lightning, pytorch_lightning])
def test_runstones_logger_has_a_run_of_its_own_that_ends_with_the_fit(library: Any) -> None:
    logger = runstone.pytorch.RunstoneLogger(run_name="first", tags={"of": "mine"}, log_model=True)
    trained = _train(logger, library)
    assert runstone.active_run() is None
    (run,) = runstone.search_runs(output_format="list")
    assert logger.run_id == run.info.run_id
    assert (run.info.status, run.info.run_name, run.data.tags["of"]) == ("FINISHED", "first", "mine")
    assert run.data.params == {"lr": "0.1", "deep/x": "[1, 2]"}
    assert _steps(run, Client()) == STEPS
    best = runstone.pytorch.load_checkpoint(type(trained.lightning_module), run.info.run_id)
    assert best.line.weight.equal(trained.lightning_module.line.weight)


def test_runstones_logger_logs_to_the_active_run_and_shares_it_with_autologging() -> None:
    with runstone.start_run() as run:
        _train(runstone.pytorch.RunstoneLogger(prefix="lit/"))
        assert runstone.active_run() is not None
    assert "lit/train_loss" in Client().get_run(run.info.run_id).data.metrics
    runstone.pytorch.autolog(log_models=False)
    try:
        _train(runstone.pytorch.RunstoneLogger(prefix="lit/"))
    finally:
        runstone.pytorch.autolog(disable=True)
    shared, _ = runstone.search_runs(output_format="list")
    assert {"lit/train_loss", "train_loss", "lit/test_loss", "test_loss"} <= set(shared.data.metrics)
    assert shared.data.params["epochs"] == "2"


def test_a_run_of_the_loggers_ends_as_the_fit_does() -> None:
    def fails(error: BaseException) -> Any:
        def on_train_epoch_end(self: Any) -> None:
            raise error

        return on_train_epoch_end

    with pytest.raises(ValueError, match="enough"):
        _train(runstone.pytorch.RunstoneLogger(), on_train_epoch_end=fails(ValueError("enough")))
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit):
        _train(runstone.pytorch.RunstoneLogger(), on_train_epoch_end=fails(KeyboardInterrupt()))
    signal.signal(signal.SIGINT, handler)  # Lightning has it ignored from then on
    runs = runstone.search_runs(output_format="list")
    assert [run.info.status for run in runs] == ["KILLED", "FAILED"]


def test_every_checkpoint_is_kept_if_asked_and_names_are_made_valid(tmp_path: Path) -> None:
    logger = runstone.pytorch.RunstoneLogger(log_model="all")
    _train(logger)
    logger.log_metrics({"acc@1": 0.5, "f1 (macro)": 1}, 3)
    logger.log_hyperparams(Namespace(seed=1, none={}))
    run = Client().get_run(logger.run_id)
    assert {"acc_at_1", "f1 _macro_"} <= set(run.data.metrics)
    assert (run.data.params["seed"], run.data.params["none"]) == ("1", "{}")
    kept = [file.path for file in Client().list_artifacts(logger.run_id, "checkpoints")]
    assert kept == ["checkpoints/epoch=0-step=4.ckpt", "checkpoints/epoch=1-step=8.ckpt"]


PROCESSES = """
import sys
import runstone
import lightning
from tests.deep import trainings

line = trainings.module(lightning)
Line = type(line)
Line.__module__, Line.__qualname__ = "__main__", "Line"
if __name__ == "__main__":
    logger = runstone.pytorch.RunstoneLogger()
    trainer = lightning.Trainer(
        max_epochs=2, log_every_n_steps=1, devices=2, strategy=sys.argv[1], **{**trainings.QUIET, "logger": logger}
    )
    trainer.fit(line, trainings.loader(), trainings.loader())
"""


@pytest.mark.parametrize("strategy", ["ddp", "ddp_spawn"])
def test_of_processes_that_train_together_one_logs(strategy: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROCESSES)
    trainings.run(program, strategy)
    (run,) = runstone.search_runs(output_format="list")
    assert run.info.status == "FINISHED"
    assert _steps(run, Client())["val_loss"] == [1, 3]
