"""Arrays held against a schema of tensors: dtypes and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runstone.errors import InvalidParameter
from runstone.types.schema import Schema, TensorSpec
from runstone.types.sentences import called, lacking


def enforce(data: Any, schema: Schema) -> Any:
    """The array, or the arrays by name, in the schema's dtypes. Raises InvalidParameter."""
    if not schema.has_input_names():
        return _tensor(data, schema.inputs[0])
    names = schema.input_names()
    module = type(data).__module__.partition(".")[0]
    if module in ("pandas", "polars") and type(data).__name__ == "DataFrame":
        data = {name: _stacked(data[name]) for name in names if name in data.columns}
    elif not isinstance(data, Mapping):
        if len(names) > 1:
            raise InvalidParameter(
                f"The model takes arrays by name ({', '.join(map(repr, names))}); got {called(data)}. Give a mapping."
            )
        data = {names[0]: data}
    absent = [name for name in names if name not in data]
    if absent:
        raise InvalidParameter(f"The model takes {lacking('array', absent)}.")
    return {spec.name: _tensor(data[spec.name], spec) for spec in schema.inputs}


def _tensor(data: Any, spec: TensorSpec) -> Any:
    import numpy

    array = data.detach().cpu().numpy() if hasattr(data, "detach") else data  # PyTorch's
    if not hasattr(array, "dtype") or not hasattr(array, "shape"):
        if hasattr(array, "to_numpy"):  # a frame
            array = array.to_numpy()
        elif isinstance(array, list | tuple):
            array = _of_list(array, spec)
        else:
            raise _wrong(spec, f"got {called(data)}")
    elif not isinstance(array, numpy.ndarray) and not hasattr(array, "tocsr") and not hasattr(array, "ndim"):
        raise _wrong(spec, f"got {called(data)}")
    elif type(array).__module__.partition(".")[0] in ("pandas", "polars"):
        array = array.to_numpy()
    shape = tuple(array.shape)
    if len(shape) != len(spec.shape) or any(want not in (-1, has) for want, has in zip(spec.shape, shape, strict=True)):
        raise _wrong(spec, f"the shape is {shape}")
    return _of_dtype(array, spec)


def _of_dtype(array: Any, spec: TensorSpec) -> Any:
    import numpy

    given, wanted = array.dtype, spec.type
    if given == wanted or (given.kind == wanted.kind and wanted.kind in "USMO") or given.kind + wanted.kind == "TU":
        return array
    if given.kind in "iuf" and wanted.kind in "iuf":
        if numpy.can_cast(given, wanted, "safe") and not (
            given.kind in "iu" and wanted.kind == "f" and given.itemsize >= wanted.itemsize
        ):
            return array.astype(wanted)
        if given.kind in "iu" and wanted.kind == "f":
            values = array.data if hasattr(array, "tocsr") else array
            limit = 1 << (numpy.finfo(wanted).nmant + 1)
            if not values.size or (int(values.max()) <= limit and int(values.min()) >= -limit):
                return array.astype(wanted)
            raise _wrong(spec, f"the values are {given.name}, and not all of them are exact in {wanted.name}")
    raise _wrong(
        spec,
        f"the values are {given.name}",
        f" array.astype({wanted.name!r}) makes it so." if given.kind in "iuf" and wanted.kind in "iuf" else "",
    )


def _of_list(values: Any, spec: TensorSpec) -> Any:
    import numpy

    try:
        array = numpy.array(values)
    except ValueError as error:
        raise _wrong(spec, "the lists are of different lengths") from error
    if array.dtype.kind in "US" or (array.dtype.kind == "f" and not abs(array).max(initial=0) < 1 << 53):
        _check_mixture(values, array, spec)
    # Python's own floats have no width
    if array.dtype == numpy.float64 and spec.type.kind == "f":
        made = array.astype(spec.type)
        if numpy.array_equal(numpy.isinf(made), numpy.isinf(array)):
            return made
    if array.dtype == numpy.int64 and spec.type.kind in "iu":
        made = array.astype(spec.type)
        if numpy.array_equal(made, array):
            return made
    return array


def _check_mixture(values: Any, array: Any, spec: TensorSpec) -> None:
    """Raise where numpy made numbers texts, or whole numbers others, to have one dtype of all."""
    import numpy

    for given, made in zip(numpy.array(values, object).ravel().tolist(), array.ravel().tolist(), strict=True):
        if given != made and given == given:
            raise _wrong(spec, f"{given!r:.80} would become {made!r:.80}")


def _stacked(series: Any) -> Any:
    values = series.to_numpy()
    return values.tolist() if values.dtype == object else values


def _wrong(spec: TensorSpec, given: str, hint: str = "") -> InvalidParameter:
    name = "The array" if spec.name is None else f"The array {spec.name!r}"
    return InvalidParameter(f"{name} is to be {spec.type.name} of shape {spec.shape}; {given}.{hint}")
