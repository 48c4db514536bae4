"""Rules of what is kept, and the facts about runs that they are decided by, in SQL. Knows nothing of who asks or how it is decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from runstone.store.database import Connection

# What has metrics, with them.
Measured = Literal["run", "logged_model"]
_METRICS: dict[Measured, str] = {
    "run": "metric JOIN run AS of ON of.id = metric.run",
    "logged_model": "logged_model_metric AS metric JOIN logged_model AS of ON of.id = metric.logged_model",
}
_IN_EXPERIMENT = "of.experiment = ? AND of.lifecycle_stage = 'active'"
_COLUMNS = "experiment, pattern, older_than, keep_last, keep_best, metric, mode, user_id, time"


class Row(NamedTuple):
    """A rule: the experiment, which files ('' is whole runs, `models:NAME` logged models), and its conditions (ms; None is none); who set it, and when."""

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
    """A run, or a logged model: its row, id and name, whether it goes on, when it started and ended (ms), its parent, whether it is pinned."""

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
        Facts(row, run_id, name, bool(running), start, end, parent, _says_yes(pinned))
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


def models(connection: Connection, experiment: int, run_id: str | None = None) -> list[Facts]:
    """The logged models of an experiment (of one run of it) that are whole and not deleted, those made last come first. `parent` is the run
    that made it; with that run a model is pinned, too."""
    of_run, values = ("", ()) if run_id is None else (" AND source_run_id = ?", (run_id,))
    rows = connection.execute(
        "SELECT m.id, m.model_id, m.name, m.creation_timestamp, m.source_run_id, COALESCE(pin.value, 'false'), COALESCE(of_run.value, 'false')"
        " FROM logged_model AS m LEFT JOIN logged_model_tag AS pin ON pin.logged_model = m.id AND pin.key = 'runstone.pinned'"
        " LEFT JOIN run ON run.run_id = m.source_run_id"
        " LEFT JOIN tag AS of_run ON of_run.run = run.id AND of_run.key = 'runstone.pinned'"
        f" WHERE m.experiment = ? AND m.lifecycle_stage = 'active' AND m.status = 'READY'{of_run}"
        " ORDER BY m.creation_timestamp DESC, m.id DESC",
        (experiment, *values),
    )
    return [
        Facts(row, model_id, name, False, made, made, run, _says_yes(pinned) or _says_yes(run_pinned))
        for row, model_id, name, made, run, pinned, run_pinned in rows
    ]


def values_of_models(connection: Connection, found: list[Facts], metric: str) -> dict[int, float | None]:
    """The last value of a metric (NaN is None) of each of some models that has it, by the model's row: measured on no data set, or on the
    only one. Measured on several, a model has no one value."""
    values: dict[int, float | None] = {}
    for model in found:
        rows = connection.execute(
            "SELECT dataset_name, last_value FROM logged_model_metric WHERE logged_model = ? AND +key = ?",
            (model.row, metric),
        ).fetchall()
        plain = [value for dataset, value in rows if not dataset] or [value for _, value in rows]
        if len(plain) == 1:
            values[model.row] = plain[0]
    return values


def _says_yes(tag: str) -> bool:
    return tag.lower() not in ("false", "0", "no", "")


def has_metric(connection: Connection, of: Measured, experiment: int, metric: str) -> bool:
    """Whether any run, or logged model, of an experiment that is not deleted has a metric."""
    row = connection.execute(
        f"SELECT 1 FROM {_METRICS[of]} WHERE metric.key = ? AND {_IN_EXPERIMENT} LIMIT 1", (metric, experiment)
    )
    return row.fetchone() is not None


def metrics(connection: Connection, of: Measured, experiment: int, limit: int) -> list[str]:
    """The metrics that runs, or logged models, of an experiment have, deleted ones aside, in the order of the alphabet: so many at the most."""
    rows = connection.execute(
        f"SELECT DISTINCT metric.key FROM {_METRICS[of]} WHERE {_IN_EXPERIMENT} ORDER BY metric.key LIMIT ?",
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
