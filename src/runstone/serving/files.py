"""A model is asked the rows of a file, so many at a time, and what it says is written beside: whole, or not at all."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import msgspec

from runstone.errors import BadRequest, InvalidParameter, MissingFile
from runstone.serving import answers, tables
from runstone.serving.asking import asked
from runstone.serving.questions import JSON
from runstone.serving.writing import Sink
from runstone.types import decoding

if TYPE_CHECKING:
    from runstone.models.pyfunc import PyFuncModel
    from runstone.types.schema import Schema

KINDS = ("json", "jsonl", "csv", "parquet")


class Source(NamedTuple):
    """Where rows are.

    Attributes:
        path: of the file; None: `content`.
        content: all of what came through a pipe.
        kind: of KINDS.
    """

    path: str | None
    content: bytes
    kind: str

    def open(self) -> IO[bytes]:
        """The bytes. Raises MissingFile."""
        if self.path is None:
            return io.BytesIO(self.content)
        try:
            return open(self.path, "rb")
        except FileNotFoundError as error:
            raise MissingFile(f"{self.path!r} is to be asked, and is not there.", self.path) from error

    def size(self) -> int:
        """Of the bytes."""
        return len(self.content) if self.path is None else os.path.getsize(self.path)


def kind_of(path: str | None, said: str | None) -> str:
    """The kind that was said, or that the name ends in; JSON where neither says one."""
    ending = os.path.splitext(path or "")[1].lstrip(".").lower()
    return said or {"pq": "parquet", "ndjson": "jsonl"}.get(ending, ending if ending in KINDS else "json")


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
    """
    if source.kind == "json":
        with source.open() as file:
            said, bare = asked(model, JSON, file.read())
        sink.whole(answers.plain(said), bare)
        advance(source.size())
        return 0
    total = 0
    for frame, done in _frames(source, model.metadata.get_input_schema(), rows):
        count = len(frame)
        if count or not total:
            said = answers.plain(model.predict(frame))
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
    if records or first == 1:
        yield _recorded(records, schema, first)


def _recorded(records: list[dict[str, Any]], schema: Schema | None, first: int) -> Any:
    try:
        if schema is not None and schema.is_tensor_spec():
            return decoding.records(records, None)
        return decoding.records(records, schema)
    except InvalidParameter as error:
        raise InvalidParameter(f"In the lines from {first} on: {error}") from error
