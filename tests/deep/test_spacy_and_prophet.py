"""spaCy's pipelines and Prophet's forecasts: saved and loaded as they were, both ways with the real MLflow."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import mlflow
import mlflow.prophet
import mlflow.spacy
import pandas
import prophet
import pytest
import spacy

import runstone
from runstone.errors import Forbidden, InvalidParameter, MissingFile
from runstone.flavors.spacy import strangers
from runstone.models import Model

pytestmark = pytest.mark.filterwarnings("ignore")

TEXTS = pandas.DataFrame({"text": ["a good day", "a bad night"]}, index=["x", "y"])


@spacy.Language.component("shouting")
def _shouting(doc: Any) -> Any:
    return doc


def _pipeline() -> Any:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    classes = nlp.add_pipe("textcat")
    classes.add_label("good")
    classes.add_label("bad")
    examples = [
        spacy.training.Example.from_dict(
            nlp.make_doc(text), {"cats": {"good": float("good" in text), "bad": float("bad" in text)}}
        )
        for text in TEXTS["text"]
    ]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(3):
        nlp.update(examples, sgd=optimizer)
    return nlp


def _same(found: Any, wanted: list[dict[str, float]]) -> bool:
    return [dict(one) for one in found["predictions"]] == [pytest.approx(one) for one in wanted]


def test_a_pipeline_is_logged_and_loaded_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nlp = _pipeline()
    info = runstone.log_model(nlp, name="texts", input_example=TEXTS)
    assert set(info.flavors) == {"spacy", "python_function"}
    monkeypatch.setenv("RUNSTONE_PICKLE", "refuse")
    loaded = runstone.load_model(info.model_uri)
    assert loaded.pipe_names == ["sentencizer", "textcat"]
    wanted = [nlp(text).cats for text in TEXTS["text"]]
    predicts = runstone.pyfunc.load_model(info.model_uri)
    found = predicts.predict(TEXTS)
    assert _same(found, wanted)
    assert found.index.tolist() == ["x", "y"]
    runstone.spacy.save_model(nlp, tmp_path / "m")
    bare = runstone.pyfunc.load_model(tmp_path / "m")
    assert _same(bare.predict(TEXTS["text"].tolist()), wanted)
    assert _same(bare.predict("a good day"), wanted[:1])
    with pytest.raises(InvalidParameter, match="one column of texts; got 2"):
        bare.predict(pandas.DataFrame({"a": ["x"], "b": ["y"]}))


def test_pipelines_go_both_ways_with_the_real_mlflow(tmp_path: Path) -> None:
    nlp = _pipeline()
    runstone.spacy.save_model(nlp, tmp_path / "ours")
    mlflow.spacy.save_model(nlp, str(tmp_path / "theirs"), pip_requirements=["spacy"])
    wanted = [nlp(text).cats for text in TEXTS["text"]]
    for folder in ("ours", "theirs"):
        for library in (mlflow, runstone):
            found = library.pyfunc.load_model(str(tmp_path / folder)).predict(TEXTS)
            assert _same(found, wanted), (folder, library)
            assert library.spacy.load_model(str(tmp_path / folder)).pipe_names == nlp.pipe_names


def test_what_does_not_classify_is_loaded_as_an_object_and_ones_own_components_are_asked_about(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("shouting")
    runstone.spacy.save_model(nlp, tmp_path / "m")
    assert list(Model.load(tmp_path / "m").flavors) == ["spacy"]
    assert runstone.load_model(tmp_path / "m").pipe_names == ["shouting"]
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "another"))
    with pytest.raises(Forbidden, match=r"not spaCy's: shouting"):
        runstone.load_model(tmp_path / "m")
    (tmp_path / "m" / "model.spacy" / "config.cfg").unlink()
    with pytest.raises(MissingFile, match=r"no config\.cfg"):
        runstone.load_model(tmp_path / "m")


def test_a_config_of_spacys_own_names_no_strangers() -> None:
    nlp = spacy.blank("en")
    for name in (
        "tagger",
        "parser",
        "ner",
        "textcat_multilabel",
        "spancat",
        "entity_ruler",
        "attribute_ruler",
        "morphologizer",
        "lemmatizer",
    ):
        nlp.add_pipe(name)
    assert strangers(nlp.config.to_str()) == []
    assert strangers('[a]\n@misc = "my.v1"\n  factory= "mine"\n[b]\nfactory = "ner"') == ["mine", "my.v1"]
    assert strangers("[a]\n@layers = spacy.evil_is_not.v1\n@callbacks = '${x}'") == ["${x}"]


@pytest.fixture(scope="module")
def forecast() -> Any:
    logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
    days = pandas.DataFrame({"ds": pandas.date_range("2026-01-01", periods=60), "y": [float(n % 7) for n in range(60)]})
    model = prophet.Prophet(yearly_seasonality=False)
    model.add_seasonality("month", 30.5, 2)
    return model.fit(days)


def test_a_forecast_is_logged_and_loaded_as_it_was(
    forecast: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    future = forecast.make_future_dataframe(5)[["ds"]]
    info = runstone.log_model(forecast, name="days", input_example=future.tail(3))
    assert set(info.flavors) == {"prophet", "python_function"}
    monkeypatch.setenv("RUNSTONE_PICKLE", "refuse")
    wanted = forecast.predict(future)["yhat"].tolist()
    assert runstone.load_model(info.model_uri).predict(future)["yhat"].tolist() == pytest.approx(wanted)
    assert runstone.pyfunc.load_model(info.model_uri).predict(future)["yhat"].tolist() == pytest.approx(wanted)
    with pytest.raises(InvalidParameter, match="Prophet cannot write this"):
        runstone.prophet.save_model(prophet.Prophet(), tmp_path / "m")
    runstone.prophet.save_model(forecast, tmp_path / "m")
    (tmp_path / "m" / "model.pr").write_text("{}")
    with pytest.raises(InvalidParameter, match="no forecast of Prophet's"):
        runstone.load_model(tmp_path / "m")


def test_forecasts_go_both_ways_with_the_real_mlflow(forecast: Any, tmp_path: Path) -> None:
    future = forecast.make_future_dataframe(5)[["ds"]]
    runstone.prophet.save_model(forecast, tmp_path / "ours")
    mlflow.prophet.save_model(forecast, str(tmp_path / "theirs"), pip_requirements=["prophet"])
    wanted = forecast.predict(future)["yhat"].tolist()
    for folder in ("ours", "theirs"):
        for library in (mlflow, runstone):
            found = library.pyfunc.load_model(str(tmp_path / folder)).predict(future)
            assert found["yhat"].tolist() == pytest.approx(wanted), (folder, library)
