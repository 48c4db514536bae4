"""The tree of a filter to SQL conditions on joined rows.

Each (table, key) that a search names is joined once, as a row of its own beside the run: a key that is missing is a row of NULLs.
An operator without a negation is never true of what is missing or NaN; its negation (`!=`, NOT IN, NOT LIKE, ...) is true of every
value that is there and for which the plain one is not; NOT before a condition is its complement, so true of what is missing too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from runstone import settings
from runstone.errors import InvalidParameter
from runstone.store.search import names
from runstone.store.search.grammar import Comparison, Identifier, Node
from runstone.store.search.names import ATTRIBUTE, DATASET, METRIC, PARAM, SUMMARIES, TAG, Kind
from runstone.store.search.patterns import Pattern
from runstone.store.search.tokens import mistake

Fragment = tuple[str, list[object]]

# SQLite joins 64 tables at the most.
_TOO_LARGE = 2**63  # for SQL's integers
_RANGES = (">", "<", ">=", "<=", "BETWEEN")
_TEXTS = "=, !=, LIKE, ILIKE, RLIKE, IN, NOT IN, IS NULL"
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")
# Of the logged model behind a version.
TABLES_BEHIND = {METRIC: ("logged_model_metric", "last_value"), PARAM: ("logged_model_param", "value")}
_DURATION_UNITS = (86_400_000, 3_600_000, 60_000, 1000, 1)


class Column(NamedTuple):
    """What a name means in SQL: its value, NULL where missing or NaN; whether it is there; the one joined row it stands in, if it does."""

    value: str
    there: str
    form: str
    alias: str | None = None


class OnDataset(NamedTuple):
    """Which points of a logged model are meant: those measured on a dataset; on any of that name where no digest is said."""

    name: str
    digest: str = ""


class Joins:
    """The rows joined to each run (or experiment, ...) of one search, and the patterns its conditions call as functions.

    Of logged models, `datasets` narrows what a metric's name means to the points measured on one of them, unless there are none;
    `latest` holds the joins of what is ordered by, and `measured` counts the conditions on metrics, each of which is a query of its own.
    """

    def __init__(self, kind: Kind, datasets: Sequence[OnDataset] = ()) -> None:
        self.kind = kind
        self.datasets = datasets
        self.latest: list[Fragment] = []
        self.measured = 0
        self.rows: dict[str, tuple[str, str]] = {}
        self.patterns: dict[str, Pattern] = {}

    def row(self, table: str, key: str) -> str:
        """The alias of the row of that key; the same one whenever it is asked for."""
        for alias, known in self.rows.items():
            if known == (table, key):
                return alias
        self.make_room(key)
        alias = f"k{len(self.rows)}"
        self.rows[alias] = (table, key)
        return alias

    def make_room(self, key: str) -> None:
        """Raises InvalidParameter where a search that names this key too would name too many."""
        most = settings.FILTER_KEYS.read()
        if len(self.rows) + len(self.latest) + self.measured >= most:
            raise InvalidParameter(
                f"A search may name {most} metrics, params and tags; {key!r} is one more. Ask in parts, or raise {settings.FILTER_KEYS.name}."
            )

    def pattern(self, compiled: Pattern) -> str:
        """The name of a function that says whether the pattern is found in a text."""
        name = f"pattern{len(self.patterns)}"
        self.patterns[name] = compiled
        return name

    def owner(self, alias: str) -> str:
        """The column of a joined row that names its run (or experiment)."""
        return f"{alias}.{self.kind.table}"


def column_of(joins: Joins, left: Identifier, text: str) -> Column:
    """What a name that is no dataset's means. Raises InvalidParameter, with a caret, for a name that means nothing."""
    entity = names.entity_of(joins.kind, left, text)
    if entity == ATTRIBUTE:
        attribute = names.attribute_of(joins.kind, left, text)
        there = f"{attribute.column} IS NOT NULL" if attribute.nullable else "1"
        return Column(attribute.column, there, attribute.form)
    if entity == METRIC:
        return _metric(joins, left)
    alias = joins.row(joins.kind.params if entity == PARAM else joins.kind.tags, left.key)
    if entity == TAG and left.key in joins.kind.presumed:
        return Column(f"COALESCE({alias}.value, '{joins.kind.presumed[left.key]}')", "1", entity)
    return Column(f"{alias}.value", f"{joins.owner(alias)} IS NOT NULL", entity, alias)


def _metric(joins: Joins, left: Identifier) -> Column:
    """The latest value, or what a suffix such as .min asks for unless the run has a metric of that very name."""
    alias = joins.row(METRIC, left.key)
    plain = Column(f"{alias}.last_value", f"{alias}.run IS NOT NULL", METRIC, alias)
    key, _, suffix = left.key.rpartition(".")
    if left.quoted or not key or suffix not in SUMMARIES:
        return plain
    whole = joins.row(METRIC, key)
    value = f"CASE WHEN {plain.there} THEN {plain.value} ELSE {whole}.{SUMMARIES[suffix]} END"
    return Column(value, f"({plain.there} OR {whole}.run IS NOT NULL)", METRIC)


