"""A version of a named artifact as people hold it: what is known of it, and its files."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from runstone.entities import FileInfo
from runstone.errors import InvalidParameter, NotFound
from runstone.operations import rules

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.client.fetching import Fetched
    from runstone.client.opening import ArtifactFile
    from runstone.entities.artifact_versions import ArtifactVersionInfo


class ArtifactVersion:
    """A version of a named artifact. Its files never change; its labels are those of when it was asked for.

    Attributes:
        info: all that is known of it.
    """

    def __init__(self, client: Client, info: ArtifactVersionInfo) -> None:
        self._client, self.info = client, info
        self._files: list[FileInfo] | None = None

    def __repr__(self) -> str:
        return f"<ArtifactVersion {self.reference}, {self.info.file_count} files, {self.info.size} bytes>"

    @property
    def name(self) -> str:
        """What it is a version of."""
        return self.info.name

    @property
    def version(self) -> str:
        """Its number, v0 for the first."""
        return f"v{self.info.version}"

    @property
    def reference(self) -> str:
        """NAME:vN, by which it is asked for."""
        return self.info.reference

    @property
    def digest(self) -> str:
        """What names its bytes: two versions of one name never have the same."""
        return self.info.digest

    @property
    def aliases(self) -> list[str]:
        """What else it is called."""
        return self.info.aliases

    @property
    def tags(self) -> dict[str, str]:
        """Key to value."""
        return self.info.tags

    @property
    def description(self) -> str | None:
        """What somebody said of it."""
        return self.info.description

    @property
    def files(self) -> list[FileInfo]:
        """Its files, by path, with their sizes and digests."""
        if self._files is None:
            from runstone.operations import artifact_versions

            request = artifact_versions.ArtifactVersionOf(self.reference)
            self._files = self._client._transport.call(artifact_versions.list_artifact_version_files, request).files
        return self._files

    def download(self, dst_path: str | None = None, progress: Callable[[int], None] | None = None) -> str:
        """Fetch its files into a folder (a new temporary one unless given), every byte checked; the local path comes back: the file's where
        the version is a file, else the folder's."""
        return self.fetch(dst_path, progress).path

    def fetch(
        self,
        dst_path: str | None,
        progress: Callable[[int], None] | None = None,
        ask: Callable[[list[str]], None] | None = None,
    ) -> Fetched:
        """What `download` does; what became of it comes back. `ask` is `fetch_files`'s."""
        from runstone.client.fetching import Wanted, fetch_files

        wanted = [Wanted(file, rules.check_path(file.path)) for file in self.files]
        fetched = fetch_files(self._client, wanted, self.reference, dst_path, progress, ask=ask)
        return fetched._replace(path=os.path.join(fetched.path, wanted[0].name)) if self._is_file else fetched

    def open(self, path: str | None = None) -> ArtifactFile:
        """A file of it, open for reading: seekable, and only the chunks that are touched are fetched. `path` may be left out of the only one."""
        from runstone.client import opening

        file = self._one(path)
        return opening.open_content(self._client, str(file.digest), file.file_size or 0, file.path, self.reference)

    def read(self, path: str | None = None) -> bytes:
        """A file's bytes, checked."""
        with self.open(path) as file:
            return file.read()

    @property
    def _is_file(self) -> bool:
        return len(self.files) == 1 and not self.digest.startswith("blake3-tree:")

    def _one(self, path: str | None) -> FileInfo:
        if path is None and len(self.files) == 1:
            return self.files[0]
        if path is None:
            raise InvalidParameter(f"{self.reference} has {len(self.files)} files: say which, by its path.")
        for file in self.files:
            if file.path == path:
                return file
        raise NotFound(f"No file {path!r} in {self.reference}; `files` lists what there is.")
