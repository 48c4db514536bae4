"""transformers' pipelines: saved and loaded as they were, both ways with the real MLflow, without a hub and without code that came along."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import mlflow.transformers
import pandas
import pytest
import torch
import transformers
from tests.deep import pipelines

import runstone
from runstone.errors import Forbidden, InvalidParameter
from runstone.models import Model

pytestmark = pytest.mark.filterwarnings("ignore")

TEXTS = ["a good day", "a bad night"]
GREEDY = {"max_new_tokens": 3, "do_sample": False}
PIPELINES: dict[str, tuple[Callable[[], Any], list[str], dict[str, Any]]] = {
    "classifier": (pipelines.classifier, TEXTS, {}),
    "filler": (pipelines.filler, ["a good [MASK]", "a bad [MASK]"], {}),
    "writer": (pipelines.writer, TEXTS, GREEDY),
}


@pytest.mark.parametrize("kind", PIPELINES)
def test_each_kind_is_logged_and_loaded_as_it_was(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, texts, options = PIPELINES[kind]
    pipeline = make()
    info = runstone.log_model(pipeline, name="m", model_config=options or None)
    assert set(info.flavors) == {"transformers", "python_function"}
    monkeypatch.setenv("RUNSTONE_PICKLE", "refuse")
    loaded = runstone.load_model(info.model_uri)
    assert (type(loaded), type(loaded.model)) == (type(pipeline), type(pipeline.model))
    wanted = pipeline(texts, **options)
    assert loaded(texts, **options) == wanted
    predicts = runstone.pyfunc.load_model(info.model_uri)
    found = predicts.predict(texts)
    if kind == "writer":
        assert found == [one[0]["generated_text"] for one in wanted]
    elif kind == "classifier":
        assert found.to_dict("records") == wanted
        framed = predicts.predict(pandas.DataFrame({"text": texts}, index=["x", "y"]))
        assert (framed.to_dict("records"), framed.index.tolist()) == (wanted, ["x", "y"])
    else:
        assert found == wanted
    parts = runstone.transformers.load_model(info.model_uri, return_type="components")
    assert set(parts) == {"task", "model", "tokenizer"}


@pytest.mark.parametrize("kind", PIPELINES)
def test_pipelines_go_both_ways_with_the_real_mlflow(kind: str, tmp_path: Path) -> None:
    make, texts, options = PIPELINES[kind]
    pipeline = make()
    wanted = pipeline(texts, **options)
    runstone.transformers.save_model(pipeline, tmp_path / "ours", input_example=texts)
    mlflow.transformers.save_model(pipeline, str(tmp_path / "theirs"), pip_requirements=["transformers"])
    for folder in ("ours", "theirs"):
        for library in (mlflow, runstone):
            assert library.transformers.load_model(str(tmp_path / folder))(texts, **options) == wanted, (
                folder,
                library,
            )
    if kind == "classifier":
        theirs = mlflow.pyfunc.load_model(str(tmp_path / "ours")).predict(texts)
        assert (
            theirs.to_dict("records")
            == runstone.pyfunc.load_model(tmp_path / "theirs").predict(texts).to_dict("records")
            == wanted
        )


def test_parts_and_checkpoints_are_made_a_pipeline(tmp_path: Path) -> None:
    pipeline = pipelines.classifier()
    parts = {"model": pipeline.model, "tokenizer": pipeline.tokenizer}
    runstone.transformers.save_model(parts, tmp_path / "parts", task="text-classification")
    pipeline.save_pretrained(tmp_path / "checkpoint")
    runstone.transformers.save_model(
        str(tmp_path / "checkpoint"), tmp_path / "of", task="text-classification", torch_dtype=torch.float16
    )
    assert runstone.load_model(tmp_path / "parts")(TEXTS) == pipeline(TEXTS)
    assert runstone.load_model(tmp_path / "of").model.dtype == torch.float16
    for model, options, why in (
        (parts, {}, "give task"), (parts, {"task": "llm/v1/chat"}, "give task"), ("bert-base-uncased", {"task": "fill-mask"}, "folder of a checkpoint"),
        (pipeline, {"save_pretrained": False}, "save_pretrained"), (pipeline, {"prompt_template": "{prompt}"}, "prompt_template"),
    ):  # fmt: skip
        with pytest.raises(InvalidParameter, match=why):
            runstone.transformers.save_model(model, tmp_path / "x", **options)


def _change(path: Path, **keys: Any) -> None:
    described = Model.load(path)
    described.flavors["transformers"].update(keys)
    described.save(path / "MLmodel")


def test_code_that_comes_along_runs_only_where_somebody_vouches_for_it(tmp_path: Path) -> None:
    runstone.transformers.save_model(pipelines.classifier(), tmp_path / "m")
    config = tmp_path / "m" / "model" / "config.json"
    said = json.loads(config.read_text())
    config.write_text(json.dumps({**said, "auto_map": {"AutoModel": "mine.Mine"}}))
    with pytest.raises(Forbidden, match=r"'config\.json' of its 'model' is code of its own, or names some"):
        runstone.load_model(tmp_path / "m")
    config.write_text(json.dumps(said))
    (tmp_path / "m" / "components" / "tokenizer" / "mine.py").write_text("import os; os.mkdir('ran')")
    with pytest.raises(Forbidden, match=r"mine\.py"):
        runstone.pyfunc.load_model(tmp_path / "m")
    assert not Path("ran").exists()


class Canary:
    def __reduce__(self) -> Any:
        return (os.mkdir, ("ran",))


def test_weights_that_are_a_pickle_are_asked_about(tmp_path: Path) -> None:
    pipeline = pipelines.classifier()
    runstone.transformers.save_model(pipeline, tmp_path / "m")
    (tmp_path / "m" / "model" / "model.safetensors").unlink()
    weights = tmp_path / "m" / "model" / "pytorch_model.bin"
    torch.save(pipeline.model.state_dict(), weights)
    assert runstone.load_model(tmp_path / "m")(TEXTS) == pipeline(TEXTS)
    torch.save({"a": Canary()}, weights)
    with pytest.raises(Forbidden, match="mkdir"):
        runstone.load_model(tmp_path / "m")
    assert not Path("ran").exists()


def test_a_description_names_classes_of_transformers_and_places_in_its_folder(tmp_path: Path) -> None:
    runstone.transformers.save_model(pipelines.classifier(), tmp_path / "m")
    for keys, why in (
        ({"pipeline_model_type": "os.system"}, "no class of transformers"),
        ({"pipeline_model_type": "Trainer"}, "does not bring it"),
        ({"pipeline_model_type": "BertForSequenceClassification", "model_binary": "../x"}, "leads out"),
        ({"model_binary": "model", "components": ["../../x"], "../../x_type": "BertTokenizer"}, "leads out"),
        ({"components": ["../model"], "../model_type": "BertTokenizer"}, "not there, or none of"),
        ({"components": ["other"], "other_type": "BertTokenizer"}, "not there, or none of"),
    ):  # fmt: skip
        _change(tmp_path / "m", **keys)
        with pytest.raises(InvalidParameter, match=why):
            runstone.load_model(tmp_path / "m")
    described = Model.load(tmp_path / "m")
    del described.flavors["transformers"]["model_binary"]
    described.flavors["transformers"]["source_model_name"] = "org/model"
    described.save(tmp_path / "m" / "MLmodel")
    with pytest.raises(InvalidParameter, match="on a hub, as 'org/model'"):
        runstone.load_model(tmp_path / "m")
    with pytest.raises(InvalidParameter, match="'pipeline' or 'components'"):
        runstone.transformers.load_model(tmp_path / "m", return_type="model")


OWN = """
import torch, transformers
class MineConfig(transformers.PretrainedConfig):
    model_type = "mine"
