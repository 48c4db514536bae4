"""Trainings by PyTorch Lightning's trainers record themselves, as under MLflow's."""

from __future__ import annotations

import inspect
import signal
from pathlib import Path
from typing import Any

import lightning
import mlflow
import pytest
import pytorch_lightning
import torch
from tests.deep import trainings

import runstone
from runstone.autologging.keeping import Keeping
from runstone.client import Client

pytestmark = pytest.mark.filterwarnings("ignore")

LIBRARIES = {"lightning": lightning, "pytorch_lightning": pytorch_lightning}
# How it is switched on, and how the trainer is made.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "steps, all checkpoints": ({"log_every_n_step": 2, "checkpoint_save_best_only": False}, {}),
    "one epoch in two": ({"log_every_n_epoch": 2, "checkpoint_monitor": "whole", "checkpoint_mode": "max"}, {}),
    "checkpoints by steps": (
        {"checkpoint_save_freq": 3, "checkpoint_save_best_only": False, "checkpoint_save_weights_only": True},
        {},
    ),
    "stopped early": ({"checkpoint": False}, {"stops": {"min_delta": 5.0, "patience": 1}}),
    "accumulated": ({"log_every_n_step": 1, "checkpoint_save_freq": 2}, {"accumulate_grad_batches": 2}),
    "no metric to go by": ({"checkpoint_monitor": "nothing"}, {}),
}


@pytest.fixture(autouse=True)
def switched_off() -> Any:
    yield
    runstone.pytorch.autolog(disable=True)


def _train(library: Any, tmp_path: Path, stops: dict[str, Any] | None = None, **more: Any) -> Any:
    from lightning.pytorch.callbacks import EarlyStopping

    kinds = {"lightning": EarlyStopping, "pytorch_lightning": pytorch_lightning.callbacks.EarlyStopping}
    callbacks = [] if stops is None else [kinds[library.__name__]("val_loss", **stops)]
    return trainings.train(library, default_root_dir=tmp_path, callbacks=callbacks, **more)


