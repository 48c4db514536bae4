"""How much there is in each experiment, and what happened last: what a list of them shows beside their names."""

from __future__ import annotations

import msgspec

from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.store import experiment_activity as store


class Activity(msgspec.Struct, omit_defaults=True):
    """An experiment's runs that are not deleted: how many, how many of them are under way, when the newest began (ms)."""

    experiment_id: str
    runs: int
    running: int = 0
    last_start_time: int | None = None


class Activities(msgspec.Struct, omit_defaults=True):
    """One for each experiment that has runs."""

    experiments: list[Activity] = []


@operation("GET", "/runstone/experiments/activity", permission="read")
def get_experiment_activity(engine: Engine, request: Empty) -> Activities:
    """How many runs each experiment has, and when the newest began."""
    with engine.database.read() as connection:
        running = store.running(connection)
        return Activities(
            [
                Activity(str(experiment), count, running.get(experiment, 0), last)
                for experiment, count, last in store.counted(connection)
            ]
        )
