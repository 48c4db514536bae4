"""ONNX's graphs: the graph in one file, its weights in another. What predicts is a session of onnxruntime (`onnx_sessions`)."""

from __future__ import annotations

import os
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors import onnx_sessions as sessions
from runstone.flavors.flavor import Flavor, Folder, Saved

FILE, WEIGHTS = "model.onnx", "model.onnx.data"


def recognises(model: object) -> bool:
    """Whether it is a graph of ONNX's, with all that belongs to it."""
    import onnx

    return isinstance(model, onnx.ModelProto)


def save(
    model: Any,
    folder: str,
    *,
    onnx_execution_providers: list[Any] | None = None,
    onnx_session_options: dict[str, Any] | None = None,
    save_as_external_data: bool = True,
    size_threshold: int = 1024,
    all_tensors_to_one_file: bool = True,
    convert_attribute: bool = False,
    location: str | None = None,
) -> Saved:
    """Write a graph. The graph that was handed in stays as it is.

    Args:
        model: the ModelProto.
        folder: where to.
        onnx_execution_providers: what predicts, the first that is there where it is loaded: names, or pairs of a name and options.
        onnx_session_options: of the session that predicts: `graph_optimization_level`, `intra_op_num_threads`, `inter_op_num_threads`,
            `execution_mode` ('sequential' or 'parallel'), and `extra_session_config`, a mapping of onnxruntime's own keys.
        save_as_external_data: keep weights beside the graph, which may have 2 GiB alone.
        size_threshold: bytes from which on a weight is kept there.
        all_tensors_to_one_file, convert_attribute, location: as `onnx.save_model` takes them.
    """
    import onnx

    if not recognises(model):
        raise InvalidParameter(
            f"onnx_model is to be an onnx.ModelProto, as onnx.load gives one; got a {type(model).__name__}."
        )
    sessions.check_options(onnx_session_options)
    if any(tensor.data_location == tensor.EXTERNAL for tensor in sessions.tensors(model)):
        raise InvalidParameter(
            "The graph's weights are not with it: load it with onnx.load(path), without load_external_data=False."
        )
    if save_as_external_data:
        whole, model = model, onnx.ModelProto()
        model.CopyFrom(whole)  # onnx takes the weights out of what it writes so
    onnx.save_model(
        model,
        os.path.join(folder, FILE),
        save_as_external_data=save_as_external_data,
        size_threshold=size_threshold,
        all_tensors_to_one_file=all_tensors_to_one_file,
        convert_attribute=convert_attribute,
        location=location or (WEIGHTS if all_tensors_to_one_file else None),
    )
    block = {
        "data": FILE,
        "onnx_version": onnx.__version__,
        "providers": [_plain(one) for one in onnx_execution_providers or sessions.PROVIDERS],
        "onnx_session_options": onnx_session_options,
    }
    return Saved(block, {"data": FILE}, ("onnx", "onnxruntime"))


def _plain(provider: Any) -> Any:
    return list(provider) if isinstance(provider, tuple) else provider


def load(folder: Folder) -> Any:
    """The graph, with its weights."""
    import onnx

    path = folder.named("data")
    graph = sessions.read(folder, path)
    onnx.load_external_data_for_model(graph, os.path.dirname(path))
    return graph


FLAVOR = Flavor(
    name="onnx",
    argument="onnx_model",
    recognises=recognises,
    save=save,
    load=load,
    opens=sessions.opened,
    predictor=sessions.predictor,
    save_order=(
        "onnx_model path conda_env code_paths mlflow_model signature input_example pip_requirements extra_pip_requirements "
        "onnx_execution_providers onnx_session_options metadata save_as_external_data extra_files **kwargs"
    ),
    log_order=(
        "onnx_model artifact_path conda_env code_paths registered_model_name signature input_example await_registration_for "
        "pip_requirements extra_pip_requirements onnx_execution_providers onnx_session_options metadata save_as_external_data extra_files "
        "name params tags model_type step model_id **kwargs"
    ),
)
