"""A filter's text to tokens, and mistakes shown under a caret. Knows nothing of what the tokens mean together."""

from __future__ import annotations

import re
from typing import NamedTuple

from runstone import settings
from runstone.errors import InvalidParameter

# Strings end where MLflow's end: a doubled quote and a backslash with a quote stay in the text, as they are.
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:''|\\'|[^'])*'|\"(?:\"\"|\\\"|[^\"])*\")|(?P<ticked>`[^`]*`)"
    r"|(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w./]))"
    r"|(?P<odd>==+|<>|=>|=<|=~|!~|!(?!=)|&&?|\|\|?|~|[“”‘’„´])|(?P<op>!=|>=|<=|=|>|<|\(|\)|,)|(?P<word>[\w./:\-]+))"
)
_INSTEAD = {
    "=": "write =", "<>": "write !=", "=>": "write >=", "=<": "write <=", "=~": "write RLIKE", "!~": "write NOT RLIKE",
    "~": "write RLIKE", "!": "write NOT, or != for 'is not'", "&": "write AND", "|": "write OR",
    "“": "quotes are ' and \"", "´": "quotes are ' and \"", ";": "a filter is one expression, without ';'",
    "'": "this quote is not closed", '"': "this quote is not closed", "`": "this backtick is not closed",
}  # fmt: skip
_INSTEAD.update(dict.fromkeys("”‘’„", _INSTEAD["“"]))


class Token(NamedTuple):
    """A piece of the text; its kind is string, ticked, number, op, word, or '' for the end."""

    kind: str
    text: str
    place: int


def mistake(text: str, place: int, problem: str, valid: str) -> InvalidParameter:
    """The error that shows the text with a caret under the place, and what would be valid there."""
    start = max(0, place - 60)
    line = re.sub(r"\s", " ", text[start : place + 60])
    return InvalidParameter(f"{problem}\n  {line}\n  {' ' * (place - start)}^ {valid}")


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text. Raises InvalidParameter for what is none."""
    most = settings.FILTER_LIMIT.read()
    if len(text) > most:
        raise InvalidParameter(
            f"The filter has {len(text)} characters; the limit is {most}. Ask in parts, or raise {settings.FILTER_LIMIT.name}."
        )
    found, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup == "odd":
            start = match.start("odd") if match else place + len(text[place:]) - len(text[place:].lstrip())
            mark = match["odd"] if match else text[start]
            instead = _INSTEAD.get(mark) or _INSTEAD.get(mark[0]) or "this mark has no meaning here"
            raise mistake(text, start, f"Invalid clause(s) in filter string: {mark!r}", instead)
        kind = match.lastgroup or ""
        found.append(Token(kind, match[kind], match.start(kind)))
        place = match.end()
    return found
