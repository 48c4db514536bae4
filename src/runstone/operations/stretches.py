"""What can be asked of a part of a content: which chunks have some of its bytes, for a reader who wants these and no others."""

from __future__ import annotations

import msgspec

from runstone.operations.artifacts import PlacedChunk
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import stretches

# Chunks in one answer.
MOST_CHUNKS = 1000
# No content has so many bytes, and every number up to it fits into a column.
_FARTHEST = 1 << 62


class GetStretch(msgspec.Struct):
    """The bytes of a content, by its digest, from one place to before another."""

    digest: str
    start: int
    stop: int


class ContentStretch(msgspec.Struct, omit_defaults=True):
    """Chunks of a content that follow each other, and the place in it at which the first of them begins."""

    start: int
    chunks: list[PlacedChunk]


@operation("GET", "/runstone/contents/stretch", permission="read")
def get_stretch(engine: Engine, request: GetStretch) -> ContentStretch:
    """The chunks in which a stretch of a content lies; those at its beginning, where they are very many. None behind the end."""
    start, stop = (max(0, min(place, _FARTHEST)) for place in (request.start, request.stop))
    with engine.database.read() as connection:
        begin, rows = stretches.stretch(connection, request.digest, start, stop, MOST_CHUNKS)
    return ContentStretch(begin, [PlacedChunk(*row) for row in rows])
