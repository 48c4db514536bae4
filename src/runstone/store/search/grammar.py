"""A filter's text to a tree: MLflow's grammar, and OR, NOT, parentheses, BETWEEN, IN everywhere, RLIKE. Knows nothing of SQL.

filter     := "" | either
either     := both ( OR both )*
both       := one ( AND one )*
one        := NOT one | "(" either ")" | comparison
comparison := identifier ( op value | [NOT] IN "(" value, ... ")" | [NOT] BETWEEN value AND value | IS [NOT] NULL )
"""

from __future__ import annotations

import re
from typing import NamedTuple

from runstone.errors import InvalidParameter

MOST_TEXT = 20_000
MOST_DEPTH = 100
COMPARISONS = ("=", "!=", ">=", "<=", ">", "<", "LIKE", "ILIKE", "RLIKE")

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'[^']*'|\"[^\"]*\")|(?P<ticked>`[^`]*`)|(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w./]))"
    r"|(?P<op>!=|>=|<=|=|>|<|\(|\)|,)|(?P<word>[^\s'\"`()=<>!,]+))"
)


class Identifier(NamedTuple):
    """`entity` is '' for a bare name; `quoted` says that the key stood in quotes and means just itself."""

    entity: str
    key: str
    quoted: bool
    place: int


class Comparison(NamedTuple):
    """One condition; `values` are texts (str) or numbers (float, int): one for an operator, two for BETWEEN, any for IN, none for IS NULL."""

    left: Identifier
    operator: str
    values: tuple[str | float, ...]
    place: int


class Branch(NamedTuple):
    """AND or OR of several, or NOT of one."""

    kind: str
    parts: tuple[Node, ...]


Node = Comparison | Branch


class _Token(NamedTuple):
    kind: str
    text: str
    place: int


def mistake(text: str, place: int, problem: str, valid: str) -> InvalidParameter:
    """The error that shows the text with a caret under the place, and what would be valid there."""
    start = max(0, place - 60)
    line = text[start : place + 60].replace("\n", " ")
    return InvalidParameter(f"{problem}\n  {line}\n  {' ' * (place - start)}^ {valid}")


def parse(text: str) -> Node | None:
    """The tree of a filter; None for an empty one. Raises InvalidParameter with a caret under what it does not understand."""
    if len(text) > MOST_TEXT:
        raise InvalidParameter(f"The filter has {len(text)} characters; the limit is {MOST_TEXT}. Ask in parts.")
    if not text:
        return None
    return _Parser(text).filter()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens()
        self.next = 0
        self.depth = 0

    def _tokens(self) -> list[_Token]:
        found, place = [], 0
        while self.text[place:].strip():
            match = _TOKEN.match(self.text, place)
            if match is None:
                place += len(self.text[place:]) - len(self.text[place:].lstrip())
                raise mistake(
                    self.text,
                    place,
                    "Invalid clause(s) in filter string",
                    "a quote that is not closed, or a mark with no meaning here",
                )
            kind = match.lastgroup or ""
            found.append(_Token(kind, match[kind], match.start(kind)))
            place = match.end()
        return found

    def filter(self) -> Node:
        if not self.tokens:
            raise mistake(
                self.text,
                0,
                "The filter holds only white space",
                "a condition such as metrics.loss < 0.1, or nothing at all",
            )
        node = self.either()
        token = self.peek()
        if token.kind:
            raise self.wrong("AND, OR or the end")
        return node

    def peek(self) -> _Token:
        return self.tokens[self.next] if self.next < len(self.tokens) else _Token("", "", len(self.text))

    def take(self, *texts: str) -> bool:
        token = self.peek()
        if token.kind in ("op", "word") and token.text.upper() in texts:
            self.next += 1
            return True
        return False

    def wrong(self, valid: str) -> InvalidParameter:
        token = self.peek()
        found = repr(token.text) if token.kind else "the end"
        return mistake(
            self.text, token.place, f"Invalid clause(s) in filter string: found {found}", f"expected {valid}"
        )

    def either(self) -> Node:
        parts = [self.both()]
        while self.take("OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Branch("OR", tuple(parts))

    def both(self) -> Node:
        parts = [self.one()]
        while self.take("AND"):
            if self.peek().kind == "" and self.depth == 0:
                break  # MLflow takes an AND at the end in silence
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else Branch("AND", tuple(parts))

    def one(self) -> Node:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise self.wrong(f"at most {MOST_DEPTH} levels of NOT and parentheses")
        try:
            if self.take("NOT"):
                return Branch("NOT", (self.one(),))
            if self.take("("):
                node = self.either()
                if not self.take(")"):
                    raise self.wrong("AND, OR or ')'")
                return node
            return self.comparison()
        finally:
            self.depth -= 1

    def comparison(self) -> Node:
        left = self.identifier()
        place = self.peek().place
        if self.take("IS"):
            operator = "IS NOT NULL" if self.take("NOT") else "IS NULL"
            if not self.take("NULL"):
                raise self.wrong("NULL")
            return Comparison(left, operator, (), place)
        negated = self.take("NOT")
        if self.take("IN"):
            return Comparison(left, "NOT IN" if negated else "IN", self.list(), place)
        if self.take("BETWEEN"):
            low = self.value()
            if not self.take("AND"):
                raise self.wrong("AND and the upper bound")
            return Comparison(left, "NOT BETWEEN" if negated else "BETWEEN", (low, self.value()), place)
        if not negated:
            for operator in COMPARISONS:
                if self.take(operator):
                    return Comparison(left, operator, (self.value(),), place)
        raise self.wrong(
            "IN or BETWEEN"
            if negated
            else f"one of {', '.join(COMPARISONS)}, IN, NOT IN, BETWEEN, IS NULL, IS NOT NULL"
        )

    def identifier(self) -> Identifier:
        token = self.peek()
        if token.kind not in ("word", "ticked", "string"):
            raise self.wrong("a name such as metrics.loss, params.`learning rate`, tags.team or start_time")
        self.next += 1
        if token.kind != "word":
            return Identifier("", token.text[1:-1], True, token.place)
        entity, dot, key = token.text.partition(".")
        if not dot:
            return Identifier("", entity, False, token.place)
        following = self.peek()
        if not key and following.kind in ("ticked", "string"):
            self.next += 1
            return Identifier(entity, following.text[1:-1], True, token.place)
        return Identifier(entity, key, False, token.place)

    def list(self) -> tuple[str | float, ...]:
        if not self.take("("):
            raise self.wrong("'(' and a list of values")
        values = [self.value()]
        while self.take(","):
            values.append(self.value())
        if not self.take(")"):
            raise self.wrong("',' or ')'")
        return tuple(values)

    def value(self) -> str | float:
        token = self.peek()
        if token.kind not in ("string", "number"):
            raise self.wrong("a number, or a text in quotes")
        self.next += 1
        if token.kind == "string":
            return token.text[1:-1]
        return float(token.text) if any(mark in token.text for mark in ".eE") else int(token.text)
