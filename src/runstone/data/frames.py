"""What the datasets that are tables have in common: a look at their columns' names, a warning about values without a digest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runstone.data.digest import Digest
from runstone.errors import InvalidParameter
from runstone.warning import warn


def check_column(columns: Iterable[Any], role: str, name: Any) -> None:
    """Raise InvalidParameter where `name` is given and no column has it."""
    names = list(columns)
    if name is not None and name not in names:
        shown = ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")
        raise InvalidParameter(f"The data have no column {name!r} for {role}; they have {shown or 'none'}.")


def warn_unseen(digest: Digest) -> None:
    """Warn where the data hold objects whose values nobody can see, so that a change of them would go unseen."""
    if digest.unseen:
        warn(
            f"Objects of {', '.join(sorted(digest.unseen))} count in the dataset's digest by their type only, not by what they hold. "
            "Give digest=... where that matters."
        )
