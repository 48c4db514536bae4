"""Files of the active run are taken away."""

from __future__ import annotations

from runstone.fluent.session import target


def delete_artifact(path: str, run_id: str | None = None) -> None:
    """Delete a file of the active run, or a folder with all that is in it. Its bytes are freed by `runstone prune`.

    Args:
        path: where it is among the run's artifacts.
        run_id: another run than the active one.

    Raises:
        NotFound: there is no such file or folder.
        Conflict: it still grows, or a version of a registered model is made of it.
    """
    store, chosen = target(run_id)
    store.delete_artifact(chosen, path)
