"""Order and cursors: order_by texts to terms, and a place in their order to the condition "after it".

A cursor is the place of a page's last row, not a count of rows, so that rows which are added meanwhile shift nothing. What is NULL
(missing, NaN) comes last both ways.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from runstone.errors import InvalidParameter
from runstone.store.search import names
from runstone.store.search.conditions import Fragment, Joins, OnDataset, column_of, measured_on
from runstone.store.search.grammar import Identifier, parse_order
from runstone.store.search.names import ATTRIBUTE, METRIC
from runstone.store.search.tokens import mistake

Place = list[str | float | int | None]


class Term(NamedTuple):
    """A column to order by. `alias` is the joined row whose index can be walked in this order, if there is one."""

    column: str
    descending: bool
    nullable: bool
    alias: str | None = None

    def ordering(self, nullable: bool) -> str:
        """The term in an ORDER BY, of rows where it may be NULL or where it is not. Descending, SQLite puts NULL last by itself."""
        if self.descending:
            return f"{self.column} DESC"
        return f"{self.column} IS NULL, {self.column}" if nullable else self.column


class ByField(NamedTuple):
    """What logged models are ordered by: a name, of a metric its latest value on one dataset where one is said."""

    name: str
    descending: bool
    dataset: OnDataset | None = None


def terms_of(joins: Joins, order_by: Sequence[str | ByField]) -> list[Term]:
    """The terms of what to order by. Raises InvalidParameter, with a caret, for a text that names nothing to order by."""
    terms: list[Term] = []
    known: set[object] = set()  # what is said again orders nothing any more
    for clause in order_by:
        text = clause if isinstance(clause, str) else clause.name
        left, descending = parse_order(clause) if isinstance(clause, str) else (_named(text), clause.descending)
        entity = names.entity_of(joins.kind, left, text)
        several = entity == ATTRIBUTE and names.attribute_of(joins.kind, left, text).beside
        if several or (entity != ATTRIBUTE and entity not in joins.kind.orders):
            keys = ", ".join(name for name, attribute in joins.kind.attributes.items() if not attribute.beside)
            also = ", metrics, params and tags" if joins.kind.orders else ""
            raise mistake(text, left.place, "Invalid ordering key in order_by clause", f"order by {keys}{also}")
        if isinstance(clause, ByField) and entity == METRIC:
            if (left.key, clause.dataset) not in known:
                known.add((left.key, clause.dataset))
                terms += _latest(joins, left.key, clause)
            continue
        column = column_of(joins, left, text)
        if column.value in known:
            continue
        known.add(column.value)
        terms.append(Term(column.value, descending, column.there != "1", column.alias))
        if entity == METRIC:
            # NaN is NULL, and comes before what is missing.
            terms.append(Term(f"(NOT ({column.there}))", False, False))
    return terms


def _named(name: str) -> Identifier:
    """A field's name: nothing in it is quoted, whatever its key holds."""
    entity, dot, key = name.partition(".")
    return Identifier(entity, key, True, 0) if dot else Identifier("", name, True, 0)


def _latest(joins: Joins, key: str, field: ByField) -> list[Term]:
    """The latest of a model's summaries of a metric, joined as a row of its own."""
    joins.make_room(key)
    alias = f"latest{len(joins.latest)}"
    where, values = measured_on([field.dataset] if field.dataset else [], key)
    joins.latest.append(
        (
            f" LEFT JOIN logged_model_metric AS {alias} ON {alias}.id = (SELECT m.id FROM logged_model_metric AS m"
            f" WHERE m.logged_model = logged_model.id AND {where} ORDER BY m.last_timestamp DESC, m.last_step DESC, m.id DESC LIMIT 1)",
            values,
        )
    )
    return [Term(f"{alias}.last_value", field.descending, True), Term(f"({alias}.id IS NULL)", False, False)]


def after(terms: Sequence[Term], place: Place) -> Fragment:
    """The condition that a row comes after a place."""
    if not terms:
        return "0", []
    (column, descending, nullable, _), at = terms[0], place[0]
    rest, values = after(terms[1:], place[1:])
    if at is None:
        return f"({column} IS NULL AND {rest})", values
    beyond = f"{column} {'<' if descending else '>'} ?" + (f" OR {column} IS NULL" if nullable else "")
    return f"({beyond} OR ({column} = ? AND {rest}))", [at, at, *values]


def written(mark: int, place: Sequence[object]) -> str:
    """The token of a place in the search of that mark."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode([mark, *place])).decode()


def read(token: str | None, mark: int, count: int) -> Place | None:
    """The place that a token says. Raises InvalidParameter for the token of another search, and for what is none."""
    if not token:
        return None
    try:
        place = msgspec.msgpack.decode(base64.urlsafe_b64decode(token), type=Place)
    except (ValueError, TypeError):
        place = []
    if len(place) != count + 1 or place[0] != mark:
        raise InvalidParameter(
            f"Invalid page_token {str(token)[:60]!r}: it belongs to another search. Give the token of this search's page before."
        )
    return place[1:]
