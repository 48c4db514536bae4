"""What counts as a number in a metric, as people and libraries give it. Knows nothing of stores."""

from __future__ import annotations

import math
from typing import Any

from runstone.errors import InvalidParameter, brief
from runstone.operations.rules import invalid

_LEAST, _GREATEST = -(2**63), 2**63 - 1


def check_number(key: str, value: Any) -> float:
    """A metric's value: numbers, bools, numpy and torch scalars, arrays and tensors of one element, numeric texts.

    NaN and infinities are numbers. Raises InvalidParameter naming the key and the value.
    """
    try:
        if isinstance(value, int | float | str):
            return float(value)
        item = getattr(value, "item", None)  # numpy and torch scalars, and arrays and tensors of one element
        if item is not None and getattr(value, "size", 1) != 0:
            value = item()
        if not isinstance(value, complex):
            number = float(value)
            # What was finite must not become infinite: a long double of numpy's may be beyond 64 bits.
            if not math.isinf(number) or value == number:
                return number
    except (TypeError, ValueError, OverflowError, RuntimeError):
        pass  # said below, in one way
    shown = repr(value)
    raise InvalidParameter(
        f"Got invalid value {shown[:100]} for metric {brief(key)}: a metric's value is one number. Convert it, e.g. with float()."
    )


def check_integer(what: str, key: str, value: Any) -> int:
    """A step or timestamp (`what` says which): a 64-bit integer; a float is cut. Raises InvalidParameter naming the key and the value."""
    number: int | None
    try:
        number = int(value.item()) if hasattr(value, "item") else int(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if (
        number is None
        or isinstance(value, str)
        or not _LEAST <= number <= _GREATEST
        or (isinstance(value, float) and math.isnan(value))
    ):
        raise InvalidParameter(
            f"Got invalid {what} {brief(value)} for metric {brief(key)}: a {what} is a 64-bit integer."
        )
    return number


def check_time(key: str, timestamp: Any, number: int | None = None) -> int:
    """A time in ms since 1970, or InvalidParameter; `number` is the point's place in a batch."""
    time = check_integer("timestamp", key, timestamp)
    if time < 0:
        place = "timestamp" if number is None else f"metrics[{number}].timestamp"
        raise invalid(place, time, f"It is negative, for the metric {key!r}. Give milliseconds since 1970.")
    return time


def spelt(number: float) -> float | str:
    """A number as proto-JSON says it: NaN and the infinities, which JSON does not have, are texts."""
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
