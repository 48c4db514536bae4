"""How what a condition lets through is found from elsewhere by an index: where its rows are few they are looked at, and no others."""

from __future__ import annotations

from typing import NamedTuple

from runstone.store.search import names
from runstone.store.search.conditions import TABLES_BEHIND, Column, Fragment, Joins, compare
from runstone.store.search.grammar import Comparison
from runstone.store.search.names import ATTRIBUTE, METRIC

_OF_ONE_NAME = ("=", "IN")


class Leading(NamedTuple):
    """A query for the rows of what a condition lets through; and one for what is walked for it, a row each: that is what the first one
    costs, and costs little itself."""

    rows: Fragment
    walked: Fragment


class _Way(NamedTuple):
    """From where it is found: the table, the column that is compared, and the key that the index begins with; the rows that it leads to,
    through these joins; and those of the joins that are walked, too, rather than one row for each of the table."""

    source: str
    column: Column
    row: str
    onward: str = ""
    walked: str = ""
    key: str | None = None


def leading(joins: Joins, node: Comparison, text: str) -> Leading | None:
    """How the versions are found that a condition on their model's name, on aliases, or on the logged model behind them lets through, and the
    logged models that one on their name or a metric does; None where they are not found from elsewhere."""
    way = None if node.operator == "IS NULL" else _way(joins, node, text)
    if way is None:
        return None
    sql, values = ("1", []) if node.operator == "IS NOT NULL" else compare(joins, way.column, node, text)
    where, values = (sql, values) if way.key is None else (f"m.key = ? AND {sql}", [way.key, *values])
    return Leading(
        (f"SELECT {way.row} FROM {way.source}{way.onward} WHERE {where}", values),
        (f"SELECT 1 FROM {way.source}{way.walked} WHERE {where}", values),
    )


def _way(joins: Joins, node: Comparison, text: str) -> _Way | None:
    if joins.kind not in (names.MODEL_VERSIONS, names.LOGGED_MODELS):
        return None
    entity, key = names.entity_of(joins.kind, node.left, text), node.left.key
    of_one_name = entity == ATTRIBUTE and key == "name" and node.operator in _OF_ONE_NAME
    if joins.kind is names.LOGGED_MODELS:
        if of_one_name:
            return _Way("logged_model AS n", Column("n.name", "1", "text"), "n.id")
        metric = Column("m.last_value", "1", METRIC)
        return _Way("logged_model_metric AS m", metric, "m.logged_model", key=key) if entity == METRIC else None
    if entity in TABLES_BEHIND:
        table, value = TABLES_BEHIND[entity]
        onward = " CROSS JOIN logged_model AS l ON l.id = m.logged_model AND l.lifecycle_stage = 'active'"
        onward += " CROSS JOIN model_version AS v ON v.model_id = l.model_id"
        return _Way(f"{table} AS m", Column(f"m.{value}", "1", entity), "v.id", onward, key=key)
    if entity == ATTRIBUTE and names.attribute_of(joins.kind, node.left, text).beside:
        return _Way("registered_model_alias AS a", Column("a.alias", "1", "text"), "v.id", names.ALIASES_LEAD)
    if entity == ATTRIBUTE and key == "name" and not of_one_name:
        # A tenth as many as versions: all are looked at, each once. Of one name SQLite itself finds the versions.
        versions = " CROSS JOIN model_version AS v ON v.registered_model = r.id"
        return _Way("registered_model AS r", Column("r.name", "1", "text"), "v.id", versions, versions)
    return None
