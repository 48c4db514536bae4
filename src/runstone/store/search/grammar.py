"""A filter's text to a tree: MLflow's grammar, and OR, NOT, parentheses, BETWEEN, IN everywhere, RLIKE. Knows nothing of SQL.

filter     := "" | either                 AND at the start, at the end or twice is passed over, as MLflow does
either     := both ( OR both )*
both       := one ( AND one )*
one        := NOT one | "(" either ")" | comparison
comparison := identifier ( operator value | [NOT] IN "(" value, ... ")" | [NOT] BETWEEN value AND value | IS [NOT] NULL )
operator   := = | != | > | >= | < | <= | [NOT] LIKE | [NOT] ILIKE | [NOT] RLIKE
identifier := [entity "."] key            the key bare, in backticks or in quotes; the entity bare or in backticks
              | entity "." quoted "." word
value      := number | 'text' | "text"
"""

from __future__ import annotations

from typing import NamedTuple

from runstone.errors import InvalidParameter
from runstone.store.search.tokens import Token, mistake, tokens_of

MOST_DEPTH = 100
PATTERNS = ("LIKE", "ILIKE", "RLIKE")
COMPARISONS = ("=", "!=", ">=", "<=", ">", "<", *PATTERNS)
_NAMES = "a name such as metrics.loss, params.`learning rate`, tags.team or start_time"
_OTHER_WORDS = {
    "CONTAINS": "LIKE '%...%'", "STARTSWITH": "LIKE '...%'", "ENDSWITH": "LIKE '%...'", "MATCHES": "RLIKE",
    "REGEXP": "RLIKE", "REGEX": "RLIKE", "EQUALS": "=", "EQ": "=", "NE": "!=", "GT": ">", "GE": ">=", "LT": "<", "LE": "<=",
}  # fmt: skip


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


def parse(text: str) -> Node | None:
    """The tree of a filter; None for an empty one. Raises InvalidParameter with a caret under what it does not understand."""
    return _Parser(text).filter() if text else None


def parse_order(text: str) -> tuple[Identifier, bool]:
    """The name in an order_by text, and whether it descends."""
    parser = _Parser(text)
    left = parser.identifier()
    descending = parser.take("DESC")
    if not descending:
        parser.take("ASC")
    if parser.peek().kind:
        raise parser.wrong("ASC or DESC after the name; several names are several texts", "Invalid order_by clause")
    return left, descending


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens_of(text)
        self.next = 0
        self.depth = 0

    def filter(self) -> Node | None:
        if not self.tokens:
            raise mistake(
                self.text,
                0,
                "The filter holds only white space",
                "a condition such as metrics.loss < 0.1, or nothing at all",
            )
        while self.take("AND"):
            pass
        if not self.peek().kind:
            return None
        node = self.either()
        if self.peek().kind:
            raise self.wrong("AND, OR or the end")
        return node

    def peek(self, ahead: int = 0) -> Token:
        place = self.next + ahead
        return self.tokens[place] if place < len(self.tokens) else Token("", "", len(self.text))

    def take(self, *texts: str) -> bool:
        token = self.peek()
        if token.kind in ("op", "word") and token.text.upper() in texts:
            self.next += 1
            return True
        return False

    def wrong(self, valid: str, problem: str = "Invalid clause(s) in filter string") -> InvalidParameter:
        token = self.peek()
        found = repr(token.text[:60]) if token.kind else "the end"
        return mistake(self.text, token.place, f"{problem}: found {found}", f"expected {valid}")

    def either(self) -> Node:
        parts = [self.both()]
        while self.take("OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Branch("OR", tuple(parts))

    def both(self) -> Node:
        parts = [self.one()]
        while self.take("AND"):
            while self.take("AND"):
                pass
            if not self.peek().kind and self.depth == 0:
                break
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
                raise self.wrong("NULL; a value is compared with = or !=")
            return Comparison(left, operator, (), place)
        negated = self.take("NOT")
        if self.take("IN"):
            return Comparison(left, "NOT IN" if negated else "IN", self.list(), place)
        if self.take("BETWEEN"):
            low = self.value()
            if not self.take("AND"):
                raise self.wrong("AND and the upper bound")
            return Comparison(left, "NOT BETWEEN" if negated else "BETWEEN", (low, self.value()), place)
        for operator in PATTERNS if negated else COMPARISONS:
            if self.take(operator):
                return Comparison(left, f"NOT {operator}" if negated else operator, (self.value(),), place)
        if negated:
            raise self.wrong(f"IN, BETWEEN, {', '.join(PATTERNS)}")
        near = _OTHER_WORDS.get(self.peek().text.upper())
        raise self.wrong(
            near or f"one of {', '.join(COMPARISONS)}, [NOT] IN, [NOT] BETWEEN, NOT LIKE, IS NULL, IS NOT NULL"
        )

    def identifier(self) -> Identifier:
        first, second = self.peek(), self.peek(1)
        if first.kind not in ("word", "ticked", "string") or first.text.startswith("'"):
            raise self.wrong(_NAMES + ("; a value stands on the right" if first.kind in ("string", "number") else ""))
        self.next += 1
        # `metrics`.loss, metrics.`loss` and `metrics`.`loss`: what belongs together stands without a blank between.
        if first.kind == "ticked" and second.text.startswith(".") and second.place == first.place + len(first.text):
            first = Token("word", first.text[1:-1] + second.text, first.place)
            self.next += 1
        if first.kind != "word":
            return Identifier("", self.unquoted(first), True, first.place)
        entity, dot, key = first.text.partition(".")
        following, before = self.peek(), self.tokens[self.next - 1]
        if dot and not key:
            if following.kind not in ("ticked", "string") or following.place != before.place + len(before.text):
                raise self.wrong(f"the key right behind '{entity}.', bare or in backticks")
            self.next += 1
            key, end, ending = self.unquoted(following), following.place + len(following.text), self.peek()
            # metrics.`learning rate`.min is read as metrics.loss.min is.
            if ending.kind == "word" and ending.place == end and ending.text.startswith("."):
                self.next += 1
                return Identifier(entity, key + ending.text, False, first.place)
            return Identifier(entity, key, True, first.place)
        return Identifier(entity, key, False, first.place) if dot else Identifier("", entity, False, first.place)

    def unquoted(self, token: Token) -> str:
        key = token.text[1:-1]
        if not key or any(mark in key for mark in "'\"`"):
            raise mistake(
                self.text, token.place, f"Invalid name {token.text[:60]}", "a key is not empty and holds no quotes"
            )
        return key

    def list(self) -> tuple[str | float, ...]:
        if not self.take("("):
            raise self.wrong("'(' and a list of values")
        values = [self.value()]
        while self.take(","):
            if self.peek().text == ")":
                break  # ('a',) is how Python writes a list of one
            values.append(self.value())
        if not self.take(")"):
            raise self.wrong("',' or ')'")
        return tuple(values)

    def value(self) -> str | float:
        token = self.peek()
        if token.kind == "string":
            self.next += 1
            return token.text[1:-1]
        if token.kind != "number":
            quoted = f"; as a text it is '{token.text[:60]}'" if token.kind == "word" else ""
            raise self.wrong(f"a number, or a text in quotes{quoted}")
        self.next += 1
        # beyond 64 bits an integer is compared as a float
        whole = len(token.text) <= 18 and not any(mark in token.text for mark in ".eE")
        return int(token.text) if whole else float(token.text)
