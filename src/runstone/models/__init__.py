"""Models: saved in MLflow's folder format, logged to a store, loaded again. Public names as `mlflow.models` has them; each is loaded when touched."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

_HOMES = {
    name: f"runstone.{module}"
    for module, names in {
        "flavors.pyfunc.code": "ModelConfig set_model",
        "models.changing": "set_signature",
        "models.examples": "convert_input_example_to_serving_input",
        "models.folders": "log_saved_model",
        "models.info": "ModelInfo get_model_info",
        "models.mlmodel": "Model",
        "models.requirements": "infer_pip_requirements lock_model_requirements update_model_requirements",
        "models.not_served": "add_libraries_to_model build_docker",
        "serving.asking": "predict validate_serving_input",
        "models.signature": "ModelSignature infer_signature validate_schema",
        "models.signing": "make_signing_key sign_model verify_model",
    }.items()
    for name in names.split()
}

__all__ = sorted(_HOMES)

if TYPE_CHECKING:
    from runstone.flavors.pyfunc.code import ModelConfig as ModelConfig
    from runstone.flavors.pyfunc.code import set_model as set_model
    from runstone.models.changing import set_signature as set_signature
    from runstone.models.examples import (
        convert_input_example_to_serving_input as convert_input_example_to_serving_input,
    )
    from runstone.models.folders import log_saved_model as log_saved_model
    from runstone.models.info import ModelInfo as ModelInfo
    from runstone.models.info import get_model_info as get_model_info
    from runstone.models.mlmodel import Model as Model
    from runstone.models.not_served import add_libraries_to_model as add_libraries_to_model
    from runstone.models.not_served import build_docker as build_docker
    from runstone.models.requirements import infer_pip_requirements as infer_pip_requirements
    from runstone.models.requirements import lock_model_requirements as lock_model_requirements
    from runstone.models.requirements import update_model_requirements as update_model_requirements
    from runstone.models.signature import ModelSignature as ModelSignature
    from runstone.models.signature import infer_signature as infer_signature
    from runstone.models.signature import validate_schema as validate_schema
    from runstone.models.signing import make_signing_key as make_signing_key
    from runstone.models.signing import sign_model as sign_model
    from runstone.models.signing import verify_model as verify_model


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"runstone.models has no {name!r}. It has {', '.join(__all__)}.")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value
