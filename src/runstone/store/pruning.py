"""What nothing needs any more, in SQL: contents that no file means are forgotten, their chunks condemned, later swept; packs emptied and
moved out of. Knows nothing of who asks, nor of the files on the disk.

A chunk that a content names is never swept: that is looked at in the transaction that deletes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from runstone.store.artifacts import insert_pack
from runstone.store.database import Connection
from runstone.store.usage import STORED

_MANY = 5_000
# Bytes of a pack that are no chunk's: at its ends, and in its footer for each chunk (the most there can be).
FRAME, FOOTER = 24, 140
# Bytes of contents that are forgotten in one transaction: some ten thousand chunks.
_LARGE = 8 * 1024**3
_NAMELESS = "NOT EXISTS (SELECT 1 FROM artifact WHERE artifact.content = content.id)"
_NAMED = "EXISTS (SELECT 1 FROM content_chunk WHERE content_chunk.chunk = {})"


class Fragment(NamedTuple):
    """A pack of which a part is needed: its row, name, size in bytes, and the bytes of its chunks."""

    id: int
    name: str
    size: int
    live: int


class Moving(NamedTuple):
    """A chunk that is to lie elsewhere: its row and digest, where it lies, and how."""

    id: int
    digest: str
    size: int
    offset: int
    stored: int
    codec: str


def forget_contents(connection: Connection, now: int, limit: int) -> int:
    """Delete so many contents that no file means (fewer where they are large), and condemn the chunks that no other content has; how
    many contents it were."""
    rows, size = [], 0
    for row, length in connection.execute(f"SELECT id, size FROM content WHERE {_NAMELESS} LIMIT ?", (limit,)):
        rows.append((row,))
        size += length
        if size > _LARGE:
            break
    for start in range(0, len(rows), _MANY):
        some = [row for (row,) in rows[start : start + _MANY]]
        marks = ",".join("?" * len(some))
        chunks = connection.execute(
            f"SELECT DISTINCT chunk FROM content_chunk WHERE content IN ({marks})", some
        ).fetchall()
        connection.execute(f"DELETE FROM content_chunk WHERE content IN ({marks})", some)
        connection.execute(f"DELETE FROM content WHERE id IN ({marks})", some)
        connection.executemany(
            f"INSERT INTO condemned (chunk, time) SELECT ?1, ?2 WHERE NOT {_NAMED.format('?1')} ON CONFLICT DO NOTHING",
            [(chunk, now) for (chunk,) in chunks],
        )
    return len(rows)


def are_nameless(connection: Connection) -> bool:
    """Whether there are contents that no file means."""
    return connection.execute(f"SELECT 1 FROM content WHERE {_NAMELESS} LIMIT 1").fetchone() is not None


def condemn_unnamed(connection: Connection, now: int, before: int, limit: int) -> int:
    """Condemn chunks that no content ever named, of packs that were made before a time: what uploads that broke off have left."""
    return connection.execute(
        "INSERT INTO condemned (chunk, time) SELECT chunk.id, ? FROM chunk LEFT JOIN pack ON pack.id = chunk.pack"
        f" WHERE NOT {_NAMED.format('chunk.id')} AND NOT EXISTS (SELECT 1 FROM condemned WHERE condemned.chunk = chunk.id)"
        " AND (pack.id IS NULL OR pack.creation_time < ?) LIMIT ?",
        (now, before, limit),
    ).rowcount


def pardon(connection: Connection) -> None:
    """Take the mark from chunks that a content has named since."""
    connection.execute(f"DELETE FROM condemned WHERE {_NAMED.format('condemned.chunk')}")


def sweep(connection: Connection, until: int, limit: int) -> int:
    """Delete so many of the chunks that were condemned up to a time and that no content names; how many."""
    due = connection.execute(
        f"SELECT chunk FROM condemned WHERE time <= ? AND NOT {_NAMED.format('condemned.chunk')} LIMIT ?",
        (until, limit),
    ).fetchall()
    connection.executemany("DELETE FROM chunk WHERE id = ?", due)
    return len(due)


def waiting(connection: Connection) -> tuple[int, int | None]:
    """Bytes of the chunks that are condemned and not swept, and when the first of them was."""
    row = connection.execute(
        f"SELECT COALESCE(SUM({STORED}), 0), MIN(time) FROM condemned JOIN chunk ON chunk.id = condemned.chunk"
    ).fetchone()
    return int(row[0]), row[1]


def forget_empty_packs(connection: Connection) -> list[tuple[str, int]]:
    """Delete the rows of packs in which no chunk lies; their names and sizes in bytes."""
    rows = connection.execute(
        "SELECT id, name, size FROM pack WHERE NOT EXISTS (SELECT 1 FROM chunk WHERE chunk.pack = pack.id)"
    ).fetchall()
    connection.executemany("DELETE FROM pack WHERE id = ?", [(row,) for row, _, _ in rows])
    return [(name, size) for _, name, size in rows]


def fragments(connection: Connection, percent: float) -> list[Fragment]:
    """Packs of which at least so much is dead, the emptiest first. One that has condemned chunks is to wait until they are swept."""
    rows = connection.execute(
        f"SELECT pack.id, pack.name, pack.size, SUM({STORED}) AS live FROM pack JOIN chunk ON chunk.pack = pack.id GROUP BY pack.id"
        f" HAVING pack.size - live - {FRAME} - {FOOTER} * COUNT(*) > 0"
        f" AND pack.size - live - {FRAME} - {FOOTER} * COUNT(*) >= pack.size * ? / 100.0 AND NOT EXISTS"
        " (SELECT 1 FROM chunk AS c JOIN condemned ON condemned.chunk = c.id WHERE c.pack = pack.id)"
        " ORDER BY live * 1.0 / pack.size, pack.id",
        (percent,),
    )
    return [Fragment(*row) for row in rows]


def chunks_in(connection: Connection, pack: int) -> list[Moving]:
    """The chunks that lie in a pack, in their order."""
    rows = connection.execute(
        "SELECT id, digest, size, offset, stored, codec FROM chunk WHERE pack = ? ORDER BY offset", (pack,)
    )
    return [Moving(*row) for row in rows]


def move(connection: Connection, name: str, size: int, now: int, moved: Sequence[tuple[int, int, int]]) -> None:
    """Enter a pack into the index and let chunks lie there: (offset, chunk, the pack that it lay in). One that lies elsewhere by now stays."""
    pack = insert_pack(connection, name, size, now)
    connection.executemany(
        "UPDATE chunk SET pack = ?, offset = ? WHERE id = ? AND pack = ?", [(pack, *one) for one in moved]
    )


def dead_packs(connection: Connection, before: int) -> list[tuple[str, int]]:
    """Packs none of whose chunks a file means: name and size. Those made since a time, whose chunks no content ever named, are not in it."""
    return connection.execute(
        "SELECT name, size FROM pack WHERE NOT EXISTS (SELECT 1 FROM chunk JOIN content_chunk ON content_chunk.chunk = chunk.id"
        "  JOIN artifact ON artifact.content = content_chunk.content WHERE chunk.pack = pack.id)"
        " AND (creation_time < ? OR EXISTS (SELECT 1 FROM chunk WHERE chunk.pack = pack.id AND"
        f"  ({_NAMED.format('chunk.id')} OR EXISTS (SELECT 1 FROM condemned WHERE condemned.chunk = chunk.id))))",
        (before,),
    ).fetchall()
