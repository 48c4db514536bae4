"""XGBoost under autolog: params, a metric of every round, importances as files and figures, the model; early stopping in a second run."""

import mlflow
import reading
import xgboost
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
train, test = xgboost.DMatrix(X_train, label=y_train), xgboost.DMatrix(X_test, label=y_test)
params = {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "max_depth": 3, "eta": 0.3, "seed": 1}

mlflow.set_experiment("XGBoost")
mlflow.xgboost.autolog(model_format="json", registered_model_name="cancer")
seen = {}
with mlflow.start_run(run_name="rounds"):
    model = xgboost.train(
        params, train, num_boost_round=12, evals=[(train, "train"), (test, "test")], evals_result=seen
    )
rounds = mlflow.last_active_run().info.run_id

mlflow.xgboost.autolog(log_models=False)
with mlflow.start_run(run_name="early"):
    early = xgboost.train(
        params, train, num_boost_round=200, evals=[(test, "test")], early_stopping_rounds=3, verbose_eval=False
    )
stopped = mlflow.last_active_run().info.run_id

client = MlflowClient()
run, early_run = reading.run(rounds), reading.run(stopped)
(version,) = client.search_model_versions(f"name = 'cancer' and run_id = '{rounds}'")
files = sorted(path for path in reading.files(rounds) if not path.startswith("model/"))
importance = mlflow.artifacts.load_dict(f"runs:/{rounds}/feature_importance_weight.json")

reading.say(
    written={
        "params": {
            **{key: str(value) for key, value in params.items()},
            "num_boost_round": "12",
            "custom_metric": "None",
            "maximize": "None",
            "early_stopping_rounds": "None",
            "verbose_eval": "True",
        },
        "last values": {f"{data}-{key}": values[-1] for data, found in seen.items() for key, values in found.items()},
        "history": list(enumerate(seen["test"]["logloss"])),
        "datasets": ["train", "eval", "eval"],
        "files": ["feature_importance_weight.json", "feature_importance_weight.png"],
        "importance": model.get_score(importance_type="weight"),
        "predictions": model.predict(test).tolist(),
        "registered": ["cancer", "READY"],
        "models": [["model", "READY", 0]] if reading.THIRD else [],
        "early": [early.best_iteration, early.best_score],
        "after": early.best_iteration + 3,
    },
    read={
        "params": run["params"],
        "last values": run["metrics"],
        "history": reading.history(rounds, "test-logloss"),
        "datasets": [each[3]["mlflow.data.context"] for each in run["inputs"]],
        "files": files,
        "importance": importance,
        "predictions": mlflow.xgboost.load_model(f"models:/cancer/{version.version}").predict(test).tolist(),
        "registered": [version.name, version.status],
        "models": [[model["name"], model["status"], model["step"]] for model in reading.logged_models(rounds)],
        "early": [int(early_run["metrics"]["best_iteration"]), early_run["metrics"]["test-auc"]],
        "after": int(early_run["metrics"]["stopped_iteration"]),
    },
)
