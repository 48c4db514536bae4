"""Datasets and what runs used them for, in SQL. Knows nothing of who asks."""

from __future__ import annotations

from collections.abc import Sequence

from runstone.entities import Dataset, DatasetInput, InputTag
from runstone.store.database import Connection

CONTEXT_TAG = "mlflow.data.context"


def add(connection: Connection, run: int, inputs: Sequence[DatasetInput]) -> None:
    """Say that a run used these datasets. What is known in the run's experiment by all its facts is not kept twice."""
    experiment = connection.execute("SELECT experiment FROM run WHERE id = ?", (run,)).fetchone()[0]
    for used in inputs:
        tags = {tag.key: tag.value for tag in used.tags}
        key = (run, _dataset(connection, experiment, used.dataset), tags.get(CONTEXT_TAG, ""))
        connection.execute(
            "INSERT INTO dataset_use (run, dataset, context) VALUES (?, ?, ?) ON CONFLICT (run, dataset, context) DO NOTHING",
            key,
        )
        use = connection.execute(
            "SELECT id FROM dataset_use WHERE run = ? AND dataset = ? AND context = ?", key
        ).fetchone()[0]
        connection.executemany(
            "INSERT INTO dataset_use_tag (dataset_use, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (dataset_use, key) DO UPDATE SET value = excluded.value",
            [(use, *tag) for tag in tags.items()],
        )


def _dataset(connection: Connection, experiment: int, dataset: Dataset) -> int:
    facts = (
        experiment, dataset.name, dataset.digest, dataset.source_type, dataset.source, dataset.schema, dataset.profile
    )  # fmt: skip
    known = connection.execute(
        "SELECT id FROM dataset WHERE experiment = ? AND name = ? AND digest = ? AND source_type = ? AND source = ?"
        " AND schema IS ? AND profile IS ?",
        facts,
    ).fetchone()
    if known:
        return int(known[0])
    made = connection.execute(
        "INSERT INTO dataset (experiment, name, digest, source_type, source, schema, profile)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        facts,
    ).fetchone()
    return int(made[0])


def load_inputs(connection: Connection, runs: Sequence[int]) -> dict[int, list[DatasetInput]]:
    """What these runs used, in the order in which it was logged; no entry for a run that used nothing."""
    marks = ",".join("?" * len(runs))
    rows = connection.execute(
        "SELECT u.id, u.run, name, digest, source_type, source, schema, profile"
        f" FROM dataset_use AS u JOIN dataset ON dataset.id = u.dataset WHERE u.run IN ({marks}) ORDER BY u.id",
        runs,
    ).fetchall()
    found: dict[int, list[DatasetInput]] = {}
    if not rows:
        return found
    uses: dict[int, DatasetInput] = {}
    for use, run, *fields in rows:
        uses[use] = used = DatasetInput(Dataset(*fields), [])
        found.setdefault(run, []).append(used)
    tags = connection.execute(
        "SELECT t.dataset_use, t.key, t.value FROM dataset_use AS u JOIN dataset_use_tag AS t ON t.dataset_use = u.id"
        f" WHERE u.run IN ({marks})",
        runs,
    )
    for use, key, value in tags:
        uses[use].tags.append(InputTag(key, value))
    return found


def summaries(connection: Connection, experiments: Sequence[int], limit: int) -> list[tuple[int, str, str, str]]:
    """Which datasets the active runs of these experiments used: experiment, name, digest and context ('' for none), each once."""
    return connection.execute(
        "SELECT DISTINCT run.experiment, dataset.name, dataset.digest, u.context FROM run"
        " JOIN dataset_use AS u ON u.run = run.id JOIN dataset ON dataset.id = u.dataset"
        f" WHERE run.experiment IN ({','.join('?' * len(experiments))}) AND run.lifecycle_stage = 'active'"
        " ORDER BY 1, 2, 3, 4 LIMIT ?",
        [*experiments, limit],
    ).fetchall()
