"""Counts of runs by experiment out of SQL."""

from __future__ import annotations

from runstone.store.database import Connection


def counted(connection: Connection) -> list[tuple[int, int, int | None]]:
    """Of each experiment with runs: its number, how many it has, when the newest began. Read off the runs' index alone."""
    return connection.execute(
        "SELECT experiment, count(*), max(start_time) FROM run WHERE lifecycle_stage = 'active' GROUP BY experiment"
    ).fetchall()


def running(connection: Connection) -> dict[int, int]:
    """How many runs of each experiment are under way."""
    return dict(
        connection.execute(
            "SELECT experiment, count(*) FROM run WHERE status = 'RUNNING' AND lifecycle_stage = 'active' GROUP BY experiment"
        ).fetchall()
    )
