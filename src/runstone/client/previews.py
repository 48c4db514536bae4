"""The client's methods on what is in a file, and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations import previews


def preview_artifact(
    self: Client, run_id: str, path: str, offset: int = 0, limit: int = 100
) -> previews.ArtifactPreview:
    """What is in a file of a run or a logged model, as the page shows it: facts, tables, what loading it would import. Nothing of it is run.

    Args:
        run_id: the run's or the logged model's id.
        path: the file's path there.
        offset: of a file of rows (CSV, TSV, JSON lines, Parquet, Arrow), the first row that is wanted.
        limit: rows, up to 1,000.

    Raises:
        NotFound: there is no such file.
        InvalidParameter: it is a folder.
    """
    from runstone.operations import previews

    return self._transport.call(previews.preview_artifact, previews.PreviewArtifact(run_id, path, offset, limit))


def get_stored_size(self: Client, run_id: str, path: str) -> int | None:
    """Bytes that a file of a run or a logged model takes in the store, compressed; other files may share them. None of one that still grows,
    or lies as a plain file where an operator wants it."""
    from runstone.operations import previews

    return self._transport.call(previews.get_stored_size, previews.FileOf(run_id, path)).stored
