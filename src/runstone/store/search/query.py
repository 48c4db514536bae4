"""A search, a page at a time: which table leads, what is joined to it, and how far it is read.

SQLite plans a statement without knowing how many rows a key has or how few are wanted. A search knows both: it counts, up to a bound,
how many rows each condition on one key lets through, and leads with the rarest; or it walks the index of what is ordered by and stops
when the page is full; or, where neither is possible, it looks at every run.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from runstone.store.database import Connection
from runstone.store.search import conditions, order
from runstone.store.search.conditions import Fragment, Joins, OnDataset
from runstone.store.search.grammar import Branch, Node, parse
from runstone.store.search.leading import Leading, leading
from runstone.store.search.names import METRIC, Kind
from runstone.store.search.order import ByField, Place, Term

_INDEXED = ("=", "IN", ">", ">=", "<", "<=", "BETWEEN")
# What an index holds in order, so that a page is read where it begins.
_ORDERED = ("run.start_time", "model_version.last_updated_timestamp", "registered_model.name")
_COUNTED = 8  # conditions whose rows are counted


class _Part(NamedTuple):
    """One of the conditions that must all hold.

    `alias` is the joined row that must be there for it; `probe` the part of it that the index of that row's table decides; `leading` says
    how an index elsewhere finds what it lets through.
    """

    condition: Fragment
    alias: str | None = None
    probe: Fragment = ("1", [])
    by_id: bool = False
    leading: Leading | None = None


class _Search(NamedTuple):
    """A search as it is asked of the database: what is joined, what must hold, in which order, from where."""

    joins: Joins
    scope: Fragment
    parts: list[_Part]
    terms: list[Term]
    place: Place | None


def page(
    connection: Connection,
    kind: Kind,
    scope: Fragment,
    text: str,
    order_by: Sequence[str | ByField],
    ties: Sequence[Term],
    size: int,
    token: str | None,
    datasets: Sequence[OnDataset] = (),
) -> tuple[list[int], str | None]:
    """The rows of one page and the token of the next (None on the last).

    Args:
        scope: a condition that goes with the filter, such as which experiments.
        text: the filter.
        order_by: what to order by first.
        ties: terms that make the order total.
        size: how many rows.
        token: of the page before.
        datasets: what metrics of logged models are to have been measured on.
    """
    joins = Joins(kind, datasets)
    parts = [_part(joins, node, text) for node in _conjuncts(parse(text))]
    terms = [*order.terms_of(joins, order_by), *ties]
    asked = (kind.table, scope, text, list(order_by), *([list(datasets)] if datasets else []))
    mark = zlib.crc32(repr(asked).encode("utf-8", "surrogatepass"))
    search = _Search(joins, scope, parts, terms, order.read(token, mark, len(terms)))
    for name, pattern in joins.patterns.items():
        connection.create_function(name, 1, pattern, deterministic=True)
    rows: list[tuple[Any, ...]] = []
    for statement, values in _statements(connection, search, size + 1):
        rows += connection.execute(statement, [*values, size + 1 - len(rows)])
        if len(rows) > size:
            break
    for pattern in joins.patterns.values():
        if pattern.refusal:
            raise pattern.refusal
    following = order.written(mark, rows[size - 1][1:]) if len(rows) > size else None
    return [row[0] for row in rows[:size]], following


def _conjuncts(tree: Node | None) -> Iterator[Node]:
    if isinstance(tree, Branch) and tree.kind == "AND":
        for part in tree.parts:
            yield from _conjuncts(part)
    elif tree is not None:
        yield tree


def _part(joins: Joins, node: Node, text: str) -> _Part:
    condition = conditions.condition(joins, node, text)
    if isinstance(node, Branch) or node.operator == "IS NULL":
        return _Part(condition)
    way = leading(joins, node, text)
    if way is not None or conditions.apart(joins, node, text):
        return _Part(condition, leading=way)
    column = conditions.column_of(joins, node.left, text)
    indexed = node.operator in _INDEXED
    if column.alias is None:
        return _Part(condition, by_id=column.value == "run.run_id" and indexed)
    if column.form != METRIC and not isinstance(node.values[:1] or "", str):
        indexed = indexed and all(isinstance(value, str) for value in node.values)
    return _Part(condition, column.alias, condition if indexed else ("1", []))


def _statements(connection: Connection, search: _Search, wanted: int) -> Iterator[tuple[str, list[object]]]:
    """The statements whose rows, one statement's after another's, are the answer; the later ones are seldom asked for."""
    first, place = search.terms[0], search.place
    few = _few(connection, search, wanted)
    if few is not None:
        yield _statement(search, None, [few], apart=True)
        return
    leader, total = _leader(connection, search, wanted)
    walks = leader is None and not any(part.by_id for part in search.parts)
    if walks and first.column == "run.start_time":
        yield from _by_time(search)
        return
    if not walks or first.alias is None or (place is not None and place[0] is None):
        seek = place is not None and place[0] is not None and not first.nullable
        yield _statement(search, leader, _beginning(search) if seek else [])
        return
    # Rows of the index lie far from each other elsewhere: past some of them, looking at every run in turn costs less.
    end = _walked(connection, search, first.alias, 4 * wanted + total // 20)
    near, far = (">", "<=") if first.descending else ("<", ">=")
    there: Fragment = (f"{first.column} IS NOT NULL", []) if end is None else (f"{first.column} {near} ?", [end])
    yield _statement(search, first.alias, [there, *_beginning(search)], there=True)
    rest: Fragment = (f"{first.column} IS NULL", [])
    if end is not None:
        rest = f"({first.column} {far} ? OR {first.column} IS NULL)", [end]
    elif any(part.alias == first.alias and part.probe[1] for part in search.parts):
        return  # a comparison with that very column is not true of NULL
    yield _statement(search, None, [rest])


def _few(connection: Connection, search: _Search, wanted: int) -> Fragment | None:
    """The condition that a row is among the few that one part lets through: those are looked at, and no others. None where they are not few."""
    candidates = [part.leading for part in search.parts if part.leading is not None][:_COUNTED]
    if not candidates:
        return None
    kind, chosen = search.joins.kind, None
    # Reading in order looks at wanted * total / rows until the page is full.
    total = connection.execute(f"SELECT max({kind.row}) FROM {kind.table}").fetchone()[0] or 0
    least = math.isqrt(wanted * total)
    for way in candidates:
        sql, values = way.walked
        walked = connection.execute(f"SELECT count(*) FROM ({sql} LIMIT ?)", [*values, least]).fetchone()[0]
        if walked < least:
            least, chosen = walked, way.rows
    return None if chosen is None else (f"{kind.row} IN ({chosen[0]})", chosen[1])


def _by_time(search: _Search) -> Iterator[tuple[str, list[object]]]:
    """In the order of start times, which the runs' own index has; the few runs without one come last."""
    column, place = search.terms[0].column, search.place
    if place is None or place[0] is not None:
        yield _statement(search, None, [(f"{column} IS NOT NULL", []), *_beginning(search)], there=True)
    yield _statement(search, None, [(f"{column} IS NULL", [])])


