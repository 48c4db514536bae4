"""The client's methods on a store's space: who holds it, and what gives it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from runstone.client import Client
    from runstone.operations.forecast import Plan
    from runstone.operations.pruning import Pruned
    from runstone.operations.usage import Usage

_COUNTED = (
    "deleted", "deleted_models", "files", "runs", "models", "experiments", "contents", "chunks", "packs", "rewritten", "strays", "freed"
)  # fmt: skip


def usage(self: Client, limit: int = 100) -> Usage:
    """Who holds how many bytes, what sharing saved, what lies on the disk and what nothing needs any more.

    Args:
        limit: how many experiments, runs, models, named versions and kinds of files are listed of each, the largest first.
    """
    from runstone.client.numbers import count
    from runstone.operations import usage

    asked = count("limit", limit)
    return self._transport.call(usage.get_usage, usage.GetUsage() if asked is None else usage.GetUsage(asked))


def prune(
    self: Client, keep_deleted: float | timedelta | None = None, progress: Callable[[Pruned], None] | None = None
) -> Pruned:
    """Free what nothing needs any more; what was done comes back. It can be broken off at any time, and goes on when it is called again.

    Args:
        keep_deleted: seconds (or a timedelta) after which deleted runs, models and experiments are removed for good. None: RUNSTONE_KEEP_DELETED's.
        progress: is told what was done so far, after each step.
    """
    from runstone.client.numbers import seconds
    from runstone.operations import pruning

    total, keep = pruning.Pruned(), seconds("keep_deleted", keep_deleted)
    while True:
        step = self._transport.call(pruning.prune, pruning.Prune(keep))
        for name in _COUNTED:
            setattr(total, name, getattr(total, name) + getattr(step, name))
        total.waiting, total.until = step.waiting, step.until
        total.problems = list(dict.fromkeys([*total.problems, *step.problems]))
        if progress is not None:
            progress(total)
        if not step.more:
            return total


def plan_prune(self: Client, keep_deleted: float | timedelta | None = None) -> Plan:
    """What `prune` would do now; nothing is changed."""
    from runstone.client.numbers import seconds
    from runstone.operations import forecast

    return self._transport.call(forecast.plan_prune, forecast.PlanPrune(seconds("keep_deleted", keep_deleted)))


def make_room(address: str) -> int:
    """Free some bytes of a store here that cannot even be opened, for want of room: packs that no file needs. How many were freed."""
    from runstone.operations.relief import make_room

    return 0 if "://" in address and not address.startswith("file://") else make_room(address.removeprefix("file://"))
