"""What is done with many runs at once, all or none: one transaction where a request for each would be thousands."""

from __future__ import annotations

import msgspec

from runstone.entities import LifecycleStage, RunTag
from runstone.errors import InvalidParameter
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.runs import checked_tag, put_stage, put_tags
from runstone.operations.table import operation
from runstone.store import runs

# Runs and tags of one request: a tenth of a second in which nobody else writes.
RUNS, TAGS = 2_000, 20
_STAGES = (LifecycleStage.ACTIVE, LifecycleStage.DELETED)


class ChangeRuns(msgspec.Struct, omit_defaults=True):
    """Runs, and what becomes of them: `stage` is "deleted" (they can be restored), "active", or empty to leave it; `tags` are set."""

    run_ids: list[str] = []
    stage: str = ""
    tags: list[RunTag] = []


class ChangedRuns(msgspec.Struct):
    """How many runs were changed."""

    runs: int


@operation("POST", "/runstone/runs/change", permission="edit")
def change_runs(engine: Engine, request: ChangeRuns) -> ChangedRuns:
    """Delete, restore or tag many runs, all or none.

    Raises NotFound for a run that is not there; InvalidParameter for a tag of a deleted run; Conflict for one to be restored that pruning is
    removing for good.
    """
    if len(request.run_ids) > RUNS or len(request.tags) > TAGS:
        raise InvalidParameter(
            f"{len(request.run_ids)} runs and {len(request.tags)} tags are given; at once {RUNS} runs are changed and {TAGS} tags set. Ask several times."
        )
    if request.stage and request.stage not in _STAGES:
        raise rules.invalid("stage", request.stage, f"Give one of {', '.join(_STAGES)}, or none.")
    ids = [rules.check_run_id(run_id) for run_id in dict.fromkeys(request.run_ids)]
    tags = [checked_tag(tag.key, tag.value, number) for number, tag in enumerate(request.tags)]
    now = engine.now()
    with engine.database.write() as connection:
        for run_id in ids:
            if request.stage:
                put_stage(connection, run_id, request.stage, now)
            if tags:
                put_tags(connection, runs.require(connection, run_id, active=True), tags)
    return ChangedRuns(len(ids))
