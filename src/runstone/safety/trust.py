"""Who vouches for a saved model, and what may be read of it because of that."""

from __future__ import annotations

from collections.abc import Iterable


class Trust:
    """Asked by a flavor before it reads what can run code.

    Args:
        what: the model, as an error names it.
        vouched: whether its bytes are what this store was given, by their digests; else they are somebody else's.
    """

    def __init__(self, what: str, vouched: bool) -> None:
        self.what, self.vouched = what, vouched

    def pickle(self, path: str) -> None:
        """Let a pickle file (any protocol; joblib's, torch's zip) be read. Raises Forbidden, which names what it would import."""

    def types(self, names: Iterable[str], path: str) -> None:
        """Let objects of these types ("module.Name"), which a file names, be made. Raises Forbidden."""

    def code(self, path: str) -> None:
        """Let Python code that came with the model be run. Raises Forbidden."""
