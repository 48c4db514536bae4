"""Whether anything has changed, and in which runs that are under way, out of SQL; asked several times a second."""

from __future__ import annotations

from collections.abc import Sequence

from runstone.store.database import Connection


def version(connection: Connection) -> int:
    """A number that another connection's commit changes. Of this connection's own it knows nothing: whoever asks writes nothing."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


# Files of a run that are looked at, by path: what comes behind them is not noticed.
_FILES = 5_000


def running(connection: Connection, experiments: Sequence[int], most: int) -> list[tuple[str, int, int | None, int]]:
    """Runs of these experiments that are under way, the newest first: id, points that are counted or wait, when the last came (ms), the sum of the
    times at which their files came."""
    return connection.execute(
        "SELECT run_id, (SELECT total(count) FROM metric WHERE run = run.id) + (SELECT count(*) FROM arrival WHERE run = run.id),"
        " (SELECT max(last_timestamp) FROM metric WHERE run = run.id),"
        " (SELECT coalesce(sum(creation_time), 0) FROM"
        f" (SELECT creation_time FROM artifact WHERE owner = 'runs/' || run.run_id LIMIT {_FILES}))"
        f" FROM run WHERE experiment IN ({','.join('?' * len(experiments))}) AND lifecycle_stage = 'active' AND status = 'RUNNING'"
        " ORDER BY start_time DESC LIMIT ?",
        [*experiments, most],
    ).fetchall()


def ended(connection: Connection, experiments: Sequence[int]) -> tuple[int, int]:
    """How many runs these experiments have, and the row of the newest."""
    count, newest = connection.execute(
        f"SELECT count(*), max(id) FROM run WHERE experiment IN ({','.join('?' * len(experiments))}) AND lifecycle_stage = 'active'",
        experiments,
    ).fetchone()
    return int(count), int(newest or 0)