def condition(joins: Joins, node: Node, text: str) -> Fragment:
    """A condition, NULL at worst where it is not true, and its values. Raises InvalidParameter for what cannot be asked."""
    if isinstance(node, Comparison):
        return comparison(joins, node, text)
    parts = [condition(joins, part, text) for part in node.parts]
    values = [value for _, some in parts for value in some]
    if node.kind == "NOT":
        return f"({parts[0][0]}) IS NOT TRUE", values
    return _balanced([sql for sql, _ in parts], node.kind), values


def comparison(joins: Joins, node: Comparison, text: str) -> Fragment:
    """As `condition`, of one comparison."""
    if apart(joins, node, text):
        return _apart(joins, node, text)
    column = column_of(joins, node.left, text)
    if node.operator in ("IS NULL", "IS NOT NULL"):
        return (column.there if node.operator == "IS NOT NULL" else f"NOT ({column.there})"), []
    return compare(joins, column, node, text)


def apart(joins: Joins, node: Comparison, text: str) -> bool:
    """Whether what a comparison names may stand in several rows, so that no joined one can be the answer."""
    entity = names.entity_of(joins.kind, node.left, text)
    if entity == ATTRIBUTE:
        return bool(names.attribute_of(joins.kind, node.left, text).beside)
    if joins.kind is names.MODEL_VERSIONS:
        return entity in (METRIC, PARAM)
    return entity == DATASET or (entity == METRIC and joins.kind is names.LOGGED_MODELS)


def _apart(joins: Joins, node: Comparison, text: str) -> Fragment:
    entity = names.entity_of(joins.kind, node.left, text)
    if entity == ATTRIBUTE:
        attribute = names.attribute_of(joins.kind, node.left, text)
        return _beside(joins, node, text, Column(attribute.column, "1", attribute.form), (attribute.beside, []))
    if joins.kind is names.RUNS:
        return _dataset(joins, node, text)
    return _measured(joins, node, text) if joins.kind is names.LOGGED_MODELS else _behind(joins, node, text, entity)


def _balanced(parts: Sequence[str], kind: str) -> str:
    # SQLite refuses trees deeper than 1,000; a chain of a thousand ORs is one, a balanced tree is not.
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return f"({_balanced(parts[:half], kind)} {kind} {_balanced(parts[half:], kind)})"


def _dataset(joins: Joins, node: Comparison, text: str) -> Fragment:
    column = names.dataset_column(node.left, text)
    used = "EXISTS (SELECT 1 FROM dataset_use AS u JOIN dataset AS d ON d.id = u.dataset WHERE u.run = run.id AND "
    if node.operator in ("IS NULL", "IS NOT NULL"):
        return f"{'NOT ' if node.operator == 'IS NULL' else ''}{used}{column} IS NOT NULL)", []
    sql, values = compare(joins, Column(column, f"{column} IS NOT NULL", DATASET), node, text)
    return f"{used}{sql})", values


def _beside(joins: Joins, node: Comparison, text: str, column: Column, rows: Fragment) -> Fragment:
    """True where one of the rows beside a thing is as asked; `rows` is what follows FROM."""
    source, keys = rows
    if node.operator in ("IS NULL", "IS NOT NULL"):
        return f"{'NOT ' if node.operator == 'IS NULL' else ''}EXISTS (SELECT 1 FROM {source})", keys
    sql, values = compare(joins, column, node, text)
    return f"EXISTS (SELECT 1 FROM {source} AND {sql})", [*keys, *values]


def _behind(joins: Joins, node: Comparison, text: str, entity: str) -> Fragment:
    """Of the logged model behind a version: its metric on any dataset, or its param."""
    joins.make_room(node.left.key)
    joins.measured += 1
    table, column = TABLES_BEHIND[entity]
    source = (
        f"logged_model AS l CROSS JOIN {table} AS m ON m.logged_model = l.id"
        " WHERE l.model_id = model_version.model_id AND l.lifecycle_stage = 'active' AND +m.key = ?"
    )
    # As in `measured_on`: each model's own rows are looked at.
    return _beside(joins, node, text, Column(f"+m.{column}", "1", entity), (source, [node.left.key]))


def _measured(joins: Joins, node: Comparison, text: str) -> Fragment:
    """Of a logged model's metric, on one of the datasets that are meant."""
    joins.make_room(node.left.key)
    joins.measured += 1
    where, keys = measured_on(joins.datasets, node.left.key)
    rows = f"logged_model_metric AS m WHERE m.logged_model = logged_model.id AND {where}", keys
    return _beside(joins, node, text, Column("+m.last_value", "1", METRIC), rows)


