"""A search, a page at a time. The cursor is the place of the last row in the order, so that rows added meanwhile shift nothing."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence

import msgspec

from runstone.errors import InvalidParameter
from runstone.store.database import Connection
from runstone.store.search import grammar, sql
from runstone.store.search.sql import Fragment, Kind


def page(
    connection: Connection,
    kind: Kind,
    scope: Fragment,
    text: str,
    order_by: Sequence[str],
    ties: Sequence[tuple[str, bool]],
    size: int,
    token: str | None,
) -> tuple[list[int], str | None]:
    """The rows of one page and the token of the next (None on the last).

    Args:
        scope: a condition that goes with the filter, such as which experiments.
        text: the filter.
        order_by: what to order by first.
        ties: columns and whether each descends, which make the order total.
        size: how many rows.
        token: of the page before.
    """
    where, values = scope
    tree = grammar.parse(text)
    if tree is not None:
        filtered, more = sql.condition(kind, tree, text)
        where, values = f"{where} AND {filtered}", [*values, *more]
    terms: list[tuple[Fragment, bool]] = []
    for clause in order_by:
        rank, value, descending = sql.order_terms(kind, clause)
        terms += [(rank, False), (value, descending)]
    terms += [((column, []), descending) for column, descending in ties]
    columns = ", ".join(f"{term[0][0]} AS o{number}" for number, term in enumerate(terms))
    column_values = [value for (_, some), _ in terms for value in some]
    mark = zlib.crc32(repr((kind.table, where, values, list(order_by))).encode())
    after, after_values = _after(terms, _position(token, mark, len(terms)))
    ordering = ", ".join(f"o{number}{' DESC' if descending else ''}" for number, (_, descending) in enumerate(terms))
    rows = connection.execute(
        f"SELECT * FROM (SELECT {kind.row}, {columns} FROM {kind.table} WHERE {where}) WHERE {after} ORDER BY {ordering} LIMIT ?",
        [*column_values, *values, *after_values, size + 1],
    ).fetchall()
    following = None
    if len(rows) > size:
        following = base64.urlsafe_b64encode(msgspec.json.encode([mark, *rows[size - 1][1:]])).decode()
    return [row[0] for row in rows[:size]], following


def _position(token: str | None, mark: int, count: int) -> list[object] | None:
    if not token:
        return None
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(token.encode()), type=list[str | float | int | None])
    except ValueError:
        place = []
    if len(place) != count + 1 or place[0] != mark:
        raise InvalidParameter(
            f"Invalid page_token {token[:60]!r}: it belongs to another search. Give the token of this search's page before."
        )
    return list(place[1:])


def _after(terms: Sequence[tuple[Fragment, bool]], position: list[object] | None) -> Fragment:
    if position is None:
        return "1", []
    ways, values = [], []
    for number, (_, descending) in enumerate(terms):
        same = [f"o{before} IS ?" for before in range(number)]
        ways.append(" AND ".join([*same, f"o{number} {'<' if descending else '>'} ?"]))
        values += position[: number + 1]
    return "(" + " OR ".join(f"({way})" for way in ways) + ")", values
