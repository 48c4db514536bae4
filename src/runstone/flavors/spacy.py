"""spaCy's pipelines, as its own folder: a config that names registered functions, and data."""

from __future__ import annotations

import os
import re
from typing import Any

from runstone.errors import InvalidParameter, MissingFile
from runstone.flavors.flavor import Flavor, Folder, Predict, Saved

DATA = "model.spacy"
# What a config may name without anybody being asked: what comes with spaCy and its thinc.
_OWN_FUNCTIONS = re.compile(
    r"spacy(?:-legacy|-loggers)?\.[\w.-]+|(?:Adam|RAdam|SGD|compounding|warmup_linear|constant|constant_then|decaying|cyclic_triangular"
    r"|slanted_triangular|glorot_uniform_init|he_normal_init|normal_init|uniform_init|zero_init)\.v\d+"
)
_OWN_FACTORIES = (
    "attribute_ruler beam_ner beam_parser doc_cleaner entity_linker entity_ruler future_entity_ruler lemmatizer merge_entities "
    "merge_noun_chunks merge_subtokens morphologizer ner parser sentencizer senter span_finder span_ruler spancat spancat_singlelabel tagger "
    "textcat textcat_multilabel tok2vec token_splitter trainable_lemmatizer"
)
_NAMED = re.compile(r"^\s*(@\w+|factory)\s*=\s*(.*?)\s*$", re.MULTILINE)


def recognises(model: object) -> bool:
    """Whether it is a pipeline of spaCy's."""
    import spacy

    return isinstance(model, spacy.language.Language)


def save(model: Any, folder: str) -> Saved:
    """Write a pipeline. One that classifies texts (`textcat`) predicts; others are loaded as what they are."""
    import spacy

    model.to_disk(os.path.join(folder, DATA))
    block = {"data": DATA, "spacy_version": spacy.__version__}
    kinds = [type(part) for _, part in model.pipeline]
    predicts = any(issubclass(kind, spacy.pipeline.TextCategorizer) for kind in kinds)
    modules = tuple(sorted({kind.__module__ for kind in kinds}))
    return Saved(block, {"data": DATA} if predicts else None, ("spacy",), modules)


def load(folder: Folder) -> Any:
    """The pipeline. Functions and components that its config names and that are not spaCy's are asked about."""
    import spacy

    path = folder.named("data") if "data" in folder.block else os.path.join(folder.path, DATA)
    config = os.path.join(path, "config.cfg")
    if not os.path.isfile(config):
        raise MissingFile(f"The model's pipeline has no config.cfg in {os.path.basename(path)!r}.", config)
    with open(config, encoding="utf-8", errors="replace") as file:
        strange = strangers(file.read())
    if strange:
        folder.trust.runs(config, f"its pipeline is made by functions that are not spaCy's: {', '.join(strange[:8])}")
    return spacy.load(path)


def strangers(config: str) -> list[str]:
    """The functions and components that a config names and that do not come with spaCy."""
    named = {(key, said.strip("\"'")) for key, said in _NAMED.findall(config)}
    strange = {
        said
        for key, said in named
        if not (said in _OWN_FACTORIES.split() if key == "factory" else _OWN_FUNCTIONS.fullmatch(said))
    }
    return sorted(ascii(one)[1:-1][:80] for one in strange)


def predictor(model: Any, folder: Folder) -> Predict:
    """The classes of each text."""

    def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
        import pandas

        if hasattr(data, "columns") and len(data.columns) != 1:
            raise InvalidParameter(f"The pipeline takes one column of texts; got {len(data.columns)}.")
        frame = data if hasattr(data, "iloc") else None
        texts = (
            [data]
            if isinstance(data, str)
            else list(data.iloc[:, 0] if hasattr(data, "columns") and frame is not None else data)
        )
        said = [one.cats for one in model.pipe(texts)]
        return pandas.DataFrame({"predictions": said}, index=None if frame is None else frame.index)

    return predict


FLAVOR = Flavor(
    name="spacy",
    argument="spacy_model",
    recognises=recognises,
    save=save,
    load=load,
    predictor=predictor,
    save_order=(
        "spacy_model path conda_env code_paths mlflow_model signature input_example pip_requirements extra_pip_requirements metadata extra_files"
    ),
    log_order=(
        "spacy_model artifact_path conda_env code_paths registered_model_name signature input_example pip_requirements extra_pip_requirements "
        "metadata extra_files name params tags model_type step model_id **kwargs"
    ),
)
