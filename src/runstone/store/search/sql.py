"""The tree of a filter to SQL, for runs and for experiments. A condition on what is missing is false, also `!=`; NOT is its complement."""

from __future__ import annotations

import re
from typing import NamedTuple

from runstone.errors import InvalidParameter
from runstone.store.search.grammar import Branch, Comparison, Identifier, Node, mistake

METRIC, PARAM, TAG, DATASET, ATTRIBUTE = "metric", "param", "tag", "dataset", "attribute"
RUN_ENTITIES = {
    **dict.fromkeys(("metric", "metrics"), METRIC),
    **dict.fromkeys(("parameter", "parameters", "param", "params"), PARAM),
    **dict.fromkeys(("tag", "tags"), TAG),
    **dict.fromkeys(("dataset", "datasets"), DATASET),
    **dict.fromkeys(("", "attribute", "attributes", "attr", "run"), ATTRIBUTE),
}
EXPERIMENT_ENTITIES = {"": ATTRIBUTE, "attribute": ATTRIBUTE, "tag": TAG, "tags": TAG}
# Name to SQL and whether it is a number.
RUN_ATTRIBUTES = {
    "run_id": ("run.run_id", False), "run_name": ("run.run_name", False), "run name": ("run.run_name", False),
    "Run name": ("run.run_name", False), "Run Name": ("run.run_name", False), "status": ("run.status", False),
    "user_id": ("run.user_id", False), "artifact_uri": ("run.artifact_uri", False),
    "experiment_id": ("CAST(run.experiment AS TEXT)", False), "lifecycle_stage": ("run.lifecycle_stage", False),
    "start_time": ("run.start_time", True), "created": ("run.start_time", True), "Created": ("run.start_time", True),
    "end_time": ("run.end_time", True), "duration": ("(run.end_time - run.start_time)", True),
}  # fmt: skip
EXPERIMENT_ATTRIBUTES = {
    "name": ("experiment.name", False), "experiment_id": ("CAST(experiment.experiment_id AS TEXT)", False),
    "creation_time": ("experiment.creation_time", True), "last_update_time": ("experiment.last_update_time", True),
}  # fmt: skip
SUMMARIES = {"min": "min_value", "max": "max_value", "first": "first_value", "last": "last_value", "count": "count"}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")


class Kind(NamedTuple):
    """A kind of thing that is searched: its table, what can be asked of it, and the table of its tags."""

    table: str
    row: str
    entities: dict[str, str]
    attributes: dict[str, tuple[str, bool]]
    tags: str


RUNS = Kind("run", "run.id", RUN_ENTITIES, RUN_ATTRIBUTES, "tag")
EXPERIMENTS = Kind(
    "experiment", "experiment.experiment_id", EXPERIMENT_ENTITIES, EXPERIMENT_ATTRIBUTES, "experiment_tag"
)
Fragment = tuple[str, list[object]]


def condition(kind: Kind, node: Node, text: str) -> Fragment:
    """A WHERE condition (never NULL) and its values. Raises InvalidParameter, with a caret, for what cannot be asked."""
    if isinstance(node, Branch):
        parts = [condition(kind, part, text) for part in node.parts]
        values = [value for _, some in parts for value in some]
        if node.kind == "NOT":
            return f"NOT ({parts[0][0]})", values
        return "(" + f" {node.kind} ".join(sql for sql, _ in parts) + ")", values
    entity = entity_of(kind, node.left, text)
    if entity == ATTRIBUTE:
        column, numeric = attribute_of(kind, node.left, text)
        sql, values = _compare(column, node, numeric, text)
        return f"COALESCE({sql}, 0)", values
    if entity == METRIC:
        return _metric(node, text)
    if entity == DATASET:
        return _dataset(node, text)
    table = kind.tags if entity == TAG else "param"
    owner = "experiment" if table == "experiment_tag" else "run"
    found = f"SELECT 1 FROM {table} AS t WHERE t.{owner} = {kind.row} AND t.key = ?"
    if node.operator in ("IS NULL", "IS NOT NULL"):
        return f"{'NOT ' if node.operator == 'IS NULL' else ''}EXISTS ({found})", [node.left.key]
    numeric = any(not isinstance(value, str) for value in node.values)
    if numeric and entity == TAG:
        raise mistake(
            text, node.place, "Expected a quoted string value for tag", "put the value in quotes, e.g. 'my-value'"
        )
    if not numeric and node.operator in (">", "<", ">=", "<="):
        raise mistake(
            text,
            node.place,
            f"Invalid comparator '{node.operator}' for a text",
            "=, !=, LIKE, ILIKE, RLIKE, IN; or a number without quotes",
        )
    sql, values = _compare("as_number(t.value)" if numeric else "t.value", node, numeric, text)
    return f"EXISTS ({found} AND {sql})", [node.left.key, *values]


def entity_of(kind: Kind, left: Identifier, text: str) -> str:
    """What kind of thing a name names."""
    if left.entity not in kind.entities:
        names = ", ".join(name for name in kind.entities if name)
        raise mistake(text, left.place, f"Invalid entity type '{left.entity}'", f"expected one of {names}")
    return kind.entities[left.entity]


def attribute_of(kind: Kind, left: Identifier, text: str) -> tuple[str, bool]:
    """An attribute's SQL and whether it is a number."""
    if left.key not in kind.attributes:
        from difflib import get_close_matches

        near = get_close_matches(left.key, kind.attributes, 1)
        hint = (
            f"; did you mean {near[0]}?"
            if near
            else "; metrics, params and tags are written metrics.NAME, params.NAME, tags.NAME"
        )
        raise mistake(
            text,
            left.place,
            f"Invalid attribute key '{left.key}' specified",
            f"valid keys are {', '.join(kind.attributes)}{hint}",
        )
    return kind.attributes[left.key]


