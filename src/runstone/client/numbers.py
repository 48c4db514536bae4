"""Numbers and spans of time as programs give them, or what to give instead."""

from __future__ import annotations

import operator
from typing import Any

from runstone.operations.rules import invalid


def seconds(name: str, value: Any) -> float | None:
    """The seconds of a number or a timedelta; None is None. Raises InvalidParameter for anything else (`name` says whose value it is)."""
    if value is None:
        return None
    if hasattr(value, "total_seconds"):
        value = value.total_seconds()
    try:
        if not isinstance(value, bool | str | bytes):
            return float(value)
    except (TypeError, ValueError, OverflowError):
        pass  # said below, in one way
    raise invalid(name, value, "It takes a number of seconds, or a timedelta such as timedelta(days=30).")


def count(name: str, value: Any) -> int | None:
    """A whole number; None is None. Raises InvalidParameter for anything else (`name` says whose value it is)."""
    if value is None:
        return None
    try:
        if not isinstance(value, bool) and -(2**63) <= (number := operator.index(value)) < 2**63:
            return number
    except TypeError:
        pass  # said below, in one way
    raise invalid(name, value, "It takes a whole number, such as 3.")
