"""transformers' pipelines: the model as safetensors, and what prepares its inputs, each in a folder of its own. No hub is ever asked."""

from __future__ import annotations

import os
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors import transformers_folders as folders
from runstone.flavors.flavor import Flavor, Folder, Predict, Saved, check_path

MODEL, COMPONENTS = "model", "components"
_PARTS = ("tokenizer", "feature_extractor", "image_processor")
# What a pipeline calls the text that it makes.
_TEXTS = ("generated_text", "translation_text", "summary_text", "answer", "text")


def recognises(model: object) -> bool:
    """Whether it is a pipeline of transformers'."""
    import transformers

    return isinstance(model, transformers.Pipeline)


def save(
    model: Any,
    folder: str,
    *,
    processor: Any = None,
    task: str | None = None,
    torch_dtype: Any = None,
    model_card: Any = None,
    model_config: dict[str, Any] | None = None,
    prompt_template: str | None = None,
    save_pretrained: bool = True,
    prompts: Any = None,
    base_model_path: str | None = None,
) -> Saved:
    """Write a pipeline.

    Args:
        model: the pipeline; or its parts by name (`model`, `tokenizer`, ...), or the folder of a checkpoint, with `task`.
        folder: where to.
        processor: more that prepares inputs.
        task: of parts or a folder.
        torch_dtype: the numbers that it is loaded with; those it has, unless said.
        model_card, prompts: taken for MLflow's sake.
        model_config: options that the pipeline is called with when it predicts.
        prompt_template, save_pretrained, base_model_path: what only MLflow does: refused, unless they are as they are by default.
    """
    import transformers

    for name, given in (("prompt_template", prompt_template), ("base_model_path", base_model_path)):
        if given is not None:
            raise InvalidParameter(f"{name} is not known here: leave it out.")
    if not save_pretrained:
        raise InvalidParameter("A model's weights lie beside it, wherever they came from: leave save_pretrained out.")
    pipeline = _built(model, task)
    pipeline.model.save_pretrained(os.path.join(folder, MODEL))
    parts = {name: part for name in _PARTS if (part := getattr(pipeline, name, None)) is not None}
    block = {
        "task": pipeline.task,
        "instance_type": type(pipeline).__name__,
        "torch_dtype": str(torch_dtype or pipeline.model.dtype),
        "pipeline_model_type": type(pipeline.model).__name__,
        "source_model_name": pipeline.model.name_or_path,
        "model_binary": MODEL,
        "components": list(parts),
        "transformers_version": transformers.__version__,
    }
    for name, part in {**parts, **({"processor": processor} if processor is not None else {})}.items():
        part.save_pretrained(os.path.join(folder, COMPONENTS, name))
        block[f"{name}_type"] = type(part).__name__
    pyfunc = {} if model_config is None else {"config": model_config}
    modules = tuple(sorted({type(part).__module__ for part in (pipeline, pipeline.model, *parts.values())}))
    asked = tuple(name for name in (MODEL, COMPONENTS) if folders.own_code(os.path.join(folder, name)))
    return Saved(block, pyfunc, ("transformers", "torch"), modules, asked=asked)


def _built(model: Any, task: str | None) -> Any:
    import transformers

    if recognises(model):
        return model
    parts = model if isinstance(model, dict) else {"model": model}
    if (isinstance(model, str) and not os.path.isdir(model)) or not isinstance(model, str | dict):
        raise InvalidParameter(
            f"transformers_model is a pipeline, its parts by name, or the folder of a checkpoint; got {model!r:.100}."
        )
    if task is None or task.startswith("llm/"):
        raise InvalidParameter(
            "A pipeline is made of parts for a task of transformers': give task, e.g. 'text-classification'."
        )
    return transformers.pipeline(task=task, trust_remote_code=False, **parts)


def load(
    folder: Folder,
    *,
    return_type: str = "pipeline",
    device: Any = None,
    base_model_path: str | None = None,
    torch_dtype: Any = None,
) -> Any:
    """The pipeline; or its parts by name.

    Args:
        folder: the model's.
        return_type: 'pipeline' or 'components'.
        device: where to put it.
        base_model_path: taken for MLflow's sake.
        torch_dtype: the numbers that it is loaded with; those that it was saved with, unless said.

    Raises:
        InvalidParameter: its weights are not with it; a class that the description names is none of transformers'.
        Forbidden: it brings code, or weights that are a pickle which could run code, and nobody vouches for that.
    """
    import transformers

    if return_type not in ("pipeline", "components"):
        raise InvalidParameter(f"return_type={return_type!r}: it is 'pipeline' or 'components'.")
    block = folder.block
    if "model_binary" not in block and not os.path.isdir(os.path.join(folder.path, "pipeline")):
        raise InvalidParameter(
            f"The model's weights are not with it, but on a hub, as {block.get('source_model_name')!r:.200}: load it from there by transformers, "
            "and log it again."
        )
    place = check_path(folder.path, block.get("model_binary", "pipeline"), "model_binary")
    names = [name for name in (*(block.get("components") or ()), "processor") if f"{name}_type" in block]
    found: dict[str, Any] = {
        "model": folders.model(folder, place, block.get("pipeline_model_type"), torch_dtype or block.get("torch_dtype"))
    }
    for name in names:
        path = check_path(folder.path, f"{COMPONENTS}/{name}", f"component {name!r:.50}")
        found[name] = folders.part(folder, path, name, block[f"{name}_type"])
    if return_type == "components":
        return {"task": block.get("task"), **found}
    found.pop("processor", None)
    return transformers.pipeline(task=str(block.get("task")), device=device, trust_remote_code=False, **found)


def opened(folder: Folder) -> Any:
    """The pipeline, on a GPU where there is one."""
    import torch

    return load(folder, device=0 if torch.cuda.is_available() else None)


def predictor(model: Any, folder: Folder) -> Predict:
    """Calls the pipeline: a row for a row; of texts that it makes, the texts, of classes a frame of labels and scores."""
    config = {name: value for name, value in (folder.pyfunc.get("config") or {}).items() if name != "device"}

    def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
        said = model(_rows(data), **{**config, **(params or {})})
        rows = [
            one[0] if isinstance(one, list) and len(one) == 1 else one
            for one in (said if isinstance(said, list) else [said])
        ]
        if not rows or not all(isinstance(one, dict) for one in rows):
            return rows
        text = next((key for key in _TEXTS if all(isinstance(one.get(key), str) for one in rows)), None)
        if text is not None:
            return [one[text] for one in rows]
        if all(one.keys() == {"label", "score"} for one in rows):
            import pandas

            return pandas.DataFrame(rows, index=data.index if hasattr(data, "iloc") else None)
        return rows

    return predict


def _rows(data: Any) -> Any:
    if hasattr(data, "columns"):
        if len(data.columns) == 1:
            return list(data[data.columns[0]])
        return data.to_dict("records") if hasattr(data, "iloc") else data.to_dicts()
    return [data] if isinstance(data, str | bytes | dict) else list(data)


FLAVOR = Flavor(
    name="transformers",
    argument="transformers_model",
    recognises=recognises,
    save=save,
    load=load,
    opens=opened,
    predictor=predictor,
    save_order=(
        "transformers_model path processor task torch_dtype model_card code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements conda_env metadata model_config prompt_template save_pretrained base_model_path **kwargs"
    ),
    log_order=(
        "transformers_model artifact_path processor task torch_dtype model_card code_paths registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements conda_env metadata model_config prompt_template save_pretrained "
        "prompts name params tags model_type step model_id base_model_path **kwargs"
    ),
    load_order="model_uri dst_path return_type device base_model_path **kwargs",
)
