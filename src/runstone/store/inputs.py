"""Datasets and which runs used them, in SQL. Knows nothing of who asks."""

from __future__ import annotations

from collections.abc import Sequence

from runstone.entities import Dataset, DatasetInput, InputTag
from runstone.store.database import Connection


def add(connection: Connection, run: int, inputs: Sequence[DatasetInput]) -> None:
    """Say that a run used these datasets. One that is known in the run's experiment by name and digest is not kept twice."""
    experiment = connection.execute("SELECT experiment FROM run WHERE id = ?", (run,)).fetchone()[0]
    position = connection.execute("SELECT count(*) FROM run_input WHERE run = ?", (run,)).fetchone()[0]
    for number, used in enumerate(inputs):
        dataset = _dataset(connection, experiment, used.dataset)
        connection.execute(
            "INSERT INTO run_input (run, dataset, position) VALUES (?, ?, ?) ON CONFLICT (run, dataset) DO NOTHING",
            (run, dataset, position + number),
        )
        connection.executemany(
            "INSERT INTO input_tag (run, dataset, key, value) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (run, dataset, key) DO UPDATE SET value = excluded.value",
            [(run, dataset, tag.key, tag.value) for tag in used.tags],
        )


def _dataset(connection: Connection, experiment: int, dataset: Dataset) -> int:
    connection.execute(
        "INSERT INTO dataset (experiment, name, digest, source_type, source, schema, profile) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (experiment, name, digest) DO NOTHING",
        (
            experiment,
            dataset.name,
            dataset.digest,
            dataset.source_type,
            dataset.source,
            dataset.schema,
            dataset.profile,
        ),
    )
    row = connection.execute(
        "SELECT id FROM dataset WHERE experiment = ? AND name = ? AND digest = ?",
        (experiment, dataset.name, dataset.digest),
    ).fetchone()
    return int(row[0])


def load_inputs(connection: Connection, runs: Sequence[int]) -> dict[int, list[DatasetInput]]:
    """The datasets that these runs used, in the order in which they were logged; no entry for a run that used none."""
    marks = ",".join("?" * len(runs))
    rows = connection.execute(
        "SELECT run_input.run, dataset.id, name, digest, source_type, source, schema, profile"
        f" FROM run_input JOIN dataset ON dataset.id = run_input.dataset WHERE run_input.run IN ({marks})"
        " ORDER BY run_input.run, run_input.position",
        runs,
    ).fetchall()
    found: dict[int, list[DatasetInput]] = {}
    if not rows:
        return found
    known: dict[tuple[int, int], DatasetInput] = {}
    for run, dataset, *fields in rows:
        known[run, dataset] = used = DatasetInput(Dataset(*fields), [])
        found.setdefault(run, []).append(used)
    tags = connection.execute(f"SELECT run, dataset, key, value FROM input_tag WHERE run IN ({marks})", runs)
    for run, dataset, key, value in tags:
        known[run, dataset].tags.append(InputTag(key, value))
    return found
