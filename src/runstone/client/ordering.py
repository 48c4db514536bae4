"""What a search is ordered by, as it is given to the client's methods."""

from __future__ import annotations

from collections.abc import Iterable

from runstone.errors import InvalidParameter


def clauses(order_by: Iterable[str] | None) -> list[str]:
    """The clauses as a list. Raises InvalidParameter for a text alone, whose letters would be taken for clauses."""
    if isinstance(order_by, str):
        raise InvalidParameter(f"order_by is a list of clauses: write order_by=[{order_by!r}].")
    return list(order_by or ())
