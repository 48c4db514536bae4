"""The client's method that changes many runs at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runstone.client import Client


def change_runs(self: Client, run_ids: Sequence[str], stage: str = "", tags: Mapping[str, Any] | None = None) -> int:
    """Delete, restore or tag up to 2,000 runs, all or none; how many they were.

    Args:
        run_ids: which.
        stage: "deleted" (they can be restored), "active", or empty to leave it as it is.
        tags: are set, in place of those of the same keys.
    """
    from runstone.entities import RunTag
    from runstone.operations import run_changes

    labels = [RunTag(key, str(value)) for key, value in (tags or {}).items()]
    return self._transport.call(run_changes.change_runs, run_changes.ChangeRuns(list(run_ids), stage, labels)).runs