def metric_value(left: Identifier) -> Fragment:
    """A metric's number: the latest, or what a suffix such as .min asks for unless the run has a metric of that very name."""
    plain = "(SELECT m.last_value FROM metric AS m WHERE m.run = run.id AND m.key = ?)"
    key, _, suffix = left.key.rpartition(".")
    if left.quoted or not key or suffix not in SUMMARIES:
        return plain, [left.key]
    summary = plain.replace("last_value", SUMMARIES[suffix])
    return f"COALESCE({plain}, {summary})", [left.key, key]


def _metric(node: Comparison, text: str) -> Fragment:
    if node.operator in ("IS NULL", "IS NOT NULL"):
        return (
            f"{'NOT ' if node.operator == 'IS NULL' else ''}EXISTS (SELECT 1 FROM metric AS m WHERE m.run = run.id AND m.key = ?)",
            [node.left.key],
        )
    column, keys = metric_value(node.left)
    sql, values = _compare(column, node, True, text)
    return f"COALESCE({sql}, 0)", [*keys, *values]


def _dataset(node: Comparison, text: str) -> Fragment:
    columns = {"name": "d.name", "digest": "d.digest", "context": "i.value"}
    if node.left.key not in columns:
        raise mistake(
            text,
            node.left.place,
            f"Invalid dataset key '{node.left.key}' specified",
            f"valid keys are {', '.join(columns)}",
        )
    sql, values = _compare(columns[node.left.key], node, False, text)
    return (
        "EXISTS (SELECT 1 FROM dataset_use AS u JOIN dataset AS d ON d.id = u.dataset"
        " LEFT JOIN dataset_use_tag AS i ON i.dataset_use = u.id AND i.key = 'mlflow.data.context'"
        f" WHERE u.run = run.id AND {sql})",
        values,
    )


def _compare(column: str, node: Comparison, numeric: bool, text: str) -> Fragment:
    operator, values = node.operator, list[object](node.values)
    if operator in ("IS NULL", "IS NOT NULL"):
        return f"{column} {operator}", []
    if numeric:
        if operator in ("LIKE", "ILIKE", "RLIKE"):
            raise mistake(
                text, node.place, f"Invalid comparator '{operator}' for a number", "=, !=, >, >=, <, <=, IN, BETWEEN"
            )
        values = [_number(value, node, text) for value in node.values]
    elif any(not isinstance(value, str) for value in node.values):
        raise mistake(
            text,
            node.place,
            f"Expected a quoted string value for '{node.left.key}'",
            "put the value in quotes, e.g. 'my-value'",
        )
    elif operator in (">", "<", ">=", "<=", "BETWEEN", "NOT BETWEEN"):
        raise mistake(
            text, node.place, f"Invalid comparator '{operator}' for a text", "=, !=, LIKE, ILIKE, RLIKE, IN, NOT IN"
        )
    if operator in ("IN", "NOT IN"):
        return f"{column} {operator} ({','.join('?' * len(values))})", values
    if operator.endswith("BETWEEN"):
        return f"{column} {operator} ? AND ?", values
    if operator == "ILIKE":
        return f"lower({column}) LIKE lower(?)", values
    if operator == "RLIKE":
        pattern = str(values[0])
        try:
            re.compile(pattern)
        except re.error as error:
            raise mistake(
                text, node.place, f"Invalid regular expression {pattern!r}: {error}", "a regular expression in quotes"
            ) from None
        return f"matches(?, {column})", [pattern]
    return f"{column} {operator} ?", values


def _number(value: str | float, node: Comparison, text: str) -> float:
    if not isinstance(value, str):
        return value
    if node.left.key == "duration":
        match = _DURATION.fullmatch(value)
        if match and value:
            days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
            return ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000
    raise mistake(
        text,
        node.place,
        f"Expected numeric value type for '{node.left.key}'. Found {value!r}",
        "write the number without quotes",
    )


def order_terms(kind: Kind, clause: str) -> tuple[Fragment, Fragment, bool]:
    """One order_by text: SQL of its rank (numbers, then NaN, then missing), SQL of its value, and whether it descends."""
    match = re.fullmatch(r"\s*(.+?)(?:\s+(ASC|DESC))?\s*", clause, re.IGNORECASE | re.DOTALL)
    from runstone.store.search.grammar import _Parser

    parser = _Parser(match[1] if match else "")
    left = parser.identifier()
    if parser.peek().kind:
        raise mistake(
            clause,
            parser.peek().place,
            "Invalid order_by clause",
            "one name, then ASC or DESC; several names are several texts",
        )
    descending = bool(match and match[2] and match[2].upper() == "DESC")
    entity = entity_of(kind, left, clause)
    if entity == ATTRIBUTE:
        column, _ = attribute_of(kind, left, clause)
        return (f"{column} IS NULL", []), (column, []), descending
    if entity == METRIC:
        value, keys = metric_value(left)
        there = f"EXISTS (SELECT 1 FROM metric AS m WHERE m.run = run.id AND m.key IN ({','.join('?' * len(keys))}))"
        return (
            (f"CASE WHEN {value} IS NOT NULL THEN 0 WHEN {there} THEN 1 ELSE 2 END", [*keys, *keys]),
            (value, list(keys)),
            descending,
        )
    if entity == DATASET or kind is EXPERIMENTS:
        raise InvalidParameter(
            f"Invalid ordering key in order_by clause {clause!r}: order by {', '.join(kind.attributes)}."
        )
    value = f"(SELECT t.value FROM {entity} AS t WHERE t.run = run.id AND t.key = ?)"
    return (f"{value} IS NULL", [left.key]), (value, [left.key]), descending
