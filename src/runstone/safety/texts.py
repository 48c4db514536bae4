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
# What PyYAML takes a value for that is a text; and what it does not take for a value: `<<`, which merges a mapping, and `=`.
_TEXT = "tag:yaml.org,2002:str"
_NOT_VALUES = ("tag:yaml.org,2002:merge", "tag:yaml.org,2002:value")


def read_yaml(content: bytes | str) -> Any:
    """What a text of YAML holds. Raises ValueError, which says what is wrong with it.

    Args:
        content: the text; whoever calls bounds its length.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        plain, found = _followed(loader(content))
        return found if plain else yaml.load(content, Loader=loader)  # noqa: S506  (both are safe)
    except (yaml.YAMLError, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error
    except (AttributeError, LookupError, TypeError) as error:  # PyYAML's, of `!!timestamp x`, `!!bool x` and their like
        raise ValueError(f"it has a value that is not of the kind it says: {error}") from error


class _Opened:
    """A collection of which more is to come: its anchor, its size and its parts as far as they go (of a mapping, keys and values in turn)."""

    __slots__ = ("anchor", "parts", "size")

    def __init__(self, anchor: str | None, size: int) -> None:
        self.anchor, self.size = anchor, size
        self.parts: list[Any] = []


def _followed(loader: Any) -> tuple[bool, Any]:
    """Follow a text's parts, measure them, and make what they say of them. The loaders' own way calls itself for each level, and ends the
    process with it.

    Returns:
        Whether the text is plain: one document without tags, anchors and merges, as nearly all are; and what it says. Of another, which is
        measured too, the second means nothing: it is the loader's to read.
    """
    import yaml

    starts, mapping = (yaml.MappingStartEvent, yaml.SequenceStartEvent), yaml.MappingEndEvent
    ends = (mapping, yaml.SequenceEndEvent)
    sizes: dict[str, int] = {}
    last = _Opened(None, 0)
    opened, plain, documents = [last], True, 0
    while loader.check_event():
        event = loader.get_event()
        kind = type(event)
        made: Any = None
        if kind is yaml.ScalarEvent:
            made, anchor = event.value, event.anchor
            size = 1 + len(made)
            resolved = event.implicit[0] or event.tag is not None
            if resolved and size > _LONGEST_NUMBER + 1 and _NUMBER.fullmatch(made):
                raise ValueError(f"it has a number of {len(made):,} characters")
            if event.tag is not None:
                plain = False
            elif resolved and plain:
                tag = loader.resolve(yaml.ScalarNode, made, event.implicit)
                plain = tag not in _NOT_VALUES
                if plain and tag != _TEXT:
                    made = loader.yaml_constructors[tag](loader, yaml.ScalarNode(tag, made))
        elif kind in starts:
            plain = plain and event.tag is None
            last = _Opened(event.anchor, 1)
            opened.append(last)
            if len(opened) > DEEPEST:
                raise ValueError(f"it has values in values, more than {DEEPEST} deep")
            continue
        elif kind in ends:
            ended = opened.pop()
            last, made, anchor, size = opened[-1], ended.parts, ended.anchor, ended.size
            if plain and kind is mapping:
                try:
                    made = dict(zip(made[::2], made[1::2], strict=True))
                except TypeError:  # a key that is a collection: PyYAML says where
                    plain = False
        elif kind is yaml.AliasEvent:
            if event.anchor not in sizes:
                raise ValueError(f"{event.anchor!r:.80} is part of itself, or not there")
            anchor, size, plain = None, sizes[event.anchor], False
        else:
            documents += kind is yaml.DocumentStartEvent
            continue
        if anchor is not None:
            sizes[anchor], plain = size, False
        last.size += size
        if last.size > _MOST:
            raise ValueError("it says few things so often that they are too many")
        last.parts.append(made)
    return plain and documents < 2, opened[0].parts[0] if opened[0].parts else None
