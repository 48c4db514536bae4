"""What was changed of something that has versions, as a table: who, when, from what to what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from runstone.cli.output import moment, show, show_json

Told = Callable[[Any, str], str]
# Who it was, of a change that a server made: it does not know who asks.
UNKNOWN = "unknown"


def show_changes(changes: Sequence[Any], as_json: bool, told: Told) -> None:
    """Print changes of a registered model or a named artifact, in the order in which they were made.

    Args:
        changes: RegistryChanges or ArtifactChanges.
        as_json: whether JSON was asked for.
        told: how a change's old or new value is written, where there was or is one.
    """
    if as_json:
        show_json([change.to_dictionary() for change in changes])
        return
    rows = [
        {
            "time": moment(change.time),
            "user": change.user_id or UNKNOWN,
            "version": change.version if isinstance(change.version, str | None) else f"v{change.version}",
            "change": change.kind,
            "key": change.key,
            "old": None if change.old is None else told(change, change.old) or '""',
            "new": None if change.new is None else told(change, change.new) or '""',
        }
        for change in changes
    ]
    show(rows, False)
