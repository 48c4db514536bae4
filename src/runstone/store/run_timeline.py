"""When what belongs to a run happened, out of SQL: its metrics, files, models, versions, and the runs within it."""

from __future__ import annotations

from typing import NamedTuple

from runstone.store.database import Connection


class Event(NamedTuple):
    """Something that happened at a time (ms): `name` for people, `id` to ask about it by; what lasted has an end, what came in numbers a count."""

    kind: str
    time: int
    name: str
    id: str = ""
    end: int | None = None
    count: int = 1  # type: ignore[assignment]  # the page's name; nobody counts fields


# By kind: columns time, name, id, end, count; `:run` is the run's row, `:run_id` its id, `:owner` whose its files are. Of files those of one
# moment in one folder come together, so that a folder of thousands is one event.
_QUERIES = {
    "metric": (
        "SELECT first_timestamp, key, '', last_timestamp, count FROM metric WHERE run = :run AND key NOT LIKE 'system/%' ORDER BY 1, 2"
    ),
    "system": "SELECT min(first_timestamp), 'system metrics', '', max(last_timestamp), count(*) FROM metric WHERE run = :run AND key LIKE 'system/%'",
    "file": (
        "SELECT min(creation_time), min(path), '', max(creation_time), count(*) FROM"
        " (SELECT path, creation_time, rtrim(path, replace(path, '/', '')) AS folder FROM artifact WHERE owner = :owner AND path NOT LIKE '.runstone/%' LIMIT :files)"
        " GROUP BY folder, creation_time / 1000 ORDER BY 1, 2"
    ),
    "model": "SELECT creation_timestamp, name, model_id, last_updated_timestamp, 1 FROM logged_model WHERE source_run_id = :run_id AND lifecycle_stage = 'active' ORDER BY 1, 3",
    "registered": (
        "SELECT v.creation_timestamp, m.name || '/' || v.version, m.name, NULL, 1 FROM model_version AS v"
        " JOIN registered_model AS m ON m.id = v.registered_model WHERE v.run_id = :run_id ORDER BY 1, 2"
    ),
    "made": (
        "SELECT u.time, n.name || ':v' || v.version, '', NULL, 1 FROM artifact_producer AS u JOIN artifact_version AS v ON v.id = u.artifact_version"
        " JOIN named_artifact AS n ON n.id = v.named_artifact WHERE u.run_id = :run_id ORDER BY 1, 2"
    ),
    "used": (
        "SELECT u.time, n.name || ':v' || v.version, '', NULL, 1 FROM artifact_use AS u JOIN artifact_version AS v ON v.id = u.artifact_version"
        " JOIN named_artifact AS n ON n.id = v.named_artifact WHERE u.run_id = :run_id ORDER BY 1, 2"
    ),
    "run": (
        "SELECT start_time, run_name, run_id, end_time, 1 FROM run JOIN tag ON tag.run = run.id"
        " WHERE tag.key = 'mlflow.parentRunId' AND tag.value = :run_id AND lifecycle_stage = 'active' AND start_time IS NOT NULL ORDER BY 1, 3"
    ),
}


def events(connection: Connection, run: int, run_id: str, most: int, files: int) -> list[Event]:
    """What happened in a run, as it came; of each kind the first `most`, of its files the first `files` by path."""
    values = {"run": run, "run_id": run_id, "owner": f"runs/{run_id}", "most": most, "files": files}
    found = [
        Event(kind, *row)
        for kind, query in _QUERIES.items()
        for row in connection.execute(f"{query} LIMIT :most", values).fetchall()
        if row[0] is not None
    ]
    return sorted(found, key=lambda event: event.time)
