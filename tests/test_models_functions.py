"""Public functions of `mlflow.models`: a model asked as a server would be, flavors of one's own, and what is not served."""

from __future__ import annotations

import datetime
import io
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas
import pytest
from sklearn.linear_model import LinearRegression

import runstone
from runstone import models, pyfunc
from runstone.errors import BadRequest, InvalidParameter, NotServed
from runstone.models import Model, infer_signature

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

FRAME = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]})


@pytest.fixture
def uri() -> str:
    """A logged model of two columns: their sum."""
    line = LinearRegression().fit(FRAME, FRAME.sum(axis=1))
    uri: str = runstone.sklearn.log_model(line, name="sum", signature=infer_signature(FRAME, [1.0])).model_uri
    return uri


def test_a_model_is_asked_what_a_server_would_be_asked(uri: str) -> None:
    body = {"dataframe_split": {"columns": ["b", "a"], "data": [[1, 2]]}}
    for asked in (body, json.dumps(body)):
        assert models.validate_serving_input(uri, asked) == pytest.approx([3.0])
    with pytest.raises(InvalidParameter, match="'b'"):
        models.validate_serving_input(uri, {"dataframe_records": [{"a": 1}]})
    with pytest.raises(BadRequest, match="one of"):
        models.validate_serving_input(uri, {"data": 1})


def test_what_a_hint_says_is_read_from_json() -> None:
    def years(times: list[datetime.datetime]) -> list[int]:
        return [time.year for time in times]

    info = pyfunc.log_model(python_model=years, name="years")
    assert models.validate_serving_input(info.model_uri, {"inputs": ["2026-11-29T08:00:00"]}) == [2026]


def test_predictions_are_written_as_json(
    uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    models.predict(uri, FRAME[:1], env_manager="local")
    assert json.loads(capsys.readouterr().out) == {"predictions": pytest.approx([1.0])}
    (tmp_path / "in.csv").write_text("a,b\n1,2\n3,4\n")
    models.predict(uri, input_path="in.csv", content_type="csv", output_path="out.json", env_manager="local")
    assert json.loads((tmp_path / "out.json").read_text()) == {"predictions": pytest.approx([3.0, 7.0])}
    models.predict(uri, "a,b\n1,1\n", content_type="csv", env_manager="local")
    assert json.loads(capsys.readouterr().out) == {"predictions": pytest.approx([2.0])}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"dataframe_records": [{"a": 1, "b": 4}]}')))
    models.predict(uri, env_manager="local")
    assert json.loads(capsys.readouterr().out) == {"predictions": pytest.approx([5.0])}


def test_what_is_not_served_or_does_not_fit_is_said(uri: str) -> None:
    with pytest.raises(InvalidParameter, match="'conda' makes no environment"):
        models.predict(uri, FRAME, env_manager="conda")
    with pytest.raises(InvalidParameter, match="'json' or 'csv'"):
        models.predict(uri, FRAME, content_type="xml", env_manager="local")
    with pytest.raises(InvalidParameter, match="not both"):
        models.predict(uri, FRAME, input_path="x", env_manager="local")
    with pytest.raises(NotServed, match=r"requirements\.lock"):
        models.build_docker(uri)
    with pytest.raises(NotServed, match="lock_model_requirements"):
        models.add_libraries_to_model(uri)
    with pytest.raises(NotServed, match="prompts"):
        Model.log(None, ModuleType("flavor"), name="m", prompts=["p"])


def test_flavors_of_ones_own_log_by_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flavor = ModuleType("own_flavor")

    def save_model(path: str, mlflow_model: Model, words: list[str]) -> None:
        folder = Path(path)
        folder.mkdir()
        (folder / "words.txt").write_text(" ".join(words))
        pyfunc.add_to_model(mlflow_model, loader_module="own_flavor", data="words.txt", kind="words")
        mlflow_model.add_flavor("own_flavor", version=1)
        mlflow_model.save(folder / "MLmodel")

    class Knows:
        def __init__(self, path: str) -> None:
            self.words = Path(path).read_text().split()

        def predict(self, data: Any) -> Any:
            return [word in self.words for word in data]

    flavor.save_model, flavor._load_pyfunc = save_model, Knows  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_flavor", flavor)
    with runstone.start_run() as run:
        info = Model.log(None, flavor, name="words", metadata={"by": "ada"}, tags={"t": 1}, words=["a", "b"])
    assert info.metadata == {"by": "ada"}
    assert info.flavors["python_function"]["kind"] == "words"
    assert runstone.pyfunc.load_model(info.model_uri).predict(["a", "c"]) == [True, False]
    outputs = runstone.get_run(run.info.run_id).outputs
    assert [one.model_id for one in outputs.model_outputs] == [info.model_id]
    assert runstone.get_logged_model(info.model_id or "").tags["t"] == "1"


def test_what_a_model_needs_is_found_under_pyfunc_too(uri: str) -> None:
    assert "scikit-learn==" in Path(pyfunc.get_model_dependencies(uri)).read_text()
