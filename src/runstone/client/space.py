"""The client's methods on a store's space: who holds it, and what gives it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations.usage import Usage


def usage(self: Client, limit: int = 100) -> Usage:
    """Who holds how many bytes, what sharing saved, what lies on the disk and what nothing needs any more.

    Args:
        limit: how many experiments, runs, models, named versions and kinds of files are listed of each, the largest first.
    """
    from runstone.operations import usage

    return self._transport.call(usage.get_usage, usage.GetUsage(limit))