def _walked(connection: Connection, search: _Search, alias: str, steps: int) -> object:
    """The value where a walk of so many steps through the order's index ends; None where it goes through."""
    first, (table, key) = search.terms[0], search.joins.rows[alias]
    conditions_there, values = ["1"], []
    for sql, some in _beginning(search):
        conditions_there.append(sql)
        values += some
    row = connection.execute(
        f"SELECT {first.column} FROM {table} AS {alias} WHERE {alias}.key = ? AND {first.column} IS NOT NULL"
        f" AND {' AND '.join(conditions_there)} ORDER BY {first.ordering(False)} LIMIT 1 OFFSET ?",
        [key, *values, steps],
    ).fetchone()
    return None if row is None else row[0]


def _beginning(search: _Search) -> list[Fragment]:
    """What the page before implies of the first term alone, so that a walk starts there."""
    first, place = search.terms[0], search.place
    return [] if place is None else [(f"{first.column} {'<=' if first.descending else '>='} ?", [place[0]])]


def _leader(connection: Connection, search: _Search, wanted: int) -> tuple[str | None, int]:
    """The joined row whose table leads, if any shall; and how many runs there are, about."""
    candidates = [part for part in search.parts if part.alias is not None][:_COUNTED]
    if any(part.by_id for part in search.parts) or not (candidates or search.terms[0].alias):
        return None, 0
    total = connection.execute(f"SELECT max({search.joins.kind.row}) FROM {search.joins.kind.table}").fetchone()[0] or 0
    # Reading in order looks at wanted * total / rows runs until the page is full; leading looks at all its rows. Where the order has
    # no index every run is looked at anyway.
    ordered = search.terms[0].alias or search.terms[0].column in _ORDERED
    least = math.isqrt(wanted * total) if ordered else total // 2
    leader = None
    for part in candidates:
        assert part.alias is not None
        table, key = search.joins.rows[part.alias]
        sql, values = part.probe
        rows = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {table} AS {part.alias} WHERE {part.alias}.key = ? AND {sql} LIMIT ?)",
            [key, *values, least],
        ).fetchone()[0]
        if rows < least:
            least, leader = rows, part.alias
    return leader, total


def _statement(
    search: _Search, leader: str | None, also: Sequence[Fragment], *, there: bool = False, apart: bool = False
) -> tuple[str, list[object]]:
    """A statement of this leader, with further conditions; `there` says that by them the first term is not NULL, `apart` that they name the
    rows: an index that has the order must not be read in their place."""
    source, values = _source(search, leader, " NOT INDEXED" * apart)
    where = [search.scope, *also, *(part.condition for part in search.parts)]
    if search.place is not None:
        where.append(order.after(search.terms, search.place))
    columns = ", ".join([search.joins.kind.row, *(term.column for term in search.terms)])
    first, *others = search.terms
    ordering = ", ".join(
        [first.ordering(first.nullable and not there), *(term.ordering(term.nullable) for term in others)]
    )
    filtered = " AND ".join(f"({sql})" for sql, _ in where)
    values += [value for _, some in where for value in some]
    return f"SELECT {columns} FROM {source} WHERE {filtered} ORDER BY {ordering} LIMIT ?", values


def _source(search: _Search, leader: str | None, how: str) -> tuple[str, list[object]]:
    """The FROM: what leads, the run, what must be there, what may be. CROSS JOIN is SQLite's word for keeping this order."""
    joins, table = search.joins, search.joins.kind.table
    required = {part.alias for part in search.parts if part.alias is not None}
    source, keys = table + how + joins.kind.joined, []
    if leader is not None:
        first, key = joins.rows[leader]
        source = (
            f"{first} AS {leader} CROSS JOIN {table} ON {leader}.key = ? AND {joins.owner(leader)} = {joins.kind.row}"
            + joins.kind.joined
        )
        keys.append(key)
    for alias in sorted(joins.rows, key=lambda alias: alias not in required):
        if alias != leader:
            other, key = joins.rows[alias]
            how = "CROSS" if alias in required else "LEFT"
            source += f" {how} JOIN {other} AS {alias} ON {joins.owner(alias)} = {joins.kind.row} AND {alias}.key = ?"
            keys.append(key)
    values: list[object] = list(keys)
    for sql, some in joins.latest:
        source += sql
        values += some
    return source, values
