"""What cannot be a model is refused when it is logged, in words that help, and leaves nothing behind."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xgboost
from sklearn.linear_model import LinearRegression

import runstone
from runstone.errors import InvalidParameter
from runstone.models import infer_signature
from runstone.pyfunc import PythonModel

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


class Nothing:
    pass


class Same(PythonModel):
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return model_input


class Unwritten(PythonModel):
    pass


class Deaf:
    def predict(self) -> None:
        pass


class Many:
    def predict(self, one: Any, two: Any, three: Any) -> None:
        pass


class Text:
    predict = "no method"


@pytest.fixture(scope="module")
def booster() -> xgboost.Booster:
    return xgboost.train({}, xgboost.DMatrix([[1.0], [2.0]], label=[1, 2]), 1)


REFUSED: list[tuple[Any, str]] = [
    (Nothing(), "Nothing does not predict"),
    (3, "int does not predict"),
    (Same, r"Same is a class.*Same\("),
    (dict, "dict is a class"),
    (Unwritten(), "Unwritten has no `predict`"),
    (Text(), "Text has no `predict`"),
    (Deaf(), "Deaf.predict cannot be called with data"),
    (Many(), "Many.predict cannot be called with data"),
    (lambda: 1, "<lambda> cannot be called with data alone"),
    (lambda data, more: 1, "<lambda> cannot be called with data alone"),
    (functools.partial(lambda data, *, more: 1), "partial cannot be called with data alone"),
]


@pytest.mark.parametrize(("model", "words"), REFUSED)
def test_what_cannot_predict_is_refused(tmp_path: Path, model: Any, words: str) -> None:
    with pytest.raises(InvalidParameter, match=words):
        runstone.pyfunc.log_model(name="m", python_model=model)
    with pytest.raises(InvalidParameter, match=words):
        runstone.pyfunc.save_model(tmp_path / "m", python_model=model)
    with pytest.raises(InvalidParameter):
        runstone.log_model(model)
    assert not (tmp_path / "m").exists()
    assert runstone.search_logged_models(output_format="list") == []


def test_a_file_of_code_that_sets_what_cannot_predict_is_refused(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("import runstone\nrunstone.models.set_model(dict)\n")
    with pytest.raises(InvalidParameter, match="dict is a class"):
        runstone.pyfunc.save_model(tmp_path / "m", python_model=tmp_path / "code.py")
    (tmp_path / "code.py").write_text("import runstone\nrunstone.models.set_model(lambda: 1)\n")
    with pytest.raises(InvalidParameter, match="data alone"):
        runstone.pyfunc.save_model(tmp_path / "m", python_model=tmp_path / "code.py")


@pytest.mark.parametrize(
    "model",
    [
        len, Same(), lambda data: data, lambda data, params: data, lambda data, more=1: data, lambda *data: data, functools.partial(max, 1),
        LinearRegression().fit([[1], [2]], [1, 2]),
    ],
)  # fmt: skip
def test_what_can_be_called_with_data_is_taken(tmp_path: Path, model: Any) -> None:
    runstone.pyfunc.save_model(tmp_path / "m", python_model=model)


def test_a_model_of_another_library_is_sent_to_its_own(tmp_path: Path, booster: xgboost.Booster) -> None:
    fitted = LinearRegression().fit([[1], [2]], [1, 2])
    for log, model, words in (
        (runstone.xgboost.log_model, fitted, "LinearRegression is no model of runstone.xgboost's: runstone.sklearn"),
        (runstone.sklearn.log_model, booster, "Booster is no model of runstone.sklearn's: runstone.xgboost"),
        (runstone.sklearn.log_model, LinearRegression, "LinearRegression is a class"),
    ):
        with pytest.raises(InvalidParameter, match=words):
            log(model, name="m")
    with pytest.raises(InvalidParameter, match=r"runstone\.sklearn"):
        runstone.lightgbm.save_model(fitted, tmp_path / "m")
    assert runstone.search_logged_models(output_format="list") == []
    runstone.sklearn.save_model(xgboost.XGBRegressor(n_estimators=1).fit([[1], [2]], [1, 2]), tmp_path / "both")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda model: runstone.log_model(model, exmple=1), r"runstone\.sklearn\.log_model\(\) .*'exmple'.* 'input_example'"),
        (lambda model: runstone.sklearn.save_model(model, "m", signatur=1), r"runstone\.sklearn\.save_model\(\) .* 'signature'"),
        (lambda model: runstone.xgboost.log_model(model, nmae="m"), r"runstone\.xgboost\.log_model\(\) .* 'name'"),
        (lambda model: runstone.sklearn.load_model("m", dst_pth="x"), r"runstone\.sklearn\.load_model\(\) .* 'dst_path'"),
        (lambda model: runstone.xgboost.log_model(model, qqqq=1), r"'qqqq'\. It takes artifact_path, "),
        (lambda model: runstone.sklearn.log_model(), r"runstone\.sklearn\.log_model\(\): missing .*'sk_model'"),
    ],
)  # fmt: skip
def test_an_unknown_argument_is_answered_with_the_nearest(call: Callable[[Any], Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call(LinearRegression())


@pytest.mark.parametrize("signature", [{"a": 1}, {}, 3, True, "inputs"])
def test_what_is_no_signature_is_refused(tmp_path: Path, signature: Any) -> None:
    fitted = LinearRegression().fit([[1], [2]], [1, 2])
    with pytest.raises(InvalidParameter, match=r"signature is a .*infer_signature\("):
        runstone.sklearn.log_model(fitted, name="m", signature=signature)
    with pytest.raises(InvalidParameter, match="infer_signature"):
        runstone.pyfunc.save_model(tmp_path / "m", python_model=Same(), signature=signature)
    told = infer_signature([1.0])
    runstone.sklearn.save_model(fitted, tmp_path / "told", signature=told.to_dict())
    assert runstone.models.Model.load(tmp_path / "told").signature == told


class Locked:
    def __init__(self) -> None:
        self.lock = threading.Lock()

    def predict(self, data: Any) -> Any:
        return data


def test_what_cannot_be_pickled_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidParameter, match=r"This Locked cannot be pickled: cannot pickle '_thread.lock' object\. .* load_context"
    ):
        runstone.pyfunc.save_model(tmp_path / "m", python_model=Locked())
    assert list(tmp_path.iterdir()) == []
