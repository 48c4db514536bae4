"""What goes on just now: which runs are under way and how many points they have. A page asks when the server tells it that something changed."""

from __future__ import annotations

import msgspec

from runstone.errors import InvalidParameter
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import pulse as store

# Experiments that are watched at once, and runs that are told of.
EXPERIMENTS, RUNS = 100, 200


class GetPulse(msgspec.Struct):
    """Of which experiments."""

    experiment_ids: list[str] = []


class RunPulse(msgspec.Struct, omit_defaults=True):
    """A run that is under way: how many points it has, when the last came (ms), and a number that is another one when files have come,
    changed or gone."""

    run_id: str
    points: int
    heard: int | None = None
    files: int = 0


class Pulse(msgspec.Struct):
    """The runs under way (the newest 200), how many runs there are, and a number that is greater for each new one."""

    running: list[RunPulse]
    runs: int
    newest: int


@operation("POST", "/runstone/pulse", permission="read")
def get_pulse(engine: Engine, request: GetPulse) -> Pulse:
    """Which runs of these experiments are under way, and how far they are."""
    if len(request.experiment_ids) > EXPERIMENTS:
        raise InvalidParameter(
            f"{len(request.experiment_ids)} experiments are asked for; at most {EXPERIMENTS} are watched at once."
        )
    experiments = [rules.experiment_number(one) for one in request.experiment_ids]
    with engine.database.read() as connection:
        running = [
            RunPulse(run_id, int(points), heard, files)
            for run_id, points, heard, files in store.running(connection, experiments, RUNS)
        ]
        return Pulse(running, *store.ended(connection, experiments))


def version(engine: Engine) -> int:
    """A number that changes whenever another thread or process commits; always asked on the same thread, which writes nothing."""
    with engine.database.read() as connection:
        return store.version(connection)
