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
    parts = plain.split("/")
    if "/" not in pattern.rstrip("/"):
        parts.insert(0, "**")
    # A pattern may come from anybody, and `re` goes back: it would try every way of sharing a name among the stars. What means a
    # folder means all that is in it, so that the first place where the parts between two `**` fit is as good as any: nobody goes
    # back behind it (an atomic group).
    written, anywhere, inner = "", False, ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part != "**":
            inner += f"(?>{_part(part)})" + ("" if last else "/")
        elif last:
            return written + _group(inner, anywhere) + ".+"
        else:
            written, anywhere, inner = written + _group(inner, anywhere), True, ""
    return written + _group(inner, anywhere)


def _group(parts: str, anywhere: bool) -> str:
    """The parts between two `**`, where they fit first."""
    return f"(?>(?:[^/]+/)*?{parts})" if anywhere and parts else parts


def _part(text: str) -> str:
    """A name, up to its end. What stands between two stars is taken where it fits first, what stands behind the last one at the end."""
    first, *others = _between_stars(text)
    if not others:
        return f"{first}(?=/|\\Z)"
    return first + "".join(f"(?>[^/]*?{one})" for one in others[:-1] if one) + f"[^/]*{others[-1]}(?=/|\\Z)"


def _between_stars(text: str) -> list[str]:
    written, place = [""], 0
    while place < len(text):
        mark = text[place]
        place += 1
        end = text.find("]", place + 1)
        if mark == "*":
            written.append("")
        elif mark == "?":
            written[-1] += "[^/]"
        elif mark == "[" and end > 0:
            inner = text[place:end]
            negated = inner[0] in "!^"
            escaped = re.sub(r"([\\\[\]&~|^])", r"\\\1", inner[1:] if negated else inner)
            written[-1] += f"(?!/)[{'^' if negated else ''}{escaped}]"
            place = end + 1
        else:
            written[-1] += re.escape(mark)
    return written
