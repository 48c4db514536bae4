"""Optuna's MLflowCallback: a run for each trial, with params, the value and what the objective logs itself."""

import warnings

import mlflow
import optuna
import reading
from mlflow import MlflowClient
from optuna_integration.mlflow import MLflowCallback

warnings.simplefilter("ignore")  # ExperimentalWarning
optuna.logging.set_verbosity(optuna.logging.WARNING)

callback = MLflowCallback(
    metric_name=["distance", "size"], mlflow_kwargs={"nested": True}, tag_study_user_attrs=True, create_experiment=True
)


@callback.track_in_mlflow()
def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    trial.set_user_attr("seen", {"x": x})
    for step in range(3):
        mlflow.log_metric("intermediate", x / (step + 1), step=step)
    return (x - 2) ** 2, float(kind == "a")


study = optuna.create_study(
    study_name="optuna", directions=["minimize", "maximize"], sampler=optuna.samplers.RandomSampler(seed=3)
)
study.set_user_attr("data", "none")
study.optimize(objective, n_trials=6, callbacks=[callback])

client = MlflowClient()
experiment = client.get_experiment_by_name("optuna")
runs = sorted(client.search_runs([experiment.experiment_id]), key=lambda run: int(run.data.tags["number"]))
best = mlflow.search_runs(experiment_names=["optuna"], order_by=["metrics.distance ASC"], max_results=1)

reading.say(
    written={
        "trials": [
            [
                str(trial.number),
                {"x": str(trial.params["x"]), "kind": trial.params["kind"]},
                {"distance": trial.values[0], "size": trial.values[1], "intermediate": trial.params["x"] / 3},
                ["COMPLETE", "none", str({"x": trial.params["x"]})],
                "FINISHED",
            ]
            for trial in study.trials
        ],
        "best": min(trial.values[0] for trial in study.trials),
        "history": [[step, study.trials[0].params["x"] / (step + 1)] for step in range(3)],
        "distribution": str(study.trials[0].distributions["x"]),
    },
    read={
        "trials": [
            [
                run.info.run_name,
                run.data.params,
                run.data.metrics,
                [run.data.tags["state"], run.data.tags["data"], run.data.tags["seen"]],
                run.info.status,
            ]
            for run in runs
        ],
        "best": best["metrics.distance"][0],
        "history": reading.history(runs[0].info.run_id, "intermediate"),
        "distribution": runs[0].data.tags["x_distribution"],
    },
)
