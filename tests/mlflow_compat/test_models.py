"""Models go both ways: what runstone saves, the real MLflow loads and predicts the same with, and the reverse."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy
import pytest
from tests.flavors.fitted import X, Y
from tests.mlflow_compat.real import ENVIRONMENT, PYTHON, ask, require_mlflow

import runstone

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore::UserWarning")]

TARGET = X.sum(axis=1)

# Makes one model of each kind; played on both sides.
MAKE = """
import lightgbm, numpy, sklearn.ensemble, sklearn.linear_model, sklearn.pipeline, sklearn.preprocessing, xgboost
def models(X, Y, TARGET):
    quiet = {"n_estimators": 4, "verbose": -1}
    return {
        "sklearn-line": sklearn.linear_model.LinearRegression().fit(X, TARGET),
        "sklearn-forest": sklearn.ensemble.RandomForestClassifier(5, random_state=0).fit(X, Y),
        "sklearn-pipeline": sklearn.pipeline.make_pipeline(
            sklearn.preprocessing.StandardScaler(), sklearn.ensemble.HistGradientBoostingRegressor(max_iter=5)).fit(X, TARGET),
        "xgboost-booster": xgboost.train({"max_depth": 2}, xgboost.DMatrix(X, TARGET), 4),
        "xgboost-estimator": xgboost.XGBRegressor(n_estimators=4).fit(X, TARGET),
        "lightgbm-booster": lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, TARGET), 4),
        "lightgbm-estimator": lightgbm.LGBMRegressor(**quiet).fit(X, TARGET),
    }
"""
LOAD = """
import mlflow, numpy, os, warnings
warnings.simplefilter("ignore")
X = numpy.array(given["X"])
answer = {}
for name in sorted(os.listdir("saved")):
    native = getattr(mlflow, name.partition("-")[0]).load_model(f"saved/{name}")
    answer[name] = [type(native).__name__, numpy.asarray(mlflow.pyfunc.load_model(f"saved/{name}").predict(X), float).tolist()]
"""
SAVE = (
    MAKE
    + """
import mlflow, warnings
warnings.simplefilter("ignore")
X, Y, TARGET = (numpy.array(given[key]) for key in ("X", "Y", "TARGET"))
answer = {}
made = models(X, Y, TARGET)
options = {"sklearn-forest": {"serialization_format": "cloudpickle"}, "sklearn-pipeline": {"serialization_format": "pickle"}}
for name, model in made.items():
    more = options.get(name, {}) if mlflow.__version__ >= "3" else {}
    getattr(mlflow, name.partition("-")[0]).save_model(model, f"saved/{name}", pip_requirements=["numpy"], **more)
    answer[name] = numpy.asarray(mlflow.pyfunc.load_model(f"saved/{name}").predict(X), float).tolist()
"""
)


def _predicted(path: Path) -> Any:
    """What a saved model predicts, loaded as an object."""
    import xgboost

    loaded = runstone.load_model(path)
    return loaded.predict(xgboost.DMatrix(X) if isinstance(loaded, xgboost.Booster) else X)


def test_the_real_mlflow_loads_what_runstone_saved(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(MAKE, names)  # the same lines as on the other side
    for name, model in names["models"](X, Y, TARGET).items():
        getattr(runstone, name.partition("-")[0]).save_model(model, tmp_path / "saved" / name)
    found = ask(LOAD, {"X": X.tolist()}, tmp_path)
    assert len(found) == 7
    for name, (kind, predicted) in found.items():
        assert kind == type(runstone.load_model(tmp_path / "saved" / name)).__name__
        assert numpy.allclose(predicted, _predicted(tmp_path / "saved" / name), rtol=1e-6), name


@pytest.mark.parametrize("release", ["mlflow", "mlflow-2"])
def test_runstone_loads_what_the_real_mlflow_saved(release: str, tmp_path: Path) -> None:
    require_mlflow()
    (tmp_path / "saved").mkdir()
    given = {"X": X.tolist(), "Y": Y.tolist(), "TARGET": TARGET.tolist()}
    if release == "mlflow":
        found = ask(SAVE, given, tmp_path)
    else:
        found = _older(given, tmp_path)
    assert len(found) == (7 if release == "mlflow" else 2)
    for name, predicted in found.items():
        assert numpy.allclose(predicted, _predicted(tmp_path / "saved" / name), rtol=1e-6), name


def _older(given: Any, folder: Path) -> Any:
    """MLflow 2, which has scikit-learn only in its environment: models that a newer scikit-learn reads."""
    import json

    source = """
import json, sys, mlflow, numpy, warnings
from sklearn.linear_model import LinearRegression, LogisticRegression
warnings.simplefilter("ignore")
given = json.load(sys.stdin)
X, Y, TARGET = (numpy.array(given[key]) for key in ("X", "Y", "TARGET"))
answer = {}
for name, model in (("sklearn-line", LinearRegression().fit(X, TARGET)), ("sklearn-logistic", LogisticRegression().fit(X, Y))):
    mlflow.sklearn.save_model(model, f"saved/{name}", pip_requirements=["numpy"])
    answer[name] = numpy.asarray(model.predict(X), float).tolist()
print(json.dumps(answer))
"""
    python = PYTHON.parents[2] / "mlflow-2" / "bin" / "python"
    done = subprocess.run(
        [python, "-c", source], input=json.dumps(given), capture_output=True, text=True, cwd=folder, env=ENVIRONMENT, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
