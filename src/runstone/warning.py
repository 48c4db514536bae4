"""Warnings at the line of the program that led to them. Knows nothing of what is warned of."""

from __future__ import annotations

import sys
import warnings

# What stands between a program's line and ours: our own calls, and those that Python makes for a `with` or a decorator.
_BETWEEN = ("runstone", "contextlib", "functools")


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn: the place that is shown is the nearest caller's that is none of runstone's, for that one can do something about it."""
    frame, level = sys._getframe(1), 2
    while str(frame.f_globals.get("__name__")).partition(".")[0] in _BETWEEN:
        if frame.f_back is None:  # a thread of ours
            level = 2
            break
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)
