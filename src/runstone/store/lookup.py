"""What bears a name: experiments, runs, models by a part of it, out of SQL."""

from __future__ import annotations

from runstone.store.database import Connection
from runstone.store.run_table import COLOUR_TAG

# The newest runs (and logged models) whose names are looked at: 60 ms at the most, however many there are.
NEWEST = 200_000


def _has(name: str, text: str) -> str:
    """SQL: whether a name has the text (which is bound, in small letters) in it. SQLite's own lower() knows ASCII and is the quicker one."""
    return f"instr({'lower' if text.isascii() else 'folded'}({name}), ?)"


def experiments(connection: Connection, text: str, limit: int) -> list[tuple[int, str]]:
    """Number and name: those that begin with the text first, then the newest."""
    return connection.execute(
        f"SELECT experiment_id, name FROM experiment WHERE lifecycle_stage = 'active' AND {_has('name', text)} > 0"
        f" ORDER BY {_has('name', text)} = 1 DESC, experiment_id DESC LIMIT ?",
        (text.lower(), text.lower(), limit),
    ).fetchall()


def registered_models(connection: Connection, text: str, limit: int) -> list[tuple[str]]:
    """Names: those that begin with the text first, then the newest."""
    return connection.execute(
        f"SELECT name FROM registered_model WHERE {_has('name', text)} > 0"
        f" ORDER BY {_has('name', text)} = 1 DESC, id DESC LIMIT ?",
        (text.lower(), text.lower(), limit),
    ).fetchall()


# What is told of a run: its row, id and name, its experiment's number and name, and which colour its tag says.
Run = tuple[int, str, str, int, str, str | None]
_RUN = (
    "SELECT run.id, run.run_id, run.run_name, run.experiment, experiment.name,"
    f" (SELECT value FROM tag WHERE tag.run = run.id AND key = '{COLOUR_TAG}') FROM run"
)


def runs(connection: Connection, text: str, limit: int) -> list[Run]:
    """Runs, the newest first."""
    return connection.execute(
        f"{_RUN} JOIN experiment ON experiment.experiment_id = run.experiment"
        " WHERE run.id > (SELECT coalesce(max(id), 0) FROM run) - ? AND run.lifecycle_stage = 'active'"
        f" AND {_has('run.run_name', text)} > 0 ORDER BY run.id DESC LIMIT ?",
        (NEWEST, text.lower(), limit),
    ).fetchall()


def runs_by_id(connection: Connection, beginning: str, limit: int) -> list[Run]:
    """The same of runs whose id begins so."""
    return connection.execute(
        f"{_RUN} JOIN experiment ON experiment.experiment_id = run.experiment"
        " WHERE run.run_id >= ? AND run.run_id < ? AND run.lifecycle_stage = 'active' ORDER BY run.run_id LIMIT ?",
        (beginning, beginning + "~", limit),
    ).fetchall()


def logged_models(connection: Connection, text: str, limit: int) -> list[tuple[str, str, int, str]]:
    """Model id, name, experiment's number and name, the newest first."""
    return connection.execute(
        "SELECT logged_model.model_id, logged_model.name, logged_model.experiment, experiment.name FROM logged_model"
        " JOIN experiment ON experiment.experiment_id = logged_model.experiment"
        " WHERE logged_model.id > (SELECT coalesce(max(id), 0) FROM logged_model) - ?"
        f" AND logged_model.lifecycle_stage = 'active' AND {_has('logged_model.name', text)} > 0"
        " ORDER BY logged_model.id DESC LIMIT ?",
        (NEWEST, text.lower(), limit),
    ).fetchall()
