"""The client's method on how things came from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities.artifact_versions import Lineage


def lineage(self: Client, of: str, depth: int = 3, direction: str = "both", max_nodes: int = 1_000) -> Lineage:
    """Where something came from and what became of it: a graph of runs, versions of named artifacts, models and datasets.

    Args:
        of: a run's id, a version (NAME:vN, NAME:ALIAS, ...), a logged model's id; or a node's id as the graph has it: run/ID,
            artifact/NAME:vN, model/ID, registered/NAME/N, dataset/NAME@DIGEST.
        depth: how many steps to go, from it on.
        direction: 'up' for what it came from, 'down' for what came from it, or 'both'.
        max_nodes: so many at the most; `truncated` says that there are more.
    """
    from runstone.operations import lineage as operations

    return self._transport.call(operations.get_lineage, operations.GetLineage(of, depth, direction, max_nodes))
