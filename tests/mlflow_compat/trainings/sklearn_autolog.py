"""scikit-learn under autolog: one fit, a grid search with its child runs, and a model logged by hand and registered."""

import mlflow
import numpy
import reading
from mlflow import MlflowClient
from sklearn import metrics
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split

X, y = load_iris(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

mlflow.set_experiment("scikit-learn")
mlflow.sklearn.autolog(max_tuning_runs=None)

with mlflow.start_run(run_name="one fit") as fit:
    model = LogisticRegression(max_iter=500, C=0.7).fit(X_train, y_train)
    accuracy = metrics.accuracy_score(y_test, model.predict(X_test))  # autolog logs it too

search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1.0, 10.0]}, cv=3)
search.fit(X_train, y_train)
grid = mlflow.last_active_run()

mlflow.sklearn.autolog(disable=True)
with mlflow.start_run(run_name="by hand") as by_hand:
    mlflow.sklearn.log_model(
        model,
        **reading.model_place("iris"),
        registered_model_name="iris",
        input_example=X_train[:2],
        pip_requirements=["scikit-learn"],
    )

client = MlflowClient()
children = mlflow.search_runs(
    experiment_names=["scikit-learn"],
    filter_string=f"tags.`mlflow.parentRunId` = '{grid.info.run_id}'",
    order_by=["metrics.mean_test_score DESC"],
)
run = reading.run(fit.info.run_id)
loaded = mlflow.sklearn.load_model(f"runs:/{fit.info.run_id}/model")
(version,) = client.search_model_versions(f"name = 'iris' and run_id = '{by_hand.info.run_id}'")
registered = mlflow.pyfunc.load_model(f"models:/iris/{version.version}")
signature = mlflow.models.get_model_info(f"models:/iris/{version.version}").signature

reading.say(
    written={
        "run": ["one fit", "FINISHED"],
        "params": {key: str(value) for key, value in model.get_params().items()},
        "training score": model.score(X_train, y_train),
        "test accuracy": accuracy,
        "datasets": [["train", True], ["eval", True]],
        "predictions": model.predict(X_test).tolist(),
        "grid": {f"best_{key}": str(value) for key, value in search.best_params_.items()},
        "best score": search.best_score_,
        "children": sorted(search.cv_results_["mean_test_score"].tolist(), reverse=True),
        "grid's table": sorted(search.cv_results_["param_C"].tolist()),
        "models": [["model", "READY", 0]] if reading.THIRD else [],
        "registered": ["iris", "READY", by_hand.info.run_id],
        "registered predictions": model.predict(X_test).tolist(),
        "inputs": list(X.columns),
    },
    read={
        "run": [run["name"], run["status"]],
        "params": run["params"],
        "training score": run["metrics"]["training_score"],
        "test accuracy": run["metrics"]["accuracy_score_X_test"],
        "datasets": [[each[3]["mlflow.data.context"], len(each[1]) == 8] for each in run["inputs"]],
        "predictions": loaded.predict(X_test).tolist(),
        "grid": {
            key: value for key, value in reading.run(grid.info.run_id)["params"].items() if key.startswith("best_")
        },
        "best score": reading.run(grid.info.run_id)["metrics"]["best_cv_score"],
        "children": children["metrics.mean_test_score"].tolist(),
        "grid's table": sorted(
            numpy.loadtxt(
                mlflow.artifacts.download_artifacts(f"runs:/{grid.info.run_id}/cv_results.csv"),
                delimiter=",",
                skiprows=1,
                usecols=4,
            ).tolist()
        ),
        "models": [[model["name"], model["status"], model["step"]] for model in reading.logged_models(fit.info.run_id)],
        "registered": [version.name, version.status, version.run_id],
        "registered predictions": registered.predict(X_test).tolist(),
        "inputs": signature.inputs.input_names(),
    },
)
