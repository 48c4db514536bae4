"""What happened in a run, and when: one answer for what would be a question for each of its metrics, files, models and children."""

from __future__ import annotations

import msgspec

from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import run_timeline as store
from runstone.store import runs

# Events of one kind, and files that are looked at.
EVENTS, FILES = 300, 20_000


class GetRunTimeline(msgspec.Struct):
    """Of which run."""

    run_id: str


class Event(msgspec.Struct, omit_defaults=True):
    """Something that happened (ms).

    `kind` is metric or system (from the first point to the last), file (of one second and folder together, `name` is the first), model, registered
    (`id` is the registered model's name), made or used (versions of artifacts), run (a child). `id` is what it is asked about by.
    """

    kind: str
    time: int
    name: str
    id: str = ""
    end: int | None = None
    count: int = 1


class RunTimeline(msgspec.Struct):
    """Events in the order in which they began, at most 300 of a kind; `truncated` where there are more."""

    events: list[Event]
    truncated: bool


@operation("GET", "/runstone/runs/timeline", permission="read")
def get_run_timeline(engine: Engine, request: GetRunTimeline) -> RunTimeline:
    """When a run's metrics, files, models, versions and child runs began, and ended."""
    run_id = rules.check_run_id(request.run_id)
    with engine.reading_points() as connection:
        found = store.events(connection, runs.require(connection, run_id), run_id, EVENTS + 1, FILES)
    kept: list[Event] = []
    counts: dict[str, int] = {}
    for event in found:
        counts[event.kind] = counts.get(event.kind, 0) + 1
        if counts[event.kind] <= EVENTS:
            kept.append(Event(*event))
    return RunTimeline(kept, len(kept) < len(found))
