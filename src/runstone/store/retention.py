"""Rules of what is kept, and the facts about runs that they are decided by, in SQL. Knows nothing of who asks or how it is decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from runstone.store.database import Connection

_COLUMNS = "experiment, pattern, older_than, keep_last, keep_best, metric, mode, user_id, time"


class Row(NamedTuple):
    """A rule: the experiment, which files ('' is whole runs), and its conditions (ms; None is none); who set it, and when."""

    experiment: int
    pattern: str
    older_than: int | None
    keep_last: int | None
    keep_best: int | None
    metric: str | None
    mode: str | None
    user_id: str
    time: int


class Facts(NamedTuple):
    """A run: its row, id and name, whether it goes on, when it started and ended (ms), its parent, whether it is pinned."""

    row: int
    run_id: str
    name: str
    running: bool
    start: int
    end: int
    parent: str | None
    pinned: bool


def put(connection: Connection, rule: Row) -> None:
    """Set a rule, in place of one of the same experiment and files."""
    remove(connection, rule.experiment, rule.pattern)
    connection.execute(f"INSERT INTO retention_rule ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rule)


def remove(connection: Connection, experiment: int, pattern: str) -> bool:
    """Whether there was such a rule to take away."""
    statement = "DELETE FROM retention_rule WHERE experiment = ? AND pattern = ?"
    return connection.execute(statement, (experiment, pattern)).rowcount > 0


def rules(connection: Connection, experiment: int | None = None) -> list[Row]:
    """All rules, or those of an experiment; those of whole runs first."""
    where, values = ("", ()) if experiment is None else (" WHERE experiment = ?", (experiment,))
    rows = connection.execute(f"SELECT {_COLUMNS} FROM retention_rule{where} ORDER BY experiment, pattern", values)
    return [Row(*row) for row in rows]


def names(connection: Connection) -> dict[int, str]:
    """The names of the experiments that have rules."""
    return dict(
        connection.execute(
            "SELECT experiment_id, name FROM experiment WHERE experiment_id IN (SELECT experiment FROM retention_rule)"
        )
    )


def runs(connection: Connection, experiment: int) -> list[Facts]:
    """The runs of an experiment that are not deleted, those started last come first."""
    rows = connection.execute(
        "SELECT run.id, run_id, run_name, status IN ('RUNNING', 'SCHEDULED'), COALESCE(start_time, 0),"
        " COALESCE(end_time, start_time, 0), parent.value, COALESCE(pin.value, 'false')"
        " FROM run LEFT JOIN tag AS parent ON parent.run = run.id AND parent.key = 'mlflow.parentRunId'"
        " LEFT JOIN tag AS pin ON pin.run = run.id AND pin.key = 'runstone.pinned'"
        " WHERE experiment = ? AND lifecycle_stage = 'active' ORDER BY start_time DESC, run.id DESC",
        (experiment,),
    )
    return [
        Facts(row, run_id, name, bool(running), start, end, parent, pinned.lower() not in ("false", "0", "no", ""))
        for row, run_id, name, running, start, end, parent, pinned in rows
    ]


def parents_elsewhere(connection: Connection) -> list[tuple[str, str]]:
    """Runs that are not deleted and whose parent, which is not either, is in another experiment: the run's id, and its parent's."""
    return connection.execute(
        "SELECT run.run_id, parent.run_id FROM tag JOIN run ON run.id = tag.run JOIN run AS parent ON parent.run_id = tag.value"
        " WHERE tag.key = 'mlflow.parentRunId' AND run.experiment <> parent.experiment"
        " AND run.lifecycle_stage = 'active' AND parent.lifecycle_stage = 'active'"
    ).fetchall()


def last_values(connection: Connection, experiment: int, metric: str) -> dict[int, float | None]:
    """The last value of a metric (NaN is None) of each of an experiment's runs that has it and is not deleted, by the run's row."""
    return dict(
        connection.execute(
            "SELECT run, last_value FROM metric JOIN run ON run.id = metric.run WHERE run.experiment = ? AND metric.key = ?"
            " AND lifecycle_stage = 'active'",
            (experiment, metric),
        )
    )


def has_metric(connection: Connection, experiment: int, metric: str) -> bool:
    """Whether any run of an experiment that is not deleted has a metric."""
    row = connection.execute(
        "SELECT 1 FROM metric JOIN run ON run.id = metric.run WHERE metric.key = ? AND run.experiment = ?"
        " AND lifecycle_stage = 'active' LIMIT 1",
        (metric, experiment),
    )
    return row.fetchone() is not None


def metrics(connection: Connection, experiment: int, limit: int) -> list[str]:
    """The metrics that runs of an experiment have, deleted runs aside, in the order of the alphabet: so many at the most."""
    rows = connection.execute(
        "SELECT DISTINCT key FROM metric JOIN run ON run.id = metric.run WHERE run.experiment = ? AND lifecycle_stage = 'active'"
        " ORDER BY key LIMIT ?",
        (experiment, limit),
    )
    return [key for (key,) in rows]


def files(connection: Connection, experiment: int) -> Iterator[tuple[int, str]]:
    """The files of an experiment's runs that are not deleted, a run's one after the other: the run's row, the file's path."""
    return connection.execute(
        "SELECT run.id, path FROM run CROSS JOIN artifact ON owner = 'runs/' || run_id"
        " WHERE experiment = ? AND lifecycle_stage = 'active' ORDER BY run.id",
        (experiment,),
    )


def needed_runs(connection: Connection) -> set[str]:
    """The runs that versions of registered models come from."""
    rows = connection.execute("SELECT DISTINCT run_id FROM model_version WHERE run_id IS NOT NULL")
    return {run_id for (run_id,) in rows}
