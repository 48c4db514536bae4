"""Every test has a folder, an environment and a session of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working folder of its own, none of the machine's settings, and no run left active for the next test."""
    for name in list(os.environ):
        if name.startswith(("RUNSTONE_", "MLFLOW_")) and not name.startswith("RUNSTONE_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("RUNSTONE_QUIET", "1")
    monkeypatch.chdir(tmp_path)
    yield
    _leave_nothing()


def _leave_nothing() -> None:
    import sys

    # Each part by itself: a test may have loaded one without the others.
    session = sys.modules.get("runstone.fluent.session")
    if session is not None:
        session.end_all("FINISHED")
        session._last_run_id = None
    experiments = sys.modules.get("runstone.fluent.experiments")
    if experiments is not None:
        experiments._active_id = None
    location = sys.modules.get("runstone.fluent.location")
    if location is not None:
        location.set_tracking_uri(None)
    for name in ("RUNSTONE_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_ID"):
        os.environ.pop(name, None)
