"""A run's files on their way to a folder here: several at once, from the cache where they are in it, and gone on with where they were."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, nullcontext
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from runstone import settings
from runstone.client.downloads import chunks_now, grown, has_digests, tree
from runstone.client.progress import shown
from runstone.connection import with_our_patience
from runstone.entities import FileInfo
from runstone.errors import NotFound, WrongFileKind, from_os_error
from runstone.operations import artifacts, rules
from runstone.operations.patterns import chooser
from runstone.repository.cache import LEAST_CACHED, Cache, Kept
from runstone.repository.chunks import digest_of
from runstone.repository.destination import Destination
from runstone.repository.resumed import complete

if TYPE_CHECKING:
    from runstone.client import Client

# Files, or groups of small ones, that are fetched side by side. A server is asked for four pieces of each at once already.
_HERE, _FROM_SERVER = 4, 2
# Small files that are fetched as one: so many, or so many bytes.
_GROUP, _GROUP_SIZE = 100, 8 * 1024 * 1024


class Fetched(NamedTuple):
    """What became of a download: where it is, how many files, and of their bytes how many came from the store and from the cache, how
    many had arrived before it was broken off, and how many were there already."""

    path: str
    files: int
    store: int
    cache: int
    resumed: int
    present: int


class Wanted(NamedTuple):
    """A file that is to be fetched, and the name that it gets: a plain path below the folder."""

    info: FileInfo
    name: str


class _File(NamedTuple):
    info: FileInfo
    name: str
    chunks: list[artifacts.PlacedChunk]
    what: str


def fetch(
    self: Client,
    run_id: str,
    path: str,
    dst_path: str | None,
    progress: Callable[[int], None] | None = None,
    include: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    bare: bool = False,
) -> Fetched:
    """What `download_artifacts` does; what became of it comes back. `bare`: what is in a folder, without the folder's name."""
    files = wanted(self, run_id, path, include, exclude)
    if bare and path:
        files = [file._replace(name=file.info.path[len(path) + 1 :]) for file in files]
    fetched = fetch_files(self, files, f"run {run_id}", dst_path, progress, run_id)
    if bare:
        return fetched
    return fetched._replace(path=os.path.join(fetched.path, path.rpartition("/")[2])) if path else fetched


def wanted(
    self: Client, run_id: str, path: str, include: Sequence[str] | None = None, exclude: Sequence[str] | None = None
) -> list[Wanted]:
    """A run's files at and below a path ('' for all) that the patterns let through. Raises NotFound where there are none."""
    if path:
        rules.check_path(path)
    above = len(path.rpartition("/")[0]) + 1 if "/" in path else 0
    files = _chosen(tree(self, run_id, path), path, chooser(include, exclude))
    if not files and (include is not None or exclude is not None):
        raise NotFound(
            f"No artifact of run {run_id}{f' below {path!r}' if path else ''} is meant by include={include!r:.200}, exclude={exclude!r:.200}. "
            f"`runstone artifacts ls {run_id}` lists what there is."
        )
    # The store may be somebody else's: what it says a path is, is checked again.
    return [Wanted(file, rules.check_path(file.path)[above:]) for file in files]


def fetch_files(
    self: Client,
    files: list[Wanted],
    whose: str,
    dst_path: str | None,
    progress: Callable[[int], None] | None = None,
    run_id: str = "",
    ask: Callable[[list[str]], None] | None = None,
) -> Fetched:
    """Fetch files into a folder (None: a new temporary one), whose path comes back.

    Args:
        files: which.
        whose: they are, for errors.
        dst_path: the folder.
        progress: is told the bytes that are there, in place of a bar.
        run_id: the run, where they are a run's.
        ask: is told, before anything is written, the paths of files here that hold something else than would be written, and raises
            unless they are to be replaced. Without it they are.
    """
    folder = _folder(dst_path)
    download = _Download(self, run_id, whose, folder, dst_path is None)
    try:
        left = files
        if ask is not None:
            with shown("comparing", _size_of(files)) as download.told:
                left, others = download.compare(files)
            if others:
                ask(others)
            download.spare(not others)
        bar = shown("fetching", _size_of(left))
        with bar if progress is None else nullcontext(progress) as download.told:
            download.run(_located(self, whose, left))
    finally:
        download.close()
    return Fetched(os.path.abspath(folder), len(files), **download.counts)


