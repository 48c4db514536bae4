"""Spans of time as people write them on the command line: 2w, 30d, 12h, 45m, 10s."""

from __future__ import annotations

import re
from typing import Any

import click

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([smhdw]?)")


class Span(click.ParamType):  # type: ignore[type-arg]  # generic only in younger releases
    """A span in seconds; a number without a unit is 0 only, so that nobody takes days for seconds."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it, or say how it is written."""
        if isinstance(value, int | float):
            return float(value)
        match = _SPAN.fullmatch(str(value).strip())
        if match is None or (not match[2] and float(match[1])):
            self.fail(
                f"{value!r} is no span of time. Write a number and its unit: 2w (weeks), 30d (days), 12h (hours), 45m (minutes), 10s (seconds); or 0.",
                param,
                ctx,
            )
        return float(match[1]) * _UNITS[match[2] or "s"]


SPAN = Span()


def told(seconds: float) -> str:
    """A span as it is written."""
    for unit in ("w", "d", "h", "m"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0 and not (unit == "w" and seconds < 4 * _UNITS["w"]):
            return f"{int(seconds // _UNITS[unit])}{unit}"
    return f"{seconds:g}s"
