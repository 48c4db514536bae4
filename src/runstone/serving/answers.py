"""What a model says becomes JSON: frames as records, arrays as lists, times as ISO texts, bytes in base64, what is not finite as null."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import msgspec

from runstone.errors import RunstoneError


def plain(output: Any) -> Any:
    """Frames, arrays and their kin as lists and mappings; all else as it is."""
    library = type(output).__module__.partition(".")[0]
    if library == "numpy":
        return _of_numpy(output)
    if library == "pandas":
        return _of_pandas(output)
    if library == "polars":
        return output.to_dicts() if hasattr(output, "to_dicts") else output.to_list()
    if library == "scipy" and hasattr(output, "toarray"):
        return output.toarray().tolist()
    return output


def encode(said: Any, bare: bool = False) -> bytes:
    """The body of an answer.

    Args:
        said: what `plain` gave.
        bare: not as `{"predictions": ...}`.

    Raises:
        RunstoneError: JSON has no form for it.
    """
    body = said if bare else {"predictions": said}
    try:
        return _ENCODER.encode(body)
    except (TypeError, ValueError, OverflowError, RecursionError):
        pass
    try:
        return _ENCODER.encode(_keyed(body, 0))  # keys that JSON does not have
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RunstoneError(f"JSON has no form for what the model says: {error!s:.200}.") from error


def _of_numpy(output: Any) -> Any:
    kind = getattr(output, "dtype", None)
    if kind is not None and kind.kind == "M":
        import numpy

        texts: Any = numpy.where(numpy.isnat(output), None, numpy.datetime_as_string(output))
        return texts.tolist()
    return output.tolist() if hasattr(output, "tolist") else output


def _of_pandas(output: Any) -> Any:
    if hasattr(output, "to_frame") and not hasattr(output, "columns"):
        output = output.to_frame()  # as MLflow has it: a Series is records of its name
    if hasattr(output, "columns"):
        if not output.columns.is_unique:
            named = next(
                name for name, double in zip(output.columns, output.columns.duplicated(), strict=True) if double
            )
            raise RunstoneError(
                f"The model says two columns of one name, {named!r:.100}, which a record has no place for."
            )
        # values that JSON has none for become None
        return output.to_dict(orient="records")
    return output.tolist() if hasattr(output, "tolist") else output


def _other(value: Any) -> Any:
    """What msgspec does not know."""
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, datetime.datetime | datetime.date | datetime.time) or hasattr(value, "isoformat"):
        return value.isoformat()
    for kind in (str, int, float):  # classes of these, whoever's
        if isinstance(value, kind):
            return _BARE[kind](value)
    if type(value).__name__ == "longdouble":
        return float(value)
    said = plain(value)
    if said is value and hasattr(value, "model_dump"):
        return value.model_dump()
    if said is value:
        raise TypeError(f"a {type(value).__name__}")
    return said


_BARE: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
}


def _keyed(value: Any, depth: int) -> Any:
    if depth > 100:
        raise RecursionError("it is nested too deeply")
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): _keyed(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_keyed(item, depth + 1) for item in value]
    return value


_ENCODER = msgspec.json.Encoder(enc_hook=_other)
