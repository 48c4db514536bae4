"""YAML that anybody may have written, read within bounds: no depth ends the process, no alias unfolds without end, no number takes minutes."""

from __future__ import annotations

import re
from typing import Any

# Values in values; characters and values in all, each counted as often as it is meant.
DEEPEST = 100
_MOST = 64 << 20
# Digits of a number: YAML has numbers to the base of 60, which take the square of their length.
_LONGEST_NUMBER = 100
_NUMBER = re.compile(r"[-+]?(?:[0-9:_.]+|0[xb][0-9a-fA-F_]+)")


def read_yaml(content: bytes | str) -> Any:
    """What a text of YAML holds. Raises ValueError, which says what is wrong with it.

    Args:
        content: the text; whoever calls bounds its length.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _measure(yaml.parse(content, Loader=loader))
        return yaml.load(content, Loader=loader)  # noqa: S506  (both are safe)
    except (yaml.YAMLError, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error
    except (AttributeError, LookupError, TypeError) as error:  # PyYAML's, of `!!timestamp x`, `!!bool x` and their like
        raise ValueError(f"it has a value that is not of the kind it says: {error}") from error


def _measure(events: Any) -> None:
    """Follow a text's parts without making anything of them. The loaders call themselves for each level, and end the process with it."""
    sizes: dict[str, int] = {}
    # Of each collection that is open: its anchor, and its size as far as it goes.
    opened: list[tuple[str | None, int]] = [(None, 0)]
    for event in events:
        kind = type(event).__name__
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            opened.append((event.anchor, 1))
            if len(opened) > DEEPEST:
                raise ValueError(f"it has values in values, more than {DEEPEST} deep")
            continue
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            anchor, size = opened.pop()
        elif kind == "ScalarEvent":
            anchor, size = event.anchor, 1 + len(event.value)
            plain = event.implicit[0] or event.tag is not None
            if plain and len(event.value) > _LONGEST_NUMBER and _NUMBER.fullmatch(event.value):
                raise ValueError(f"it has a number of {len(event.value):,} characters")
        elif kind == "AliasEvent":
            if event.anchor not in sizes:
                raise ValueError(f"{event.anchor!r:.80} is part of itself, or not there")
            anchor, size = None, sizes[event.anchor]
        else:
            continue
        if anchor is not None:
            sizes[anchor] = size
        opened[-1] = (opened[-1][0], opened[-1][1] + size)
        if opened[-1][1] > _MOST:
            raise ValueError("it says few things so often that they are too many")