def _ours() -> Any:
    return runstone.search_runs(output_format="list")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the real MLflow records in a case; its database is made once."""
    folder = tmp_path_factory.mktemp("mlflow")
    found: dict[str, Any] = {}

    def record(case: str) -> Any:
        if case not in found:
            options, trainer = CASES[case]
            mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
            mlflow.set_experiment(experiment_id="0")
            mlflow.pytorch.autolog(**options)
            _train(pytorch_lightning, folder, test=True, **trainer)  # by its other name, it does not see an early end
            mlflow.pytorch.autolog(disable=True)
            run = mlflow.last_active_run()
            signature = mlflow.models.get_model_info(f"models:/{run.outputs.model_outputs[0].model_id}").signature
            found[case] = trainings.described(mlflow.MlflowClient(), run.info.run_id), signature.to_dict()
        return found[case]

    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(mlflow.models, "infer_pip_requirements", lambda uri, flavor, fallback=None, **more: fallback)
        yield record


@pytest.mark.parametrize(("case", "name"), [*((case, "lightning") for case in CASES), ("plain", "pytorch_lightning")])
def test_a_training_records_what_it_does_under_mlflow(case: str, name: str, real: Any, tmp_path: Path) -> None:
    wanted, signature = real(case)
    runstone.set_tracking_uri(str(tmp_path / "ours"))
    options, trainer = CASES[case]
    runstone.pytorch.autolog(**options)
    made = _train(LIBRARIES[name], tmp_path, test=True, **trainer)
    (run,) = _ours()
    assert trainings.described(Client(), run.info.run_id) == wanted
    folder = Client().download_artifacts(run.outputs.model_outputs[0].model_id, "")
    assert runstone.models.Model.load(folder).signature.to_dict() == signature
    assert f"{name.replace('_', '-')}==" in (Path(folder) / "requirements.txt").read_text()
    assert not any("runstone" in type(one).__module__ for one in made.callbacks)
    assert not made.lightning_module._forward_hooks


def test_it_takes_mlflows_arguments() -> None:
    for ours, real in (
        (runstone.pytorch.autolog, mlflow.pytorch.autolog),
        (runstone.pytorch.load_checkpoint, mlflow.pytorch.load_checkpoint),
        (
            runstone.pytorch.MlflowModelCheckpointCallback.__init__,
            mlflow.pytorch.MlflowModelCheckpointCallback.__init__,
        ),
    ):
        arguments = [
            [(one.name, one.default) for one in inspect.signature(each).parameters.values()] for each in (ours, real)
        ]
        assert arguments[0] == arguments[1]


def test_a_failure_of_ours_does_not_reach_the_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    alone = _train(lightning, tmp_path).lightning_module.state_dict()

    def breaking(*args: Any, **kwargs: Any) -> Any:
        raise OSError(28, "No space left on device")

    runstone.pytorch.autolog(log_every_n_step=1, checkpoint_save_freq=1, checkpoint_save_best_only=False)
    for step in ("log_batch", "log_files", "create_logged_model", "set_tag", "log_artifact"):
        monkeypatch.setattr(Client, step, breaking)
    monkeypatch.setattr("runstone.journal.Journal.append_many", breaking)
    trained = _train(lightning, tmp_path, test=True, stops={"min_delta": 5.0}).lightning_module.state_dict()
    assert runstone.active_run() is None
    monkeypatch.setattr("runstone.autologging.pytorch._kind", breaking)
    again = _train(lightning, tmp_path).lightning_module.state_dict()
    assert all(torch.equal(again[name], value) for name, value in alone.items())
    assert set(trained) == set(alone)


def test_a_training_that_fails_has_failed_and_keeps_what_it_measured() -> None:
    def fails(self: Any) -> None:
        if self.current_epoch == 1:
            raise ValueError("enough")

    runstone.pytorch.autolog()
    line = trainings.module(lightning, on_train_epoch_end=fails)
    with pytest.raises(ValueError, match="enough"):
        lightning.Trainer(max_epochs=3, **trainings.QUIET).fit(line, trainings.loader())
    (run,) = _ours()
    assert run.info.status == "FAILED"
    assert [point.step for point in Client().get_metric_history(run.info.run_id, "whole")] == [0, 1]
    assert [model.status for model in runstone.search_logged_models(output_format="list")] == ["FAILED"]
    assert not line._forward_hooks


def test_a_training_that_is_interrupted_is_killed() -> None:
    def interrupts(self: Any) -> None:
        raise KeyboardInterrupt

    handler = signal.getsignal(signal.SIGINT)
    runstone.pytorch.autolog()
    with pytest.raises(SystemExit):
        lightning.Trainer(max_epochs=3, **trainings.QUIET).fit(
            trainings.module(lightning, on_train_epoch_end=interrupts), trainings.loader()
        )
    signal.signal(signal.SIGINT, handler)  # Lightning has it ignored from then on
    (run,) = _ours()
    assert run.info.status == "KILLED"


def test_what_a_module_measures_after_an_epoch_belongs_to_that_epoch() -> None:
    def measures(self: Any) -> None:
        self.log("late", float(self.current_epoch))

    runstone.pytorch.autolog(checkpoint=False, log_models=False)
    line = trainings.module(lightning, on_train_epoch_end=measures)
    lightning.Trainer(max_epochs=3, **trainings.QUIET).fit(line, trainings.loader())
    (run,) = _ours()
    points = Client().get_metric_history(run.info.run_id, "late")
    assert [(point.step, point.value) for point in points] == [(0, 0.0), (1, 1.0), (2, 2.0)]


def test_a_run_of_the_users_is_used_and_every_fit_has_its_own_otherwise(tmp_path: Path) -> None:
    runstone.pytorch.autolog(checkpoint=False)
    with runstone.start_run() as mine:
        _train(lightning, tmp_path, epochs=1)
        assert runstone.active_run() is not None
    line, trainer = trainings.module(lightning), lightning.Trainer(max_epochs=1, **trainings.QUIET)
    for epochs in (1, 2):
        trainer.fit_loop.max_epochs = epochs
        trainer.fit(line, trainings.loader())
    trainer.test(line, trainings.loader(), verbose=False)
    last, first, own = _ours()
    assert own.info.run_id == mine.info.run_id
    steps = [
        [point.step for point in Client().get_metric_history(run.info.run_id, "whole")] for run in (own, first, last)
    ]
    assert steps == [[0], [0], [1]]
    assert [run.data.tags["Mode"] for run in (own, first, last)] == ["training", "training", "testing"]
    assert "test_loss" in last.data.metrics


def test_a_search_for_a_learning_rate_is_no_run(tmp_path: Path) -> None:
    runstone.pytorch.autolog()
    line, trainer = trainings.module(lightning), lightning.Trainer(default_root_dir=tmp_path, **trainings.QUIET)
    line.lr = 0.1
    lightning.pytorch.tuner.Tuner(trainer).lr_find(line, trainings.loader(), num_training=2)
    assert _ours() == []


def test_callbacks_patch_nothing_and_log_to_the_active_run(tmp_path: Path) -> None:
    epochs = runstone.pytorch.MlflowModelCheckpointCallback(save_best_only=False)
    logs = runstone.pytorch.RunstoneCallback(log_every_n_step=2)
    with runstone.start_run() as run:
        trained = trainings.train(lightning, True, callbacks=[logs, epochs], default_root_dir=tmp_path)
        last = runstone.pytorch.load_checkpoint(type(trained.lightning_module))
    found = Client().get_run(run.info.run_id)
    assert found.data.params["optimizer_name"] == "Adam"
    assert {"val_loss", "whole", "test_loss"} <= set(found.data.metrics)
    assert len(Client().get_metric_history(run.info.run_id, "train_loss")) == 6
    assert all(
        torch.equal(last.state_dict()[name], value) for name, value in trained.lightning_module.state_dict().items()
    )
    first = runstone.pytorch.load_checkpoint(type(trained.lightning_module), run.info.run_id, epoch=0)
    assert not torch.equal(first.line.weight, last.line.weight)
    with pytest.raises(runstone.MlflowException, match="no active run"):
        trainings.train(lightning, callbacks=[logs], default_root_dir=tmp_path)
    with pytest.raises(runstone.MlflowException, match="by which metric"):
        runstone.pytorch.MlflowModelCheckpointCallback(monitor=None)


def test_a_checkpoint_callback_of_the_users_is_the_only_one(tmp_path: Path) -> None:
    runstone.pytorch.autolog(checkpoint_save_best_only=False)
    mine = runstone.pytorch.MlflowModelCheckpointCallback(monitor="whole")
    trainings.train(lightning, callbacks=[mine], default_root_dir=tmp_path)
    (run,) = _ours()
    names = [file.path for file in Client().list_artifacts(run.info.run_id, "checkpoints")]
    assert sorted(names) == ["checkpoints/latest_checkpoint.pth", "checkpoints/latest_checkpoint_metrics.json"]


def test_a_step_of_several_batches_is_kept_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept: list[int] = []
    monkeypatch.setattr(Keeping, "_keep", lambda self, place, values, epoch, step, write: kept.append(step))
    with runstone.start_run():
        each = runstone.pytorch.MlflowModelCheckpointCallback(save_best_only=False, save_freq=1)
        options = {"accumulate_grad_batches": 2, "default_root_dir": tmp_path}
        trainings.train(lightning, epochs=1, callbacks=[each], **options)
    assert kept == [1, 2]


# Autologging is switched on before the library is imported; the class can be found by processes that are started.
PROCESSES = """
import sys
import runstone
runstone.autolog()
import lightning
from tests.deep import trainings

