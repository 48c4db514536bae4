"""What predicts with an ONNX graph: a session of onnxruntime, opened as the description says, and fed with frames, arrays and mappings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors.flavor import Folder, Predict, check_path
from runstone.warning import warn

# What predicts unless the model says otherwise: a GPU, where there is one.
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
_CPU = "CPUExecutionProvider"
_NUMBERS = ("intra_op_num_threads", "inter_op_num_threads", "graph_optimization_level")
# What can only make it quicker or slower. Others name files and libraries that are loaded.
_HARMLESS = (
    "device_id gpu_mem_limit arena_extend_strategy cudnn_conv_algo_search cudnn_conv_use_max_workspace do_copy_in_default_stream "
    "enable_cuda_graph use_tf32 prefer_nhwc tunable_op_enable use_arena trt_fp16_enable trt_int8_enable trt_max_workspace_size "
    "session.intra_op.allow_spinning session.inter_op.allow_spinning session.force_spinning_stop session.disable_prepacking "
    "session.set_denormal_as_zero session.use_env_allocators session.use_deterministic_compute session.dynamic_block_base "
    "session.intra_op_thread_affinities"
)
_DTYPES = {
    "float": "float32", "double": "float64", "float16": "float16", "int64": "int64", "int32": "int32", "int16": "int16", "int8": "int8",
    "uint64": "uint64", "uint32": "uint32", "uint16": "uint16", "uint8": "uint8", "bool": "bool", "string": "object",
}  # fmt: skip


def check_options(options: object) -> None:
    """Raises InvalidParameter for what are no options of a session."""
    if options is None:
        return
    if not isinstance(options, Mapping):
        raise InvalidParameter(f"onnx_session_options is a mapping; got a {type(options).__name__}.")
    for key, value in options.items():
        if key in _NUMBERS and type(value) is int and value >= 0:
            continue
        if key == "execution_mode" and str(value).lower() in ("sequential", "parallel"):
            continue
        if key == "extra_session_config" and isinstance(value, Mapping):
            continue
        raise InvalidParameter(
            f"onnx_session_options has {key!r:.100}: {value!r:.100}. It takes whole numbers for {', '.join(_NUMBERS)}, 'sequential' or "
            "'parallel' for execution_mode, and a mapping for extra_session_config."
        )


def tensors(message: Any) -> Iterator[Any]:
    """All tensors of a graph, wherever they are: weights, attributes, graphs within it, functions."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in (value,) if hasattr(value, "ListFields") else value:
                if part.DESCRIPTOR.name == "TensorProto":
                    yield part
                else:
                    yield from tensors(part)


def read(folder: Folder, path: str) -> Any:
    """The graph of a file, without the weights that are kept beside it; where these are, is checked.

    Raises:
        InvalidParameter: it is no graph, or a file of weights that it names is not within the model's folder.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.load_model(path, load_external_data=False)
    except DecodeError as error:
        raise InvalidParameter(
            f"The model's {os.path.basename(path)!r} is no graph of ONNX's: {error!s:.200}"
        ) from error
    beside = os.path.relpath(os.path.dirname(path), os.path.realpath(folder.path))
    for tensor in tensors(graph):
        if tensor.data_location == tensor.EXTERNAL:
            for said in tensor.external_data:
                if said.key == "location":
                    _check_weights(folder, os.path.join(beside, said.value), tensor.name)
    return graph


def _check_weights(folder: Folder, place: str, name: str) -> None:
    # not there: onnxruntime knows locations that are none, and mean a place in its own memory
    if not os.path.isfile(check_path(folder.path, place, f"weight {name!r:.100}")):
        raise InvalidParameter(
            f"The graph's weight {name!r:.100} is to be in {place!r:.200}, which is no file of the model's."
        )


def opened(folder: Folder) -> Any:
    """A session on the graph of a model's folder.

    Raises:
        InvalidParameter: the description's options are none, or its weights lie elsewhere.
        Forbidden: the options could load something else, and nobody vouches for them.
    """
    import onnxruntime

    path = folder.named("data")
    read(folder, path)
    options = folder.block.get("onnx_session_options")
    check_options(options)
    providers = _providers(folder.block.get("providers"))
    _ask(folder, providers, options)
    here = onnxruntime.get_available_providers()
    usable = [one for one in providers if _name(one) in here] or [_CPU]
    absent = [_name(one) for one in providers if _name(one) not in here]
    if absent and tuple(map(_name, providers)) != PROVIDERS:
        warn(f"The model is to run on {', '.join(absent)}, which is not here: it runs on {_name(usable[0])}.")
    try:
        return onnxruntime.InferenceSession(path, _options(options), providers=usable)
    except Exception as error:
        if usable == [_CPU]:
            raise
        warn(f"{_name(usable[0])} fails, and the model runs on {_CPU}: {error!s:.300}")
        return onnxruntime.InferenceSession(path, _options(options), providers=[_CPU])


def _providers(said: Any) -> list[Any]:
    found = [said] if isinstance(said, str) else said or PROVIDERS
    pairs = [tuple(one) if isinstance(one, list) else one for one in found]
    for one in pairs:
        if not isinstance(one, str) and not (
            isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) and isinstance(one[1], Mapping)
        ):
            raise InvalidParameter(
                f"The model's execution providers have {one!r:.100}, which is neither a name nor a name with options."
            )
    return pairs


def _name(provider: Any) -> str:
    return provider if isinstance(provider, str) else str(provider[0])


def _ask(folder: Folder, providers: list[Any], options: Any) -> None:
    said = [str(key) for one in providers if not isinstance(one, str) for key in one[1]]
    said += [str(key) for key in (options or {}).get("extra_session_config", ())]
    strange = sorted({key for key in said if key not in _HARMLESS.split()})
    if strange:
        named = ", ".join(key[:80] for key in strange[:8])
        folder.trust.runs(
            os.path.join(folder.path, "MLmodel"),
            f"its description sets options of onnxruntime that may load files: {named}",
        )


def _options(said: Any) -> Any:
    import onnxruntime

    options, said = onnxruntime.SessionOptions(), said or {}
    for key in ("intra_op_num_threads", "inter_op_num_threads"):
        if said.get(key):
            setattr(options, key, said[key])
    if said.get("execution_mode"):
        options.execution_mode = getattr(onnxruntime.ExecutionMode, f"ORT_{str(said['execution_mode']).upper()}")
    if said.get("graph_optimization_level"):
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel(said["graph_optimization_level"])
    for key, value in (said.get("extra_session_config") or {}).items():
        options.add_session_config_entry(str(key), str(value))
    return options


def predictor(model: Any, folder: Folder) -> Predict:
    """Feeds a session; one on the folder's graph, where the graph itself is given."""
    session = model if hasattr(model, "run") else opened(folder)
    inputs, outputs = session.get_inputs(), [one.name for one in session.get_outputs()]

    def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
        from onnxruntime.capi import onnxruntime_pybind11_state as errors

        try:
            said = session.run(outputs, fed(data, inputs))
        except (errors.InvalidArgument, errors.Fail) as error:
            raise InvalidParameter(f"The graph does not take this data: {error!s:.500}") from error
        named = dict(zip(outputs, said, strict=True))
        return _frame(named, data.index) if hasattr(data, "iloc") else named

    return predict


