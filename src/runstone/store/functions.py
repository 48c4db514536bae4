"""Functions that SQL calls, by the names that `database.py` gives them there."""

from __future__ import annotations


def as_number(text: str | None) -> float | None:
    """A param's text as a number; NULL where it is none (NaN is none)."""
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number == number else None


def folded(text: str | None) -> str | None:
    """A text in small letters of any script; SQLite's lower() knows ASCII only."""
    return None if text is None else text.lower()
