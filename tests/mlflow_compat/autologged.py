"""Little trainings under autolog, played with MLflow and with runstone in its place (`autologged.py ours`); what their runs hold, as JSON.

Environments are not compared here: MLflow is kept from finding them in other processes, which takes it ten seconds a model.
"""

import json
import sys
import time
import warnings

if sys.argv[1] == "ours":
    import runstone

    runstone.install_as_mlflow()
import mlflow
import mlflow.models

if sys.argv[1] != "ours":
    import logging

    logging.disable(logging.CRITICAL)
    mlflow.models.infer_pip_requirements = lambda uri, flavor, fallback=None, **more: fallback
warnings.simplefilter("ignore")
mlflow.set_tracking_uri("sqlite:///mlflow.db" if sys.argv[1] != "ours" else ".runstone")
mlflow.autolog(log_input_examples=True, extra_tags={"team": "red"})

import lightgbm
import numpy
import pandas
import scipy.sparse
import statsmodels.api
import statsmodels.formula.api
import statsmodels.tsa.arima.model
import xgboost
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

random = numpy.random.RandomState(0)
X = random.rand(60, 4)
Y = X @ [1.0, 2.0, 3.0, 4.0]
KINDS = (Y * 0.6).astype(int) % 3
TWO = (Y.mean() < Y).astype(int)
FRAME = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
QUIET = {"verbose": -1, "min_data_in_leaf": 2}


def several_classes():
    X_test, y_test = FRAME[:20], KINDS[:20]
    model = LogisticRegression().fit(FRAME, KINDS)
    said = model.predict(X_test)
    metrics.accuracy_score(y_test, said)
    metrics.accuracy_score(y_true=y_test, y_pred=model.predict(X_test))
    metrics.confusion_matrix(y_test, said)
    metrics.f1_score(y_test, said, average="macro")
    model.score(X_test, y_test)
    model.score(X_test, y_test)
    model.score(X_test[:5], y_test[:5])

    def evaluate(trained, data, target):
        return trained.score(data, target)

    evaluate(model, X_test, y_test)


def search():
    GridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, cv=3).fit(FRAME, Y)


def search_by_two_scores():
    grid = {"logisticregression__C": [0.1, 10.0], "standardscaler": ["passthrough", StandardScaler()]}
    steps = make_pipeline(StandardScaler(), LogisticRegression())
    GridSearchCV(steps, grid, cv=2, scoring=["accuracy", "f1"], refit="accuracy").fit(X, TWO)


def in_a_run_of_the_users():
    with mlflow.start_run(tags={"mine": "1"}):
        LinearRegression().fit(X, Y)


def boosting():
    data = xgboost.DMatrix(FRAME, KINDS)
    params = {"objective": "multi:softprob", "num_class": 3, "eval_metric": ["mlogloss", "merror"]}
    xgboost.train(params, data, 4, evals=[(data, "train")], verbose_eval=False)


def boosting_ended_early():
    data, other = xgboost.DMatrix(X, Y), xgboost.DMatrix(X[::3], Y[::3][::-1])
    xgboost.train(
        {"eta": 0.9}, data, 20, evals=[(data, "train"), (other, "test")], early_stopping_rounds=2, verbose_eval=False
    )


def boosted_classifier():
    model = xgboost.XGBClassifier(n_estimators=3).fit(X, KINDS, eval_set=[(X, KINDS)], verbose=False)
    model.score(X, KINDS)


def growing():
    data = lightgbm.Dataset(FRAME, KINDS)
    params = {**QUIET, "objective": "multiclass", "num_class": 3, "metric": ["multi_logloss"]}
    lightgbm.train(params, data, 4, valid_sets=[data], valid_names=["train"])


def growing_ended_early():
    data = lightgbm.Dataset(X, Y)
    other = lightgbm.Dataset(X[::3], Y[::3][::-1], reference=data)
    ends = [lightgbm.early_stopping(2, verbose=False)]
    lightgbm.train({**QUIET, "learning_rate": 0.9}, data, 20, valid_sets=[other], callbacks=ends)


