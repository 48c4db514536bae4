"""Whose an artifact is: a run's, a logged model's, or nobody's, which is a key of the artifact proxy outside of both."""

from __future__ import annotations

from runstone.operations import rules
from runstone.store import runs
from runstone.store.database import Connection

FREE = "free"


def of_run(run_id: str | None) -> str:
    """A run's name as an owner; InvalidParameter for what is no run's id."""
    return f"runs/{rules.check_run_id(run_id)}"


def run_of(owner: str) -> str | None:
    """The run that an owner is; None where it is none."""
    kind, _, name = owner.partition("/")
    return name if kind == "runs" else None


def require(connection: Connection, owner: str, *, active: bool = False) -> None:
    """Refuse an owner that is not there, or (`active`) that takes no more files because it is deleted."""
    run_id = run_of(owner)
    if run_id is not None:
        runs.require(connection, run_id, active=active)
