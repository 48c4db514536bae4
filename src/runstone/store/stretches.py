"""Stretches of contents in SQL: the chunks in which some bytes of a content lie, without looking at all the others."""

from __future__ import annotations

from runstone.store.artifacts import PLACED, Placed
from runstone.store.database import Connection


def stretch(connection: Connection, digest: str, start: int, stop: int, limit: int) -> tuple[int, list[Placed]]:
    """The chunks of a content in which the bytes from `start` to before `stop` lie, `limit` of them at the most, and where the first
    one begins. None for bytes behind the end."""
    found = connection.execute(
        "SELECT content.id, MAX(position) FROM content JOIN content_chunk ON content_chunk.content = content.id WHERE digest = ?",
        (digest,),
    ).fetchone()
    content, last = found
    if content is None:
        return 0, []
    first, begin = 0, 0
    while first < last:  # the last chunk that begins at `start` or before it
        middle = (first + last + 1) // 2
        row = connection.execute(
            "SELECT start FROM content_chunk WHERE content = ? AND position = ?", (content, middle)
        ).fetchone()
        if row is not None and row[0] <= start:
            first, begin = middle, row[0]
        else:
            last = middle - 1
    rows = connection.execute(
        f"SELECT {PLACED} FROM content_chunk"
        " JOIN chunk ON chunk.id = content_chunk.chunk LEFT JOIN pack ON pack.id = chunk.pack"
        " WHERE content_chunk.content = ? AND position >= ? AND (position = ? OR start < ?) ORDER BY position LIMIT ?",
        (content, first, first, stop, limit),
    ).fetchall()
    if len(rows) == 1 and begin + rows[0][1] <= start:
        return 0, []
    return begin, rows