def _size_of(files: list[Wanted]) -> Callable[[], int]:
    return lambda: sum(file.info.file_size or 0 for file in files)


def _chosen(files: list[FileInfo], path: str, wanted: Callable[[str], bool]) -> list[FileInfo]:
    below = len(path) + 1 if path else 0
    return [file for file in files if wanted(file.path[below:] or file.path.rpartition("/")[2])]


def _folder(dst_path: str | None) -> str:
    if dst_path is None:
        import tempfile

        return tempfile.mkdtemp(prefix="runstone-")
    try:
        os.makedirs(dst_path, exist_ok=True)
    except FileExistsError as error:
        raise WrongFileKind(f"{dst_path!r} is a file; a folder is needed to download to.", dst_path) from error
    except OSError as error:
        raise from_os_error(error, f"Making the folder {dst_path!r} to download to") from error
    return dst_path


def _located(self: Client, whose: str, files: list[Wanted]) -> Iterator[_File]:
    """Files, by some hundreds, with where their chunks are."""
    for start in range(0, len(files), artifacts.MOST_CONTENTS):
        some = files[start : start + artifacts.MOST_CONTENTS]
        digests = [file.info.digest for file in some if file.info.digest is not None]
        found = iter(self._transport.call(artifacts.get_contents, artifacts.GetContents(digests)).contents)
        for file, name in some:
            chunks = [] if file.digest is None else next(found).chunks
            yield _File(file, name, chunks, f"{file.path!r} of {whose}")