def measured_on(datasets: Sequence[OnDataset], key: str | None = None) -> Fragment:
    """The condition on a logged model's summaries, as `m`, that they are of this metric (any) and on one of these datasets (any)."""
    # The plus keeps SQLite from the index by keys and values: it would read those of all models for each.
    parts, values = ([], []) if key is None else (["+m.key = ?"], [key])
    if datasets:
        exact = [dataset for dataset in datasets if dataset.digest]
        names_only = [dataset.name for dataset in datasets if not dataset.digest]
        either = [f"m.dataset_name IN ({','.join('?' * len(names_only))})"] if names_only else []
        if exact:
            either.append(f"(m.dataset_name, m.dataset_digest) IN (VALUES {','.join(['(?,?)'] * len(exact))})")
        parts.append(f"({' OR '.join(either)})")
        values += [*names_only, *(part for dataset in exact for part in dataset)]
    return " AND ".join(parts) or "1", list(values)


def compare(joins: Joins, column: Column, node: Comparison, text: str) -> Fragment:
    """A comparison of a column with what it is compared with. Raises InvalidParameter where the two do not go together."""
    operator = node.operator.removeprefix("NOT ")
    positive = "=" if operator == "!=" else operator
    value, values = column.value, _values(column.form, node, text)
    if column.form == PARAM and not isinstance(values[0], str):
        value = f"as_number({value})"
    elif column.form == "id" and isinstance(values[0], str):
        value = f"CAST({value} AS TEXT)"
    if positive == "IN":
        sql = f"{value} IN ({','.join('?' * len(values))})"
    elif positive == "BETWEEN":
        sql = f"{value} BETWEEN ? AND ?"
    elif positive == "ILIKE":
        # SQLite's own lower() knows ASCII only, and is all that an ASCII pattern needs.
        fold = "lower" if str(values[0]).isascii() else "folded"
        sql, values = f"{fold}({value}) LIKE ?", [str(values[0]).lower()]
    elif positive == "RLIKE":
        sql, values = f"{joins.pattern(_pattern(str(values[0]), node, text))}({value})", []
    else:
        sql = f"{value} {positive} ?"
    if operator == "!=" or operator != node.operator:
        sql = f"({column.there} AND ({sql}) IS NOT TRUE)"
    return sql, values


def _pattern(written: str, node: Comparison, text: str) -> Pattern:
    try:
        return Pattern(written)
    except InvalidParameter as error:
        raise mistake(text, node.place, error.message, "a regular expression in quotes") from None


def _values(form: str, node: Comparison, text: str) -> list[object]:
    """The values to compare with; raises InvalidParameter where the operator or a value does not fit what stands on the left."""
    operator = node.operator.removeprefix("NOT ")
    numbers = [value for value in node.values if not isinstance(value, str)]
    if form in (METRIC, "number", "duration", "integer"):
        if operator in ("LIKE", "ILIKE", "RLIKE"):
            raise mistake(
                text,
                node.place,
                f"Invalid comparator '{node.operator}' for a number",
                "=, !=, >, >=, <, <=, IN, BETWEEN",
            )
        return [_number(form, value, node, text) for value in node.values]
    if form == "id" and operator not in ("LIKE", "ILIKE", "RLIKE"):
        return [_id(value, node, text) for value in node.values]
    if form == PARAM and numbers and operator not in ("LIKE", "ILIKE", "RLIKE"):
        if len(numbers) == len(node.values):
            return list(node.values)
        raise mistake(text, node.place, "Numbers and texts stand together", "all values numbers, or all in quotes")
    if numbers:
        raise mistake(
            text, node.place, f"Expected a quoted string value for '{node.left.key}'", f"as a text it is '{numbers[0]}'"
        )
    if operator in _RANGES:
        also = "; or numbers without quotes" if form == PARAM else ""
        raise mistake(text, node.place, f"Invalid comparator '{node.operator}' for a text", _TEXTS + also)
    return list(node.values)


def _id(value: str | float, node: Comparison, text: str) -> int:
    try:
        number = int(value)
    except (ValueError, OverflowError):
        number = _TOO_LARGE
    if abs(number) >= _TOO_LARGE or (isinstance(value, float) and value != number):
        problem = f"Invalid experiment ID {str(value)[:60]!r}"
        raise mistake(text, node.place, problem, "an experiment's id is an integer, such as '0'")
    return number


def _integer(value: str | float, node: Comparison, text: str) -> int:
    try:
        number = int(value)
    except (ValueError, OverflowError):
        number = _TOO_LARGE
    if abs(number) >= _TOO_LARGE or (isinstance(value, float) and value != number):
        raise mistake(
            text, node.place, f"Invalid value for numeric attribute '{node.left.key}': {str(value)[:60]}", "an integer"
        )
    return number


def _number(form: str, value: str | float, node: Comparison, text: str) -> float:
    if form == "integer":
        return _integer(value, node, text)
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value) if form == "duration" and value else None
    if match:
        return sum(float(part or 0) * unit for part, unit in zip(match.groups(), _DURATION_UNITS, strict=True))
    valid = "a number of milliseconds, or a text such as '1h30m'" if form == "duration" else "a number without quotes"
    raise mistake(text, node.place, f"Expected numeric value type for '{node.left.key}'. Found {value!r}", valid)