line = trainings.module(lightning)
Line = type(line)
Line.__module__, Line.__qualname__ = "__main__", "Line"
if __name__ == "__main__":
    trainer = lightning.Trainer(
        max_epochs=3, devices=2, strategy=sys.argv[1], default_root_dir=sys.argv[2], **trainings.QUIET
    )
    trainer.fit(line, trainings.loader(), trainings.loader())
"""


@pytest.mark.parametrize("strategy", ["ddp", "ddp_spawn", "ddp_fork"])
def test_of_processes_that_train_together_one_records(strategy: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROCESSES)
    assert "could not be recorded" not in trainings.run(program, strategy, tmp_path)
    (run,) = _ours()
    found = trainings.described(Client(), run.info.run_id)
    assert (found["status"], found["tags"]["Mode"], found["params"]["epochs"]) == ("FINISHED", "training", "3")
    assert set(found["metrics"]) == {"train_loss", "both", "both_step", "both_epoch", "whole", "val_loss"}
    assert all([step for step, _ in points] == [0, 1, 2] for points in found["metrics"].values())
    assert "checkpoints/latest_checkpoint.pth" in found["files"]
    assert found["model"] == ("model", "READY", sorted(found["metrics"]))
    folder = Client().download_artifacts(run.outputs.model_outputs[0].model_id, "")
    assert runstone.models.Model.load(folder).signature.inputs.inputs[0].shape == (-1, 4)