class _Download:
    """Threads that fetch into one folder, and what they have fetched."""

    told: Callable[[int], None]

    def __init__(self, client: Client, run_id: str, whose: str, folder: str, temporary: bool) -> None:
        self.client, self._run_id, self._whose = client, run_id, whose
        self.counts = {"store": 0, "cache": 0, "resumed": 0, "present": 0}
        self._temporary, self._guard = temporary, threading.Lock()
        self._first = Destination(folder)
        self._all, self._own = [self._first], threading.local()
        self._repository, self._again = client._repository, partial(chunks_now, client)
        self._has_digests = has_digests(client)
        self._cache = _cache_of(client) if self._has_digests else None
        self._link = settings.CACHE_LINKS.read() in ("always", "temporary" if temporary else "always")
        # A file that is written to a folder of the user's and to the cache is written twice, one after the other.
        self._fills = self._cache is not None and (
            temporary or self._link or settings.CACHE.read() == "always" or self._cache.is_free_for(folder)
        )
        self._kept = self._stopped = False

    def compare(self, files: list[Wanted]) -> tuple[list[Wanted], list[str]]:
        """Which files are still to be fetched; and the paths here where something else lies than would be written."""
        left, others = [], []
        for file in files:
            if not self._first.is_taken(file.name):
                left.append(file)
            elif not self._is_present(self._first, file):
                left.append(file)
                others.append(os.path.join(self._first.folder, file.name))
        return left, others

    def spare(self, others: bool) -> None:
        """Whether files that somebody else puts here from now on are left as they are."""
        self._first.spares = others

    def run(self, files: Iterator[_File]) -> None:
        """Fetch them. The first error is raised when what is under way has ended."""
        workers = _FROM_SERVER if self.client._is_server else _HERE
        jobs = self._jobs(files)
        first, second = next(jobs, None), next(jobs, None)
        if first is None:
            return
        if second is None:
            first()
            return
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(workers, "runstone-download") as pool:
            try:
                for job in (first, second):
                    running.add(pool.submit(with_our_patience(job)))
                for job in jobs:
                    if len(running) > 2 * workers:
                        running = self._ended(running)
                    running.add(pool.submit(with_our_patience(job)))
                while running:
                    running = self._ended(running)
            except BaseException:
                self._stopped = True
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def close(self) -> None:
        """Let go of the folder; the cache is made as small as it may be."""
        for destination in self._all:
            destination.close()
        if self._kept and self._cache is not None:
            self._cache.trim()

    @staticmethod
    def _ended(running: set[Future[None]]) -> set[Future[None]]:
        done, rest = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
        return rest

    def _jobs(self, files: Iterator[_File]) -> Iterator[Callable[[], None]]:
        group: list[_File] = []
        size = 0
        for file in files:
            if file.info.digest is None or not self._has_digests:
                yield partial(self._fetch_plain, file)
            elif (file.info.file_size or 0) >= LEAST_CACHED:
                yield partial(self._fetch_large, file)
            else:
                group.append(file)
                size += file.info.file_size or 0
                if len(group) == _GROUP or size > _GROUP_SIZE:
                    yield partial(self._fetch_small, group)
                    group, size = [], 0
        if group:
            yield partial(self._fetch_small, group)

    def _fetch_plain(self, file: _File) -> None:
        """One without a digest: it still grows, or its server has none."""
        self._into().put(file.name, self._counted(self._read_plain(file)))

    def _read_plain(self, file: _File) -> Iterator[bytes]:
        if file.info.digest is None:
            return grown(self.client, self._run_id, file.info)
        return self._repository.read(file.chunks, file.info.digest, file.what)

    def _fetch_small(self, files: list[_File]) -> None:
        destination = self._into()
        left = [file for file in files if not self._is_present(destination, file)]
        asked = [(file.chunks, file.info.digest or "", file.what) for file in left]
        contents = self._repository.read_all(asked, again=self._again)
        for file, content in zip(left, contents, strict=True):
            destination.put(file.name, self._counted(content))
            if file.info.executable:
                destination.make_executable(file.name)

    def _fetch_large(self, file: _File) -> None:
        self._put_large(file)
        if file.info.executable:
            self._into().make_executable(file.name)

    def _put_large(self, file: _File) -> None:
        whole, size = file.info.digest or "", file.info.file_size or 0
        destination = self._into()
        if self._is_present(destination, file):
            return
        cache = self._cache if self._cache is not None and self._cache.takes(whole, size) else None
        if cache is not None and (kept := cache.find(whole, size)) is not None and self._copied(file, kept):
            self._count("cache", size)
            self._tell(size)
            return
        if cache is not None and self._fills and (kept := cache.fetch(whole, size, partial(self._fill, file))):
            self._kept = True
            if self._copied(file, kept):
                return
        destination.put_resumed(file.name, whole, partial(self._fill, file))

    def _copied(self, file: _File, kept: Kept) -> bool:
        """Have a file of the cache's; False where it was written meanwhile."""
        # A second name of it has its mode too, which is not to be changed in the cache.
        name = kept.path if self._link and not file.info.executable else None
        with closing(kept):
            return self._into().put_copy(file.name, kept.descriptor, name, kept.is_as_it_was)

    def _fill(self, file: _File, descriptor: int) -> None:
        arrived = complete(
            descriptor, self._repository, file.chunks, file.info.digest or "", file.what, self._tell, self._again
        )
        self._count("resumed", arrived)
        self._count("store", (file.info.file_size or 0) - arrived)

    def _is_present(self, destination: Destination, file: Wanted | _File) -> bool:
        size = file.info.file_size or 0
        if self._temporary or not destination.holds(file.name, partial(self._digest_of, file.info), size):
            return False
        if file.info.executable:
            destination.make_executable(file.name)
        self._count("present", size)
        self._tell(size)
        return True

    def _digest_of(self, file: FileInfo) -> str:
        if file.digest is not None and self._has_digests:
            return file.digest
        (located,) = _located(self.client, self._whose, [Wanted(file, file.path)])
        return digest_of(self._read_plain(located))

    def _counted(self, content: Iterator[bytes]) -> Iterator[bytes]:
        for data in content:
            yield data
            self._count("store", len(data))
            self._tell(len(data))

    def _count(self, source: str, size: int) -> None:
        with self._guard:
            self.counts[source] += size

    def _tell(self, size: int) -> None:
        with self._guard:
            if self._stopped:
                raise _StoppedError
            self.told(size)

    def _into(self) -> Destination:
        """This thread's way into the folder."""
        own: Destination | None = getattr(self._own, "destination", None)
        if own is None:
            own = self._own.destination = Destination(self._first.folder, self._first)
            with self._guard:
                self._all.append(own)
        return own


class _StoppedError(Exception):
    """Another file of the same download could not be fetched, or the user has had enough."""


def _cache_of(client: Client) -> Cache | None:
    used, limit = settings.CACHE.read(), settings.CACHE_SIZE.read()
    if not limit or used == "never" or (used == "servers" and not client._is_server):
        return None
    return Cache(settings.cache_folder(), limit)
