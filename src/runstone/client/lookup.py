"""The client's method that goes from a part of a name to what bears it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations import lookup


def look_up(self: Client, text: str, limit: int = 8) -> list[lookup.Named]:
    """Experiments, registered models, runs and logged models with `text` in their names, whatever the size of its letters; the newest first.

    Args:
        text: a part of a name, or the first six characters (or more) of a run's id.
        limit: at most so many of each kind, up to 50.

    Raises:
        InvalidParameter: for a text of more than 500 characters, or another limit.
    """
    from runstone.operations import lookup

    return self._transport.call(lookup.look_up, lookup.LookUp(text, limit)).found
