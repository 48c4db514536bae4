"""Which files of a folder are meant: patterns as in a .gitignore."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from runstone.errors import InvalidParameter

# What a backslash makes a plain character of.
_MARKS = ("*", "?", "[", "]", "!", "\\")


def chooser(include: Sequence[str] | None, exclude: Sequence[str] | None) -> Callable[[str], bool]:
    """What tells of a path whether it is one of those included (all, unless said) and none of those excluded.

    `*` and `?` are any characters but '/', `**` is any folders, `[a-z]` is one of a range, a backslash before one of these marks, or
    before '!', is that mark itself. A pattern without '/' means a name in any folder; one with it (`/x` and `./x`, too), a path from the
    top. What means a folder means all that is in it, and one that ends with '/' means nothing but folders. Raises InvalidParameter for
    what is no list of patterns, or holds one that means nothing.
    """
    wanted, unwanted = _compiled("include", include), _compiled("exclude", exclude)
    return lambda path: (
        (include is None or any(one.match(path) for one in wanted)) and not any(one.match(path) for one in unwanted)
    )


def names_in(pattern: str) -> list[str]:
    """The names in a pattern, from the top; none where it is one of '/' and '.' only."""
    return [part for part in pattern.split("/") if part not in ("", ".")]


def _compiled(name: str, patterns: Sequence[str] | None) -> list[re.Pattern[str]]:
    given: object = patterns
    if isinstance(given, str) or not all(isinstance(pattern, str) for pattern in patterns or ()):
        raise InvalidParameter(f"{name}={patterns!r:.200} is no list of patterns. Write a list, such as ['*.json'].")
    return [_read(pattern) for pattern in patterns or ()]


def _read(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(_expression(pattern), re.DOTALL)
    except re.error as error:
        raise _mistake(pattern, f"means nothing: {error.msg}") from error


def _mistake(pattern: str, what: str) -> InvalidParameter:
    return InvalidParameter(f"The pattern {pattern!r:.200} {what}.")


def _expression(pattern: str) -> str:
    if pattern.startswith("!"):
        raise _mistake(
            pattern,
            "begins with '!', which takes files out in a .gitignore. Here a pattern says which files are meant: leave the '!' out, or write"
            " '\\!' for a name that begins so",
        )
    names = names_in(pattern)
    if not names:
        raise _mistake(pattern, "means nothing. Write '*' for all files")
    if ".." in names:
        raise _mistake(
            pattern, "leads out of the folder. Paths have no '..': write it from the top, such as 'checkpoints/*'"
        )
    if "/" not in pattern.rstrip("/"):
        names.insert(0, "**")
    return _of_names(names, pattern) + ("/" if pattern.endswith("/") else "")


def _of_names(parts: list[str], pattern: str) -> str:
    # A pattern may come from anybody, and `re` goes back: it would try every way of sharing a name among the stars. What means a
    # folder means all that is in it, so that the first place where the parts between two `**` fit is as good as any: nobody goes
    # back behind it (an atomic group).
    written, anywhere, inner = "", False, ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part != "**":
            inner += f"(?>{_part(part, pattern)})" + ("" if last else "/")
        elif last:
            return written + _group(inner, anywhere) + ".+"
        else:
            written, anywhere, inner = written + _group(inner, anywhere), True, ""
    return written + _group(inner, anywhere)


def _group(parts: str, anywhere: bool) -> str:
    """The parts between two `**`, where they fit first."""
    return f"(?>(?:[^/]+/)*?{parts})" if anywhere and parts else parts


def _part(text: str, pattern: str) -> str:
    """A name, up to its end. What stands between two stars is taken where it fits first, what stands behind the last one at the end."""
    first, *others = _between_stars(text, pattern)
    if not others:
        return f"{first}(?=/|\\Z)"
    return first + "".join(f"(?>[^/]*?{one})" for one in others[:-1] if one) + f"[^/]*{others[-1]}(?=/|\\Z)"


def _between_stars(text: str, pattern: str) -> list[str]:
    written, place = [""], 0
    while place < len(text):
        mark = text[place]
        place += 1
        if mark == "*":
            written.append("")
        elif mark == "?":
            written[-1] += "[^/]"
        elif mark == "[":
            negated = text[place : place + 1] in ("!", "^")
            end = text.find("]", place + 1 + negated)  # one that stands first is a member
            if end < 0:
                raise _mistake(pattern, "has a '[' without its ']'. Write '\\[' for the mark itself")
            members = re.sub(r"([\\\[\]&~|^])", r"\\\1", text[place + negated : end])
            written[-1] += f"(?!/)[{'^' if negated else ''}{members}]"
            place = end + 1
        elif mark == "\\":
            if text[place : place + 1] not in _MARKS:
                raise _mistake(pattern, "has a backslash before no mark. Write '/' between folders")
            written[-1] += re.escape(text[place])
            place += 1
        else:
            written[-1] += re.escape(mark)
    return written
