"""What a reader knows and may not write: runs whose processes are dead. A view of its own connection stands before the table of runs."""

from __future__ import annotations

from collections.abc import Mapping

from runstone.store.database import Shadow

# Names without a schema mean temporary objects first, so that every query on `run` reads the view.
_VIEW = """
CREATE TEMP VIEW run AS SELECT id, run_id, experiment, run_name, user_id,
  CASE WHEN status = 'RUNNING' AND run_id IN (SELECT run_id FROM presumed_dead) THEN 'KILLED' ELSE status END AS status,
  start_time,
  CASE WHEN status = 'RUNNING' AND run_id IN (SELECT run_id FROM presumed_dead)
    THEN (SELECT dead.end_time FROM presumed_dead AS dead WHERE dead.run_id = main.run.run_id) ELSE end_time END AS end_time,
  lifecycle_stage, deleted_time, artifact_uri FROM main.run
"""


def shadow(dead: Mapping[str, int]) -> Shadow:
    """What makes a connection see these runs (end time in ms) as killed where they are running."""
    if not dead:
        return Shadow()
    return Shadow(
        make=[
            ("CREATE TEMP TABLE presumed_dead (run_id TEXT PRIMARY KEY, end_time INTEGER)", ()),
            *[("INSERT INTO presumed_dead VALUES (?, ?)", item) for item in dead.items()],
            (_VIEW, ()),
        ],
        drop=[("DROP VIEW temp.run", ()), ("DROP TABLE temp.presumed_dead", ())],
    )