def fed(data: Any, inputs: list[Any]) -> dict[str, Any]:
    """What a graph is fed with, by the names of its inputs.

    Args:
        data: arrays by name; a frame of as many columns as inputs, or of any where there is one input; an array, where there is one.
        inputs: the graph's, as a session describes them.

    Raises:
        InvalidParameter: one is missing, or is not of its type.
    """
    by_name = isinstance(data, Mapping) or (hasattr(data, "columns") and len(inputs) > 1)
    if by_name:
        known = list(data.columns if hasattr(data, "columns") else data)
        absent = [one.name for one in inputs if one.name not in known]
        if absent:
            raise InvalidParameter(f"The graph takes {', '.join(map(repr, absent))}, which is missing.")
        return {one.name: _tensor(data[one.name], one) for one in inputs}
    if len(inputs) != 1:
        raise InvalidParameter(
            f"The graph takes {', '.join(repr(one.name) for one in inputs)}: give a mapping of names to arrays, or a frame."
        )
    return {inputs[0].name: _tensor(data, inputs[0])}


def _tensor(data: Any, wanted: Any) -> Any:
    import numpy

    kind = _DTYPES.get(wanted.type.removeprefix("tensor(").removesuffix(")"))
    if kind is None:  # a sequence, a map, a type that numpy has not
        return data
    array = data.to_numpy() if hasattr(data, "to_numpy") else numpy.asarray(data)
    if array.dtype == object and len(array) and isinstance(array.flat[0], list | tuple | numpy.ndarray):
        array = numpy.array(array.tolist())  # a column of lists
    if array.ndim == 1 and len(wanted.shape) == 2 and wanted.shape[1] == 1:
        array = array.reshape(-1, 1)  # a column
    return _of_dtype(array, kind, wanted.name)


def _of_dtype(array: Any, kind: str, name: str) -> Any:
    """Floats are rounded to those that the graph counts with; nothing else is changed."""
    import numpy

    if array.dtype == kind:
        return array
    if kind == "object":
        if array.dtype.kind in "UT":
            return array.astype(object)
    elif array.dtype.kind in "biufO" and not (kind == "bool" and array.dtype.kind != "O"):
        try:
            made = array.astype(kind)
        except (TypeError, ValueError):
            made = None
        if made is not None and (made.dtype.kind == "f" or numpy.array_equal(made, array)):
            return made
    raise InvalidParameter(
        f"The graph's input {name!r} is to be {kind}; the values are {array.dtype.name}, and not all of them fit."
    )


def _frame(named: dict[str, Any], index: Any) -> Any:
    """A column for each output, a row for each row: a cell is a list where an output has several values a row."""
    import pandas

    columns = {name: _column(value) for name, value in named.items()}
    if all(len(column) == len(index) for column in columns.values()):
        return pandas.DataFrame(columns, index=index)
    return pandas.DataFrame(columns) if len({len(column) for column in columns.values()}) == 1 else named


def _column(value: Any) -> Any:
    if not hasattr(value, "ndim"):  # a sequence
        return list(value)
    if value.ndim > 1:
        return value.reshape(-1) if value.size == len(value) else value.tolist()
    return value.reshape(-1)