class Mine(transformers.PreTrainedModel):
    config_class = MineConfig
    def __init__(self, config):
        super().__init__(config)
        self.line = torch.nn.Linear(1, 2)
        self.post_init()
    def forward(self, input_ids, **more):
        return transformers.modeling_outputs.SequenceClassifierOutput(logits=self.line(input_ids.float().sum(-1, keepdim=True)))
MineConfig.register_for_auto_class()
Mine.register_for_auto_class("AutoModelForSequenceClassification")
"""


def test_a_model_of_ones_own_code_goes_along_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_model.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    mine = importlib.import_module("my_own_model")
    pipeline = transformers.pipeline(
        "text-classification", model=mine.Mine(mine.MineConfig()), tokenizer=pipelines.tokenizer()
    )
    runstone.transformers.save_model(pipeline, tmp_path / "m", code_paths=[str(tmp_path / "my_own_model.py")])
    assert (tmp_path / "m" / "model" / "my_own_model.py").exists()
    assert runstone.load_model(tmp_path / "m")(TEXTS) == pipeline(TEXTS)
    config = tmp_path / "m" / "model" / "config.json"
    config.write_text(config.read_text().replace("my_own_model.Mine", "other.Mine"))
    with pytest.raises(Forbidden, match="code of its own"):
        runstone.load_model(tmp_path / "m")
