"""Plain files in a bucket: S3 and its like, Google's, Azure's; through obstore, which nothing else here imports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from runstone import settings
from runstone.errors import CorruptData, InvalidParameter, RunstoneError, StorageError
from runstone.repository.plain import PIECE, PlainFile

# A part of an upload in parts, of which S3 takes 10,000: files of up to 150 GiB. The last one is sent when all came.
_PART = 16 * 1024 * 1024
_AT_ONCE = 3


class BucketPlain:
    """A bucket, or what lies below a path in it. Credentials and endpoints come from the environment, as for each provider's own tools.

    Args:
        uri: s3://bucket/path, gs://..., az://...
    """

    def __init__(self, uri: str) -> None:
        try:
            import obstore
            from obstore.exceptions import BaseError
            from obstore.store import from_url
        except ImportError as error:
            raise InvalidParameter(
                f"{uri!r} is a bucket, which needs obstore: `pip install 'runstone[cloud]'`."
            ) from error
        self._obstore, self._error, self._uri = obstore, BaseError, uri
        endpoint = settings.S3_ENDPOINT.read()
        options: dict[str, Any] = {}
        if endpoint and uri.startswith("s3:"):
            options = {"endpoint": endpoint, "client_options": {"allow_http": endpoint.startswith("http:")}}
        try:
            self._store: Any = from_url(uri, **options)
        except (BaseError, ValueError) as error:
            raise InvalidParameter(f"The bucket {uri!r} cannot be opened: {error}.") from error

    def put(self, path: str, content: Iterable[bytes]) -> None:
        """Send it; in parts when it is long, which are one object only when the last has come."""
        # A bucket would take a file and a folder of one name.
        self._refuse_both(path)
        pieces = _Pieces(content)
        try:
            self._obstore.put(self._store, path, pieces, chunk_size=_PART, max_concurrency=_AT_ONCE)
        except self._error as error:
            raise pieces.failure or self._failed(f"Writing {path!r}", error) from error
        except Exception:
            if pieces.failure is not None:
                raise pieces.failure from None
            raise

    def open(self, path: str) -> _Reader | None:
        """The object of that name."""
        file = self._stat(path)
        return None if file is None else _Reader(file, self._get)

    def below(self, folder: str) -> list[PlainFile]:
        """All objects at and below a path."""
        one = self._stat(folder) if folder else None
        found = [one] if one is not None else []
        try:
            for page in self._obstore.list(self._store, folder or None):
                found += [_file(meta) for meta in page if meta["path"] != folder]
        except (self._error, FileNotFoundError) as error:
            raise self._failed(f"Listing {folder!r}", error) from error
        return sorted(found)

    def delete(self, path: str) -> None:
        """Take it away."""
        names = [file.path for file in self.below(path)]
        try:
            for start in range(0, len(names), 1_000):
                self._obstore.delete(self._store, names[start : start + 1_000])
        except FileNotFoundError:
            return
        except self._error as error:
            raise self._failed(f"Deleting {path!r}", error) from error

    def _stat(self, path: str) -> PlainFile | None:
        try:
            return _file(self._obstore.head(self._store, path))
        except FileNotFoundError:
            return None
        except self._error as error:
            raise self._failed(f"Looking for {path!r}", error) from error

    def _get(self, file: PlainFile, start: int, stop: int) -> Iterator[bytes]:
        path = file.path
        try:
            answer = self._obstore.get(self._store, path, options={"range": (start, stop)})
            if _file(answer.meta).version != file.version:
                raise self._changed(path)
            for data in answer.stream(min_chunk_size=PIECE):
                start += len(data)
                yield bytes(data)
        except FileNotFoundError as error:
            raise CorruptData(f"{path!r} is gone from {self._uri}.") from error
        except self._error as error:
            raise self._failed(f"Reading {path!r}", error) from error
        if start != stop:
            raise self._changed(path)

    def _changed(self, path: str) -> CorruptData:
        return CorruptData(f"{path!r} in {self._uri} was changed while it was read. Read it again.")

    def _refuse_both(self, path: str) -> None:
        parts = path.split("/")
        above = next(
            (place for end in range(1, len(parts)) if self._stat(place := "/".join(parts[:end])) is not None), None
        )
        if above is not None or next(iter(self._obstore.list(self._store, f"{path}/", chunk_size=1)), []):
            raise InvalidParameter(
                f"Invalid artifact path: {above or path!r} would be a file and a folder in {self._uri}. Take another name."
            )

    def _failed(self, what: str, error: Exception) -> RunstoneError:
        return StorageError(f"{what} in {self._uri}: {str(error).splitlines()[0]}")


class _Reader:
    """One object as it was when it was found. A stretch of another one of its name is not given."""

    def __init__(self, file: PlainFile, get: Callable[[PlainFile, int, int], Iterator[bytes]]) -> None:
        self.file, self._get = file, get

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """A stretch of it: one request."""
        if start < stop:
            yield from self._get(self.file, start, stop)

    def close(self) -> None:
        """Nothing is held open but by a stretch, whose connection goes with it."""


class _Pieces:
    """A content for obstore, which wants an iterator; what the content raised, which obstore would dress up."""

    def __init__(self, content: Iterable[bytes]) -> None:
        self._content = iter(content)
        self.failure: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return bytes(next(self._content))
        except StopIteration:
            raise
        except Exception as error:
            self.failure = error
            raise


def _file(meta: Any) -> PlainFile:
    return PlainFile(meta["path"], meta["size"], str(meta.get("e_tag") or meta["last_modified"]).strip('"'))
