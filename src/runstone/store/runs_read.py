"""Whole runs out of SQL: a few queries for any number of runs. Knows nothing of who asks or of how runs are written."""

from __future__ import annotations

from collections.abc import Sequence

from runstone.entities import Metric, Param, Run, RunData, RunInfo, RunTag
from runstone.store.database import Connection
from runstone.store.inputs import load_inputs
from runstone.store.model_links import load_model_inputs, load_model_outputs

# SQLite takes 32,766 bound values at most; this many rows a query keeps well below and costs nothing.
_MANY = 5_000


def load_runs(connection: Connection, runs: Sequence[int]) -> list[Run]:
    """The runs of these rows, in this order."""
    loaded: list[Run] = []
    for start in range(0, len(runs), _MANY):
        loaded.extend(_load(connection, runs[start : start + _MANY]))
    return loaded


def load_info(connection: Connection, run: int) -> RunInfo:
    """A run's own facts alone."""
    return _infos(connection, [run])[run]


def _infos(connection: Connection, runs: Sequence[int]) -> dict[int, RunInfo]:
    rows = connection.execute(
        "SELECT id, run_id, experiment, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, run_name"
        f" FROM run WHERE id IN ({','.join('?' * len(runs))})",
        runs,
    )
    return {row: RunInfo(run_id, str(experiment), *facts) for row, run_id, experiment, *facts in rows}


def _load(connection: Connection, runs: Sequence[int]) -> list[Run]:
    if not runs:
        return []
    marks = ",".join("?" * len(runs))
    found = {row: Run(info, RunData()) for row, info in _infos(connection, runs).items()}
    params = {row: run.data._params for row, run in found.items()}
    for row, key, value in connection.execute(f"SELECT run, key, value FROM param WHERE run IN ({marks})", runs):
        params[row].append(Param(key, value))
    tags = {row: run.data._tags for row, run in found.items()}
    for row, key, value in connection.execute(f"SELECT run, key, value FROM tag WHERE run IN ({marks})", runs):
        tags[row].append(RunTag(key, value))
    metrics, not_a_number = {row: run.data._metric_objs for row, run in found.items()}, float("nan")
    points = connection.execute(
        f"SELECT run, key, last_value, last_timestamp, last_step FROM metric WHERE run IN ({marks})", runs
    )
    for row, key, number, timestamp, step in points:
        metrics[row].append(Metric(key, not_a_number if number is None else number, timestamp, step))
    for run, datasets in load_inputs(connection, runs).items():
        found[run].inputs.dataset_inputs = datasets
    for run, used in load_model_inputs(connection, runs).items():
        found[run].inputs.model_inputs = used
    for run, made in load_model_outputs(connection, runs).items():
        found[run].outputs.model_outputs = made
    return [found[run] for run in runs]
