"""A window of a table of runs out of SQL: chosen columns only, a few queries for any number of rows."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from runstone.errors import InvalidParameter
from runstone.store.database import Connection
from runstone.store.search.names import SUMMARIES

PARENT_TAG, COLOUR_TAG = "mlflow.parentRunId", "mlflow.runColor"
Cell = str | float | int | None


class Facts(NamedTuple):
    """A run's own columns, beside those that are chosen."""

    run: int
    run_id: str
    experiment: int
    run_name: str
    status: str
    start_time: int | None
    end_time: int | None
    user_id: str
    lifecycle_stage: str


class Frame(NamedTuple):
    """What a table shows of some runs: own columns, tags that place and colour them, how many runs each is the parent of."""

    facts: dict[int, Facts]
    parents: dict[int, str]
    colours: dict[int, str]
    children: dict[str, int]


class Letters:
    """How many letters the texts of one answer may have yet: a column may be asked for many times, and each of its texts be long."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most

    def take(self, count: int) -> None:
        """So many more. Raises InvalidParameter where that is too much."""
        self._left -= count
        if self._left < 0:
            raise InvalidParameter(
                f"The texts of these columns have more than {self._most:,} letters. Ask for fewer rows or columns at a time."
            )


def frame(connection: Connection, rows: Sequence[int]) -> Frame:
    """The frame of these rows; those that are no more are missing in it."""
    marks = ",".join("?" * len(rows))
    facts = {
        row[0]: Facts(*row)
        for row in connection.execute(
            f"SELECT id, run_id, experiment, run_name, status, start_time, end_time, user_id, lifecycle_stage FROM run WHERE id IN ({marks})",
            rows,
        )
    }
    parents: dict[int, str] = {}
    colours: dict[int, str] = {}
    tags = connection.execute(
        f"SELECT run, key, value FROM tag WHERE run IN ({marks}) AND key IN (?, ?)", [*rows, PARENT_TAG, COLOUR_TAG]
    )
    for run, key, value in tags:
        (parents if key == PARENT_TAG else colours)[run] = value
    children = connection.execute(
        f"SELECT value, count(*) FROM tag WHERE key = ? AND value IN ({marks}) GROUP BY value",
        [PARENT_TAG, *(one.run_id for one in facts.values()), *[""] * (len(rows) - len(facts))],
    )
    return Frame(facts, parents, colours, dict(children.fetchall()))


def texts(
    connection: Connection, table: str, rows: Sequence[int], keys: Mapping[str, int], letters: Letters
) -> dict[tuple[int, str], Cell]:
    """Values of params or tags (`table`) by row and key; `keys` says how often each is told, which `letters` has to suffice for."""
    if not keys:
        return {}
    values: dict[tuple[int, str], Cell] = {}
    for run, key, value in connection.execute(
        f"SELECT run, key, value FROM {table} WHERE run IN ({','.join('?' * len(rows))}) AND key IN ({','.join('?' * len(keys))})",
        [*rows, *keys],
    ):
        letters.take(len(value) * keys[key])
        values[run, key] = value
    return values


def numbers(connection: Connection, rows: Sequence[int], keys: Sequence[str]) -> dict[tuple[int, str], dict[str, Cell]]:
    """Of metrics, by row and key, each summary by its name; None for NaN."""
    if not keys:
        return {}
    found = connection.execute(
        f"SELECT run, key, {', '.join(SUMMARIES.values())} FROM metric"
        f" WHERE run IN ({','.join('?' * len(rows))}) AND key IN ({','.join('?' * len(keys))})",
        [*rows, *keys],
    )
    return {(run, key): dict(zip(SUMMARIES, values, strict=True)) for run, key, *values in found}


def count(connection: Connection, experiments: Sequence[int], stages: Sequence[str]) -> int:
    """How many runs these experiments have."""
    row = connection.execute(
        f"SELECT count(*) FROM run WHERE experiment IN ({','.join('?' * len(experiments))})"
        f" AND lifecycle_stage IN ({','.join('?' * len(stages))})",
        [*experiments, *stages],
    ).fetchone()
    return int(row[0])


# One statement for all keys of a table whose index begins with them: it jumps from key to key.
_KEYS = (
    "WITH RECURSIVE known(key) AS (SELECT min(key) FROM {table}"
    " UNION ALL SELECT (SELECT min(key) FROM {table} WHERE key > known.key) FROM known WHERE known.key IS NOT NULL)"
    " SELECT key FROM known WHERE key IS NOT NULL LIMIT ?"
)


def all_keys(connection: Connection, table: str, most: int) -> list[str]:
    """The keys of all params, tags or metrics of the store, sorted; jumps through the index, whatever the number of runs."""
    return [key for (key,) in connection.execute(_KEYS.format(table=table), (most,))]


def keys_of(connection: Connection, table: str, rows: Sequence[int]) -> dict[str, int]:
    """The keys that these runs have, and how many of them each."""
    found = connection.execute(
        f"SELECT key, count(*) FROM {table} WHERE run IN ({','.join('?' * len(rows))}) GROUP BY key ORDER BY key", rows
    )
    return dict(found.fetchall())


def newest(connection: Connection, experiments: Sequence[int], most: int) -> list[int]:
    """The rows of the runs that began last."""
    found: list[tuple[int, int]] = []
    for experiment in dict.fromkeys(experiments):
        some = connection.execute(
            "SELECT start_time, id FROM run WHERE experiment = ? AND lifecycle_stage = 'active' ORDER BY start_time DESC LIMIT ?",
            (experiment, most),
        ).fetchall()
        found = heapq.nlargest(most, found + some, key=lambda one: one[0] or 0) if found else some
    return [row for _, row in found]


# Values of one statement: SQLite takes 32,766.
_TOGETHER = 10_000


def ids_of(connection: Connection, rows: Sequence[int]) -> dict[int, str]:
    """The ids of these rows."""
    return dict(_by_rows(connection, "SELECT id, run_id FROM run WHERE id", [], rows))


def run_ids(connection: Connection, rows: Sequence[int]) -> list[str]:
    """The ids of these rows, in their order; those that are no more are left out."""
    found = ids_of(connection, rows)
    return [found[row] for row in rows if row in found]


def texts_of(connection: Connection, table: str, rows: Sequence[int], key: str, letters: Letters) -> dict[int, str]:
    """The values of one param or tag (`table`) of many runs, by row; `letters` has to suffice for them."""
    found: dict[int, str] = {}
    for row, value in _by_rows(connection, f"SELECT run, value FROM {table} WHERE key = ? AND run", [key], rows):
        letters.take(len(value))
        found[row] = value
    return found


def numbers_of(connection: Connection, rows: Sequence[int], key: str, show: str) -> tuple[dict[int, float], set[int]]:
    """Of one metric of many runs the summary `show`, by row; and the rows of those for which it is NaN."""
    found: dict[int, float] = {}
    nans: set[int] = set()
    for row, value in _by_rows(
        connection, f"SELECT run, {SUMMARIES[show]} FROM metric WHERE key = ? AND run", [key], rows
    ):
        if value is None:
            nans.add(row)
        else:
            found[row] = value
    return found, nans


def _by_rows(
    connection: Connection, statement: str, values: Sequence[object], rows: Sequence[int]
) -> Iterator[tuple[int, Any]]:
    for first in range(0, len(rows), _TOGETHER):
        some = rows[first : first + _TOGETHER]
        yield from connection.execute(f"{statement} IN ({','.join('?' * len(some))})", [*values, *some])


def values(
    connection: Connection, table: str, rows: Sequence[int], key: str, part: str, most: int, letters: Letters
) -> list[tuple[str, int]]:
    """The values of a param or tag (`table`) that these runs have, those that hold `part` in any letters, the most frequent first."""
    counted = Counter(
        value for value in texts_of(connection, table, rows, key, letters).values() if part in value.lower()
    )
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:most]


def rows_of(connection: Connection, ids: Sequence[str]) -> list[int]:
    """The rows of these runs, in no order."""
    return list(rows_by_id(connection, ids).values())


def rows_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """The rows of these runs by their ids; those that are no more are left out. A row's number is never another run's (AUTOINCREMENT)."""
    found = connection.execute(f"SELECT run_id, id FROM run WHERE run_id IN ({','.join('?' * len(ids))})", ids)
    return dict(found.fetchall())


def parents(connection: Connection, experiments: Sequence[int]) -> dict[int, int]:
    """Of the runs of these experiments that name a parent that there is: that one's row."""
    # The tag leads: most runs have none.
    found = connection.execute(
        "SELECT tag.run, parent.id FROM tag CROSS JOIN run CROSS JOIN run AS parent WHERE tag.key = ? AND run.id = tag.run"
        f" AND run.experiment IN ({','.join('?' * len(experiments))}) AND parent.run_id = tag.value",
        [PARENT_TAG, *experiments],
    )
    return dict(found.fetchall())
