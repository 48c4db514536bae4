"""LightGBM under autolog, through its own interface and scikit-learn's."""

import lightgbm
import mlflow
import reading
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

X, y = load_wine(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
train = lightgbm.Dataset(X_train, label=y_train)
test = lightgbm.Dataset(X_test, label=y_test, reference=train)
params = {"objective": "multiclass", "num_class": 3, "metric": "multi_logloss", "learning_rate": 0.2, "verbosity": -1}

mlflow.set_experiment("LightGBM")
mlflow.lightgbm.autolog()
seen = {}
with mlflow.start_run(run_name="boosting") as boosting:
    model = lightgbm.train(
        params,
        train,
        num_boost_round=10,
        valid_sets=[train, test],
        valid_names=["train", "test"],
        callbacks=[lightgbm.record_evaluation(seen)],
    )

with mlflow.start_run(run_name="scikit-learn") as classifier_run:
    classifier = lightgbm.LGBMClassifier(n_estimators=5, verbosity=-1).fit(X_train, y_train)

run, second = reading.run(boosting.info.run_id), reading.run(classifier_run.info.run_id)
models = reading.logged_models(boosting.info.run_id)
reading.say(
    written={
        "params": {key: str(value) for key, value in params.items()},
        "rounds": "10",
        "last values": {f"{data}-multi_logloss": found["multi_logloss"][-1] for data, found in seen.items()},
        "history": list(enumerate(seen["test"]["multi_logloss"])),
        "predictions": model.predict(X_test).tolist(),
        "classifier's predictions": classifier.predict(X_test).tolist(),
        "classifier": "5",
        "files": [
            "feature_importance_gain.json",
            "feature_importance_gain.png",
            "feature_importance_split.json",
            "feature_importance_split.png",
        ],
        "models": [["model", "READY", 0]] if reading.THIRD else [],
    },
    read={
        "params": {key: run["params"].get(key) for key in params},
        "rounds": run["params"]["num_boost_round"],
        "last values": run["metrics"],
        "history": reading.history(boosting.info.run_id, "test-multi_logloss"),
        "predictions": mlflow.lightgbm.load_model(f"runs:/{boosting.info.run_id}/model").predict(X_test).tolist(),
        "classifier's predictions": mlflow.pyfunc.load_model(f"runs:/{classifier_run.info.run_id}/model")
        .predict(X_test)
        .tolist(),
        "classifier": second["params"]["num_boost_round"],
        "files": sorted(each[0] for each in reading.listed(boosting.info.run_id) if each[0].startswith("feature")),
        "models": [[each["name"], each["status"], each["step"]] for each in models],
    },
)