TRAININGS = {
    "several classes": several_classes,
    "two classes": lambda: LogisticRegression().fit(X, TWO),
    "without probabilities": lambda: LinearSVC().fit(FRAME, TWO),
    "regression": lambda: LinearRegression().fit(X, Y),
    "weights": lambda: Ridge().fit(X, Y, sample_weight=numpy.arange(60.0)),
    "sparse": lambda: Ridge().fit(scipy.sparse.csr_matrix(X), Y),
    "a forest in threads": lambda: RandomForestRegressor(n_estimators=3, n_jobs=2, random_state=0).fit(X, Y),
    "a pipeline": lambda: make_pipeline(StandardScaler(), Ridge()).fit(FRAME, Y),
    "a vote": lambda: VotingClassifier([("a", LogisticRegression()), ("b", LogisticRegression(C=0.1))]).fit(X, KINDS),
    "a search": search,
    "a search by two scores": search_by_two_scores,
    "clusters": lambda: KMeans(3, random_state=0, n_init=1).fit_predict(X),
    "components": lambda: PCA(2).fit_transform(X),
    "a preparation": lambda: StandardScaler().fit(X),
    "lists": lambda: LinearRegression().fit([[1.0, 2.0], [2.0, 3.0], [3.0, 5.0]], [1.0, 2.0, 3.0]),
    "a failure": lambda: LogisticRegression(C=-1).fit(X, KINDS),
    "in a run of the user's": in_a_run_of_the_users,
    "folds": lambda: cross_val_score(LinearRegression(), X, Y, cv=2),
    "xgboost": boosting,
    "xgboost ended early": boosting_ended_early,
    "xgboost's classifier": boosted_classifier,
    "xgboost's regressor in a search": lambda: GridSearchCV(
        xgboost.XGBRegressor(n_estimators=2), {"max_depth": [1, 2]}, cv=2
    ).fit(X, Y),
    "lightgbm": growing,
    "lightgbm ended early": growing_ended_early,
    "statsmodels": lambda: statsmodels.api.OLS(Y + X[:, 0] ** 2, statsmodels.api.add_constant(X)).fit(cov_type="HC0"),
    "statsmodels' formula": lambda: statsmodels.formula.api.ols("y ~ a + b", FRAME.assign(y=Y)).fit(),
    "statsmodels' logit": lambda: statsmodels.api.Logit(random.permutation(TWO), X).fit(disp=0, tol=1e-6),
    "statsmodels' generalized": lambda: statsmodels.api.GLM(Y + X[:, 0] ** 2, X).fit(),
    "statsmodels' series": lambda: statsmodels.tsa.arima.model.ARIMA(Y, order=(1, 0, 0)).fit(),
    "a failure of statsmodels'": lambda: statsmodels.api.OLS(Y, X).fit(method="none"),
    "lightgbm's classifier": lambda: lightgbm.LGBMClassifier(n_estimators=3, **QUIET).fit(FRAME, TWO),
}
client = mlflow.MlflowClient()


def files(run_id, folder=None):
    found = []
    for file in client.list_artifacts(run_id, folder):
        found += files(run_id, file.path) if file.is_dir else [file.path]
    return sorted(found)


def said(params):
    """Without what MLflow logs where nothing is given for `**kwargs`."""
    return {key: value for key, value in params.items() if value != "<class 'inspect._empty'>"}


def described(run):
    run_id, models = run.info.run_id, []
    for made in run.outputs.model_outputs if run.outputs else []:
        model = client.get_logged_model(made.model_id)
        folder = f"models:/{made.model_id}" if sys.argv[1] != "ours" else client.download_artifacts(made.model_id, "")
        told = mlflow.models.Model.load(folder)
        models.append({
            "name": model.name, "status": str(model.status), "params": said(model.params),
            "metrics": sorted({(metric.key, metric.dataset_name) for metric in model.metrics or []}, key=str),
            "signature": None if told.signature is None else told.signature.to_dict(),
            "flavors": sorted(told.flavors), "example": (told.saved_input_example_info or {}).get("type"),
        })  # fmt: skip
    names = files(run_id)
    return {
        "status": run.info.status,
        "params": said(run.data.params),
        # MLflow's database keeps no infinity
        "metrics": {key: [[point.step, min(point.value, sys.float_info.max)] for point in client.get_metric_history(run_id, key)] for key in run.data.metrics},
        "tags": {key: value for key, value in run.data.tags.items() if key in ("mlflow.autologging", "team", "mine") or key.startswith("estimator")},
        "child": "mlflow.parentRunId" in run.data.tags,
        "files": names,
        "models": sorted(models, key=lambda each: each["name"]),
        "inputs": sorted(
            [used.dataset.name, used.dataset.source_type, used.dataset.schema, used.dataset.profile, [[tag.key, tag.value] for tag in used.tags]]
            for used in run.inputs.dataset_inputs
        ),
        "calls": mlflow.artifacts.load_dict(f"runs:/{run_id}/metric_info.json") if "metric_info.json" in names else None,
        "table": mlflow.artifacts.load_text(f"runs:/{run_id}/cv_results.csv").splitlines()[0] if "cv_results.csv" in names else None,
    }  # fmt: skip


def there(runs):
    """Wait until the params of failed trainings are there: MLflow logs them behind the back of a training, and ends its run before."""
    patience = time.monotonic() + 60
    while not all(client.get_run(run.info.run_id).data.params for run in runs) and time.monotonic() < patience:
        pass


answer, known = {}, set()
for name, train in TRAININGS.items():
    error = None
    try:
        train()
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    found = [run for run in mlflow.search_runs(output_format="list") if run.info.run_id not in known]
    known.update(run.info.run_id for run in found)
    if error is not None:
        there(found)
    runs = [described(client.get_run(run.info.run_id)) for run in found]
    runs.sort(
        key=lambda run: (
            run["child"],
            run["status"],
            sorted(run["params"].items()),
            str(run["metrics"].get("training_score")),
        )
    )
    answer[name] = {"error": error, "runs": runs}
print(json.dumps(answer))
