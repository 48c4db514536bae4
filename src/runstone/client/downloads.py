"""The client's methods that give a run's files back: read, stream, download. Every byte that comes out is checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from runstone.entities import FileInfo
from runstone.errors import NotFound, WrongAnswer
from runstone.operations import artifacts, growing, rules

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.client.opening import ArtifactFile

_Answer = TypeVar("_Answer", artifacts.Tree, artifacts.SmallTree)


def read_artifact(self: Client, run_id: str, path: str) -> bytes:
    """A file's bytes, checked; of one that still grows, those there are now. Raises NotFound, CorruptData."""
    return b"".join(self.stream_artifact(run_id, path))


def stream_artifact(self: Client, run_id: str, path: str) -> Iterator[bytes]:
    """A file's bytes in pieces, each checked before it is given. Raises NotFound, CorruptData (where the damage is, not before)."""
    for file in tree(self, run_id, rules.check_path(path)):
        if file.path == path:
            return _chunks(self, run_id, file)
    raise NotFound(
        f"{path!r} is a folder of run {run_id}, not a file. `runstone artifacts ls` and list_artifacts say what is in it."
    )


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
    self: Client,
    run_id: str,
    path: str,
    dst_path: str | None = None,
    *,
    progress: Callable[[int], None] | None = None,
    include: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
) -> str:
    """Fetch a file or folder ('' for all) into a folder, under its own last name; the local path comes back.

    A file replaces what is under its name at once, when it is whole and checked; one that is there already as it should be is left.
    Nothing is written outside the folder, nor through a link in it. What is broken off goes on, called again, where it was.

    Args:
        run_id: the run.
        path: the file or folder among the run's files.
        dst_path: the folder to put it in, made when missing; a new temporary one unless given. What comes from the cache into a
            temporary one may be a read-only link to the cached file (docs/artifacts.md, "The cache").
        progress: is told the bytes of each piece that is there, in place of the bar that a terminal shows after a second.
        include: patterns, as in a .gitignore, of the files below `path` that are wanted; all unless given.
        exclude: and of those that are not.

    Raises:
        NotFound: there is nothing of that path, or nothing that the patterns mean.
        CorruptData: a file is not as it was stored; what was fetched before it stays.
    """
    from runstone.client import fetching

    return fetching.fetch(self, run_id, path, dst_path, progress, include, exclude).path


def small_tree(
    self: Client, run_id: str, path: str, most: int, without: Collection[str] = (), *, active: bool = False
) -> list[tuple[FileInfo, bytes | None]] | None:
    """All files at and below a path with their bytes, checked, in one question; None where they are too many or too large together, still
    grow, or have no digests.

    Args:
        run_id: the run's id, or a logged model's.
        path: '' is all.
        most: bytes that they may have together.
        without: the files, by their paths below `path`, that are told of without their bytes (`read_whole` reads them).
        active: whether the owner may not be deleted.

    Raises:
        NotFound: there is nothing of that path.
        CorruptData: a file is not as it was stored.
    """
    if not has_digests(self):
        return None

    def ask(owner: str, inner: str) -> artifacts.SmallTree:
        asked = artifacts.SmallTreeOf(owner, inner, most, list(without), active)
        return self._transport.call(artifacts.get_small_tree, asked)

    found, files = _meant(self, run_id, rules.check_path(path) if path else path, ask)
    if found.contents is None:
        return None
    start = len(path) + 1 if path else 0
    wanted = [file for file in files if file.path[start:] not in without]
    contents = iter(_wholes(self, run_id, wanted, found.contents))
    return [(file, next(contents) if file.path[start:] not in without else None) for file in files]


def read_whole(self: Client, run_id: str, files: Sequence[FileInfo]) -> list[bytes]:
    """The bytes of files that have digests, checked, fetched as one. Raises CorruptData."""
    asked = artifacts.GetContents([file.digest or "" for file in files])
    return _wholes(self, run_id, files, self._transport.call(artifacts.get_contents, asked).contents)


def _wholes(self: Client, run_id: str, files: Sequence[FileInfo], contents: Sequence[artifacts.Content]) -> list[bytes]:
    if len(files) != len(contents):
        raise WrongAnswer(f"{self.tracking_uri} was asked for {len(files)} contents and tells of {len(contents)}.")
    asked = [
        (content.chunks, file.digest or "", f"{file.path!r} of {run_id}")
        for content, file in zip(contents, files, strict=True)
    ]
    return [b"".join(pieces) for pieces in self._repository.read_all(asked, again=partial(chunks_now, self))]


def has_digests(self: Client) -> bool:
    """Whether the store says what its files' digests are; an MLflow server does not."""
    if not self._is_server:
        return True
    from runstone.transport.stock_files import StockFiles

    return not isinstance(self._repository, StockFiles)


def tree(self: Client, run_id: str, path: str) -> list[FileInfo]:
    """A run's files at and below a path; or those of the model that the run logged under that name. Raises NotFound."""
    return _meant(
        self,
        run_id,
        path,
        lambda owner, inner: self._transport.call(artifacts.get_tree, artifacts.TreeOf(owner, inner)),
    )[1]


def _meant(self: Client, run_id: str, path: str, ask: Callable[[str, str], _Answer]) -> tuple[_Answer, list[FileInfo]]:
    """The answer about an owner's files, and they by their paths there: those of the run, or else of the model that it logged under that name."""
    try:
        found = ask(run_id, path)
    except NotFound:
        from runstone.client import run_models

        model = run_models.model_at(self, run_id, path) if path else None
        if model is None:
            raise
        found = ask(model.model_id, model.path)
        return found, [run_models.under(model, file) for file in found.files]
    return found, found.files


def _chunks(self: Client, run_id: str, file: FileInfo) -> Iterator[bytes]:
    if file.digest is None:
        return grown(self, run_id, file)
    content = self._transport.call(artifacts.get_content, artifacts.GetContent(file.digest))
    what, again = f"{file.path!r} of run {run_id}", partial(chunks_now, self)
    return self._repository.read(content.chunks, file.digest, what, again=again)


def chunks_now(self: Client, digests: list[str]) -> list[artifacts.PlacedChunk]:
    """Where these chunks are by now: what is pruned while it is read lies elsewhere then."""
    return self._transport.call(artifacts.locate_chunks, artifacts.ChunkNames(digests)).chunks


def grown(self: Client, run_id: str, file: FileInfo) -> Iterator[bytes]:
    """The bytes of a file that still grows, as far as it goes by what was said of it."""
    offset = 0
    while offset < (file.file_size or 0):  # no further: whoever writes it may be faster than we are
        request = growing.ReadGrowing(run_id, file.path, offset, (file.file_size or 0) - offset)
        try:
            data = self._transport.call(growing.read_growing, request).data
        except NotFound:
            # Kept for good meanwhile: what is left to read is in the store.
            whole = tree(self, run_id, file.path)[0]
            data = b"" if whole.digest is None else b"".join(_chunks(self, run_id, whole))[offset : file.file_size]
        if not data:
            return
        yield data
        offset += len(data)
