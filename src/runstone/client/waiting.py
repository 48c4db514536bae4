"""What MLflow's asynchronous calls return. Knows nothing of what was logged."""

from __future__ import annotations

# What `runstone.config.enable_async_logging` says: calls that do not say `synchronous` themselves hand out something to wait for.
asynchronous = False


class RunOperations:
    """Something to wait for. Here all is done before it is handed out: what runstone acknowledged is already kept."""

    def __init__(self, operation_futures: object = ()) -> None:
        self._operation_futures = operation_futures

    @classmethod
    def where(cls, synchronous: bool | None) -> RunOperations | None:
        """One for callers who said `synchronous=False` or switched to it for all calls, None for the others, as in MLflow."""
        return cls() if not synchronous and (synchronous is False or asynchronous) else None

    def wait(self) -> None:
        """Return at once."""
