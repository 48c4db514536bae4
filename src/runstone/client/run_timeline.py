"""The client's method on what happened in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations import run_timeline


def get_run_timeline(self: Client, run_id: str) -> run_timeline.RunTimeline:
    """When a run's metrics, files, models, versions and child runs began, and ended (ms), in that order."""
    from runstone.operations import run_timeline

    return self._transport.call(run_timeline.get_run_timeline, run_timeline.GetRunTimeline(run_id))
