"""A model is asked the rows of a file, so many at a time, and what it says is written beside: whole, or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import msgspec

from runstone.errors import BadRequest, InvalidParameter, MissingFile, RunstoneError, from_os_error
from runstone.serving import answers, tables
from runstone.serving.asking import asked
from runstone.serving.failing import told
from runstone.serving.questions import JSON
from runstone.serving.writing import Sink
from runstone.types import decoding

if TYPE_CHECKING:
    from runstone.models.pyfunc import PyFuncModel
    from runstone.types.schema import Schema

KINDS = ("json", "jsonl", "csv", "parquet")
_ALSO = {"pq": "parquet", "ndjson": "jsonl"}


class ModelFails(BadRequest):
    """The model raised something, which is the cause; the sentence names the rows."""


class Source(NamedTuple):
    """Where rows are.

    Attributes:
        path: of the file; None: `content`.
        content: all of what came through a pipe.
        kind: of KINDS.
        guessed: neither the name nor anybody said the kind.
    """

    path: str | None
    content: bytes
    kind: str
    guessed: bool = False

    def open(self) -> IO[bytes]:
        """The bytes. Raises MissingFile."""
        if self.path is None:
            return io.BytesIO(self.content)
        try:
            return open(self.path, "rb")
        except FileNotFoundError as error:
            raise _missing(self.path) from error
        except OSError as error:
            raise from_os_error(error, f"Reading {self.path!r}") from error

    def size(self) -> int:
        """Of the bytes."""
        return len(self.content) if self.path is None else os.path.getsize(self.path)


def require(path: str | None) -> None:
    """Raise MissingFile for a file that is not there; nothing is read."""
    if path and not os.path.exists(path):
        raise _missing(path)


def source(path: str | None, stdin: IO[bytes], said: str | None) -> Source:
    """Rows of a file, or of stdin where there is no path; of the kind that was said, that the name ends in, or JSON.

    Raises:
        MissingFile, WrongFileKind, StorageDenied, StorageError: the file cannot be read.
    """
    kind = said or _kind(path)
    found = Source(path, b"" if path else stdin.read(), kind or "json", kind is None)
    with found.open() as file:
        # rows are read from more than one place at a time, and a pipe can be read once only
        if path and not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return found._replace(path=None, content=file.read())
    return found


def _missing(path: str) -> MissingFile:
    return MissingFile(f"{path!r} is to be asked, and is not there.", path)


def written(path: str | None) -> str:
    """The kind that a file for predictions is to be by its name; JSON where that has no ending. Raises InvalidParameter for any other."""
    kind, ending = _kind(path), os.path.splitext(path or "")[1]
    if kind is None and ending:
        raise InvalidParameter(
            f"{path!r} ends in {ending!r}, which is nothing that predictions are written as. Let it end in .json, .jsonl, .csv or .parquet."
        )
    return kind or "json"


def _kind(path: str | None) -> str | None:
    ending = os.path.splitext(path or "")[1].lstrip(".").lower()
    return _ALSO.get(ending, ending if ending in KINDS else None)


def predict(model: PyFuncModel, source: Source, sink: Sink, rows: int | None, advance: Callable[[int], None]) -> int:
    """Ask a model all the rows of a source; how many there were (0 for a body of JSON, which is asked as a whole).

    Args:
        model: the model.
        source: the rows.
        sink: takes what it says.
        rows: asked at a time; None: all at once.
        advance: is told bytes of the source that are done.

    Raises:
        InvalidParameter, BadRequest: a row is not what the signature says; or the model, asked a part of the rows, does not say one thing to each.
        ModelFails: the model raises something.
    """
    if source.kind == "json":
        with source.open() as file:
            said, bare = _asked_whole(model, file.read(), source.guessed)
        sink.whole(said, bare)
        advance(source.size())
        return 0
    total = 0
    for frame, done in _frames(source, model.metadata.get_input_schema(), rows):
        count = len(frame)
        if not count:
            model.check(frame)  # nothing is asked where there is no row: few models say nothing to nothing
        else:
            said = _said(model, frame, total)
            if not isinstance(said, list) or len(said) != count:
                if rows is not None:
                    raise InvalidParameter(
                        f"The model does not say one thing to each of {count} rows. Ask it all at once: --chunk-rows 0."
                    )
                sink.whole(said)
            else:
                sink.part(said)
        total += count
        advance(done)
    return total


def _asked_whole(model: PyFuncModel, body: bytes, guessed: bool) -> tuple[Any, bool]:
    try:
        with _failing("this request"):
            said, bare = asked(model, JSON, body)
            return answers.plain(said), bare
    except ModelFails:
        raise
    except BadRequest as error:
        if not guessed:
            raise
        others = ", ".join(f"-t {kind}" for kind in KINDS if kind != "json")
        raise BadRequest(f"{error} It was read as JSON, as nothing says what it is: {others} are for rows.") from error


def _said(model: PyFuncModel, frame: Any, first: int) -> Any:
    last = first + len(frame) - 1
    try:
        with _failing(f"row {first:,}" if first == last else f"the rows {first:,} to {last:,}"):
            return answers.plain(model.predict(frame))
    except InvalidParameter as error:
        raise tables.further_on(error, first) from error


@contextlib.contextmanager
def _failing(on: str) -> Iterator[None]:
    try:
        yield
    except RunstoneError:
        raise
    except (Exception, SystemExit) as error:  # whatever a model may raise
        raise ModelFails(
            f"The model fails on {on} ({told(error)}). Is it what the model was made for? --traceback shows where it fails."
        ) from error


def _frames(source: Source, schema: Schema | None, rows: int | None) -> Iterator[tuple[Any, int]]:
    """Frames, each with the bytes that have been read since the one before."""
    opened: list[IO[bytes]] = []

    def open_source() -> IO[bytes]:
        opened.append(source.open())
        return opened[-1]

    if source.kind == "csv":
        frames = tables.csv_chunks(open_source, schema, rows)
    elif source.kind == "parquet":
        frames = tables.parquet_chunks(open_source(), rows)
    else:
        frames = _of_lines(open_source(), schema, rows)
    at = 0
    try:
        for frame in frames:
            now = source.size() if opened[0].closed else opened[0].tell()
            yield frame, max(now - at, 0)
            at = max(now, at)
    finally:
        for file in opened:
            file.close()


def _of_lines(file: IO[bytes], schema: Schema | None, rows: int | None) -> Iterator[Any]:
    records: list[dict[str, Any]] = []
    first = 1
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadRequest(f"Line {number} is no JSON: {error!s:.200}.") from error
        if not isinstance(record, dict):
            raise BadRequest(f"Line {number} is no JSON object.")
        records.append(record)
        if len(records) == rows:
            yield _recorded(records, schema, first)
            records, first = [], number + 1
    if records:
        yield _recorded(records, schema, first)


def _recorded(records: list[dict[str, Any]], schema: Schema | None, first: int) -> Any:
    try:
        if schema is not None and schema.is_tensor_spec():
            return decoding.records(records, None)
        return decoding.records(records, schema)
    except InvalidParameter as error:
        raise InvalidParameter(f"In the lines from {first} on: {error}") from error
