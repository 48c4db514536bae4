"""Which logged models runs used and made, in SQL. Knows nothing of the models themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runstone.entities import LoggedModelInput, LoggedModelOutput
from runstone.store.database import Connection


def add_inputs(connection: Connection, run: int, model_ids: Iterable[str]) -> None:
    """Say that a run used these models; saying it again changes nothing."""
    connection.executemany(
        "INSERT INTO model_input (run, model_id) VALUES (?, ?) ON CONFLICT (run, model_id) DO NOTHING",
        [(run, model_id) for model_id in model_ids],
    )


def add_outputs(connection: Connection, run: int, outputs: Iterable[tuple[str, int]]) -> None:
    """Say that a run made these models, each at a step; the step said last holds."""
    connection.executemany(
        "INSERT INTO model_output (run, model_id, step) VALUES (?, ?, ?)"
        " ON CONFLICT (run, model_id) DO UPDATE SET step = excluded.step",
        [(run, *output) for output in outputs],
    )


def load_model_inputs(connection: Connection, runs: Sequence[int]) -> dict[int, list[LoggedModelInput]]:
    """What these runs used, in the order in which it was said; no entry for a run that used none."""
    found: dict[int, list[LoggedModelInput]] = {}
    marks = ",".join("?" * len(runs))
    for run, model_id in connection.execute(
        f"SELECT run, model_id FROM model_input WHERE run IN ({marks}) ORDER BY id", runs
    ):
        found.setdefault(run, []).append(LoggedModelInput(model_id))
    return found


def load_model_outputs(connection: Connection, runs: Sequence[int]) -> dict[int, list[LoggedModelOutput]]:
    """What these runs made, in the order in which it was said; no entry for a run that made none."""
    found: dict[int, list[LoggedModelOutput]] = {}
    marks = ",".join("?" * len(runs))
    for run, model_id, step in connection.execute(
        f"SELECT run, model_id, step FROM model_output WHERE run IN ({marks}) ORDER BY id", runs
    ):
        found.setdefault(run, []).append(LoggedModelOutput(model_id, step))
    return found
