"""Which files of a folder are meant: patterns as in a .gitignore."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from runstone.errors import InvalidParameter


def chooser(include: Sequence[str] | None, exclude: Sequence[str] | None) -> Callable[[str], bool]:
    """What tells of a path whether it is one of those included (all, unless said) and none of those excluded.

    `*` and `?` are any characters but '/', `**` is any folders, `[a-z]` is one of a range. A pattern without '/' means a name in any
    folder; one with it, a path from the top. What means a folder means all that is in it.
    """
    wanted, unwanted = _compiled("include", include), _compiled("exclude", exclude)
    return lambda path: (
        (include is None or any(one.match(path) for one in wanted)) and not any(one.match(path) for one in unwanted)
    )


def _compiled(name: str, patterns: Sequence[str] | None) -> list[re.Pattern[str]]:
    given: object = patterns
    if isinstance(given, str) or not all(isinstance(pattern, str) for pattern in patterns or ()):
        raise InvalidParameter(f"{name}={patterns!r:.200} is no list of patterns. Write a list, such as ['*.json'].")
    try:
        return [re.compile(_expression(pattern), re.DOTALL) for pattern in patterns or ()]
    except re.error as error:
        raise InvalidParameter(f"{name}={patterns!r:.200} holds a pattern that means nothing: {error}.") from error


def _expression(pattern: str) -> str:
    plain = pattern.strip("/")
    if not plain:
        raise InvalidParameter(f"The pattern {pattern!r} means nothing. Write '*' for all files.")
    start = "" if "/" in pattern.rstrip("/") else "(?:.*/)?"
    parts = plain.split("/")
    written = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            written += ".+" if last else "(?:[^/]+/)*"
        else:
            written += _part(part) + ("" if last else "/")
    return f"{start}{written}(?:/.*)?\\Z"


def _part(text: str) -> str:
    written, place = "", 0
    while place < len(text):
        mark = text[place]
        place += 1
        end = text.find("]", place + 1)
        if mark == "*":
            written += "[^/]*"
        elif mark == "?":
            written += "[^/]"
        elif mark == "[" and end > 0:
            inner = text[place:end]
            negated = inner[0] in "!^"
            escaped = re.sub(r"([\\\[\]&~|^])", r"\\\1", inner[1:] if negated else inner)
            written += f"(?!/)[{'^' if negated else ''}{escaped}]"
            place = end + 1
        else:
            written += re.escape(mark)
    return written
