"""YAML, told as the values it holds. Bounded like all that is read here: aliases may mean one thing a thousand times."""

from __future__ import annotations

from typing import Any

from runstone.previews.found import Preview
from runstone.previews.window import UnreadableError, Window, buffered
from runstone.safety.texts import read_yaml

# Bytes of a file, and values (and so many letters each) that are told.
_MOST, _VALUES, _LETTERS = 1 << 20, 50_000, 64
# Whole numbers that a browser has exactly.
_EXACT = 1 << 53


def yaml(window: Window) -> Preview:
    """The values of a file."""
    if window.size > _MOST:
        raise UnreadableError(f"it has more than {_MOST >> 20} MB of YAML")
    try:
        value = plain(read_yaml(buffered(window).read()), [_VALUES])
    except ValueError as error:
        raise UnreadableError(f"it is no YAML that is read here: {error!s:.300}") from error
    return Preview("yaml", value=value)


def plain(value: Any, left: list[int]) -> Any:
    """A value as JSON has it; what JSON has no word for becomes a text.

    Args:
        value: what a text of YAML holds.
        left: how many values may be told yet, 64 letters being one; counted down. ValueError where they do not suffice.
    """
    left[0] -= 1 + (len(value) // _LETTERS if isinstance(value, str) else 0)
    if left[0] < 0:
        raise ValueError("it says too much to be shown")
    if isinstance(value, dict):
        return {str(plain(key, left)): plain(one, left) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(one, left) for one in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int):
        return value if -_EXACT < value < _EXACT else hex(value)
    return value if isinstance(value, float) and value - value == 0 else str(value)
