"""The client's methods that give a run's files back: read, stream, download. Every byte that comes out is checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from runstone.entities import FileInfo
from runstone.errors import NotFound, WrongFileKind, from_os_error
from runstone.operations import artifacts, growing, rules

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.client.opening import ArtifactFile


def read_artifact(self: Client, run_id: str, path: str) -> bytes:
    """A file's bytes, checked; of one that still grows, those there are now. Raises NotFound, CorruptData."""
    return b"".join(self.stream_artifact(run_id, path))


def stream_artifact(self: Client, run_id: str, path: str) -> Iterator[bytes]:
    """A file's bytes in pieces, each checked before it is given. Raises NotFound, CorruptData (where the damage is, not before)."""
    for file in _tree(self, run_id, rules.check_path(path)):
        if file.path == path:
            return _chunks(self, run_id, file)
    raise NotFound(f"{path!r} is a folder of run {run_id}, not a file. list_artifacts says what is in it.")


def open_artifact(self: Client, run_id: Any, path: str | None = None) -> ArtifactFile:
    """Open a file of a run's for reading: a binary, seekable file object. Only the chunks that are touched are fetched; each is checked.

    Args:
        run_id: the run's id, or a Run; or a URI, runs:/RUN/PATH or a run's artifact_uri with a path behind it.
        path: the file among the run's files; not with a URI that names it.

    Raises:
        NotFound: there is no such file, or it is a folder.
        InvalidParameter: the path is not plain, or none is given.
        CorruptData: (while it is read) a chunk is not as it was stored.
    """
    from runstone.client import opening

    return opening.open_file(self, run_id, path)


def download_artifacts(
    self: Client, run_id: str, path: str, dst_path: str | None = None, progress: Callable[[int], None] | None = None
) -> str:
    """Fetch a file or folder ('' for all) into a folder, under its own last name; the local path comes back.

    The folder is made when missing; without one, it is a new temporary one.

    A file replaces what is under its name at once, when it is whole and checked. Nothing is written outside the folder, nor through
    a link in it. `progress` is told the bytes of each piece that is written.
    """
    if path:
        rules.check_path(path)
    from runstone.repository.destination import Destination

    files = _tree(self, run_id, path)
    if dst_path is None:
        import tempfile

        dst_path = tempfile.mkdtemp(prefix="runstone-")
    else:
        try:
            os.makedirs(dst_path, exist_ok=True)
        except FileExistsError as error:
            raise WrongFileKind(f"{dst_path!r} is a file; a folder is needed to download to.", dst_path) from error
        except OSError as error:
            raise from_os_error(error, f"Making the folder {dst_path!r} to download to") from error
    above = path.rpartition("/")[0]
    with Destination(dst_path) as destination:
        for file, content in _contents(self, run_id, files):
            # The store may be somebody else's: what it says a path is, is checked again.
            name = rules.check_path(file.path)[len(above) + 1 if above else 0 :]
            destination.put(name, content if progress is None else _counted(content, progress))
    return os.path.join(os.path.abspath(dst_path), path.rpartition("/")[2])


def _contents(self: Client, run_id: str, files: list[FileInfo]) -> Iterator[tuple[FileInfo, Iterator[bytes]]]:
    """Files with their bytes, which are to be read before the next file is asked for."""
    for start in range(0, len(files), artifacts.MOST_CONTENTS):
        some = files[start : start + artifacts.MOST_CONTENTS]
        digests = [file.digest for file in some if file.digest is not None]
        found = self._transport.call(artifacts.get_contents, artifacts.GetContents(digests)).contents
        named = (f"{file.path!r} of run {run_id}" for file in some if file.digest is not None)
        asked = [(one.chunks, name, what) for one, name, what in zip(found, digests, named, strict=True)]
        read = self._repository.read_all(asked, again=partial(chunks_now, self))
        for file in some:
            yield file, _grown(self, run_id, file) if file.digest is None else next(read)


def _counted(content: Iterator[bytes], progress: Callable[[int], None]) -> Iterator[bytes]:
    for data in content:
        yield data
        progress(len(data))


def _tree(self: Client, run_id: str, path: str) -> list[FileInfo]:
    return self._transport.call(artifacts.get_tree, artifacts.TreeOf(run_id, path)).files


def _chunks(self: Client, run_id: str, file: FileInfo) -> Iterator[bytes]:
    if file.digest is None:
        return _grown(self, run_id, file)
    content = self._transport.call(artifacts.get_content, artifacts.GetContent(file.digest))
    what, again = f"{file.path!r} of run {run_id}", partial(chunks_now, self)
    return self._repository.read(content.chunks, file.digest, what, again=again)


def chunks_now(self: Client, digests: list[str]) -> list[artifacts.PlacedChunk]:
    """Where these chunks are by now: what is pruned while it is read lies elsewhere then."""
    return self._transport.call(artifacts.locate_chunks, artifacts.ChunkNames(digests)).chunks


def _grown(self: Client, run_id: str, file: FileInfo) -> Iterator[bytes]:
    offset = 0
    while offset < (file.file_size or 0):  # no further: whoever writes it may be faster than we are
        request = growing.ReadGrowing(run_id, file.path, offset, (file.file_size or 0) - offset)
        try:
            data = self._transport.call(growing.read_growing, request).data
        except NotFound:
            # Kept for good meanwhile: what is left to read is in the store.
            whole = _tree(self, run_id, file.path)[0]
            data = b"" if whole.digest is None else b"".join(_chunks(self, run_id, whole))[offset : file.file_size]
        if not data:
            return
        yield data
        offset += len(data)
