"""The client's methods on the way out: files are taken away. Their bytes are freed by `prune`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations.deleting import Deleted


def delete_artifact(self: Client, run_id: str, path: str) -> Deleted:
    """Delete a file of a run's, or a folder with all that is in it; how many files of how many bytes that were comes back.

    Raises:
        NotFound: there is no such file or folder.
        InvalidParameter: the run is deleted, or the path is not plain.
        Conflict: it still grows (the console of a run under way), or a version of a registered model is made of it.
    """
    from runstone.operations import deleting

    return self._transport.call(deleting.delete_artifact, deleting.DeleteArtifact(run_id, path))


def delete_logged_model_artifact(self: Client, model_id: str, path: str) -> Deleted:
    """Delete a file of a logged model's, or a folder with all that is in it. See `delete_artifact`."""
    from runstone.operations import deleting

    return self._transport.call(deleting.delete_artifact, deleting.DeleteArtifact(None, path, model_id))
