"""Artifacts in SQL: names of contents, contents of chunks, chunks in packs or, when small, here. Knows nothing of who asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from runstone.store.database import Connection
from runstone.store.schema import MIGRATIONS

# Where a chunk is: digest, size, pack name and offset, or the bytes themselves; and bytes it lies in and their codec, where it is compressed.
Placed = tuple[str, int, str | None, int | None, bytes | None, int, str]
PLACED = "chunk.digest, chunk.size, pack.name, chunk.offset, chunk.data, chunk.stored, chunk.codec"


class Sized(NamedTuple):
    """A pack's name, and how many bytes it has."""

    name: str
    size: int


def known(connection: Connection, digests: Sequence[str]) -> dict[str, Sized | None]:
    """Which of these chunks are here to stay, each with the pack it lies in; None of one that lies in the database."""
    found: dict[str, Sized | None] = {}
    for start in range(0, len(digests), 5_000):
        some = digests[start : start + 5_000]
        rows = connection.execute(
            "SELECT digest, pack.name, pack.size FROM chunk LEFT JOIN pack ON pack.id = chunk.pack"
            f" WHERE digest IN ({','.join('?' * len(some))}) AND NOT EXISTS (SELECT 1 FROM condemned WHERE condemned.chunk = chunk.id)",
            some,
        )
        found.update((digest, None if name is None else Sized(name, size)) for digest, name, size in rows)
    return found


def places(connection: Connection, digests: Sequence[str]) -> dict[str, Placed]:
    """Where those of these chunks are that are here."""
    found: dict[str, Placed] = {}
    for start in range(0, len(digests), 5_000):
        some = digests[start : start + 5_000]
        rows = connection.execute(
            f"SELECT {PLACED} FROM chunk LEFT JOIN pack ON pack.id = chunk.pack"
            f" WHERE digest IN ({','.join('?' * len(some))})",
            some,
        )
        found.update((row[0], row) for row in rows)
    return found


def known_contents(connection: Connection, digests: Sequence[str]) -> list[str]:
    """Which of these contents are here."""
    found: list[str] = []
    for start in range(0, len(digests), 5_000):
        some = digests[start : start + 5_000]
        rows = connection.execute(f"SELECT digest FROM content WHERE digest IN ({','.join('?' * len(some))})", some)
        found.extend(digest for (digest,) in rows)
    return found


def known_whole(connection: Connection, digests: Sequence[str]) -> dict[str, set[Sized]]:
    """Which of these contents are here to stay, with the packs that their chunks lie in."""
    found: dict[str, set[Sized]] = {}
    for start in range(0, len(digests), 5_000):
        some = digests[start : start + 5_000]
        rows = connection.execute(
            "SELECT DISTINCT content.digest, pack.name, pack.size FROM content JOIN content_chunk ON content_chunk.content = content.id"
            " JOIN chunk ON chunk.id = content_chunk.chunk LEFT JOIN pack ON pack.id = chunk.pack"
            f" WHERE content.digest IN ({','.join('?' * len(some))}) AND NOT EXISTS (SELECT 1 FROM condemned"
            " JOIN content_chunk AS doomed ON doomed.chunk = condemned.chunk WHERE doomed.content = content.id)",
            some,
        )
        for digest, name, size in rows:
            found.setdefault(digest, set()).update(() if name is None else (Sized(name, size),))
    return found


def pack_size(connection: Connection, name: str) -> int | None:
    """A pack's size in bytes; None of one that is not in the index."""
    row = connection.execute("SELECT size FROM pack WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def packs(connection: Connection) -> list[tuple[str, int]]:
    """All packs: name and size."""
    return connection.execute("SELECT name, size FROM pack ORDER BY id").fetchall()


def delete_pack(connection: Connection, name: str) -> bool:
    """Forget a pack and the chunks in it. False, and nothing is done, where a content has one of them."""
    row = connection.execute("SELECT id FROM pack WHERE name = ?", (name,)).fetchone()
    if row is not None:
        needed = connection.execute(
            "SELECT 1 FROM chunk JOIN content_chunk ON content_chunk.chunk = chunk.id WHERE chunk.pack = ? LIMIT 1", row
        ).fetchone()
        if needed is not None:
            return False
        connection.execute("DELETE FROM chunk WHERE pack = ?", row)
        connection.execute("DELETE FROM pack WHERE id = ?", row)
    return True


def add_pack(
    connection: Connection, name: str, size: int, chunks: Sequence[tuple[str, int, int, int, str]], now: int
) -> None:
    """A pack and the chunks in it (digest, size, offset, stored bytes, codec). A chunk that is known is where it came in last: the earlier
    pack may be lost."""
    row = insert_pack(connection, name, size, now)
    connection.executemany(
        "INSERT INTO chunk (pack, digest, size, offset, stored, codec) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET"
        " size = excluded.size, pack = excluded.pack, offset = excluded.offset, data = NULL, stored = excluded.stored, codec = excluded.codec",
        [(row, *chunk) for chunk in chunks],
    )
    _pardon(connection, [chunk[0] for chunk in chunks])


def insert_pack(connection: Connection, name: str, size: int, now: int) -> int:
    """A new pack's row."""
    row = connection.execute(
        "INSERT INTO pack (name, size, creation_time, schema) VALUES (?, ?, ?, ?)", (name, size, now, len(MIGRATIONS))
    ).lastrowid
    assert row is not None
    return row


def add_small(connection: Connection, chunks: Sequence[tuple[str, bytes]]) -> None:
    """Chunks kept in the database itself. One that is in a pack is asked for again only when the pack is lost: it moves here."""
    connection.executemany(
        "INSERT INTO chunk (digest, size, data) VALUES (?, ?, ?)"
        " ON CONFLICT (digest) DO UPDATE SET data = excluded.data, pack = NULL, offset = NULL, stored = 0, codec = '' WHERE data IS NULL",
        [(digest, len(data), data) for digest, data in chunks],
    )
    _pardon(connection, [digest for digest, _ in chunks])


def _pardon(connection: Connection, digests: Sequence[str]) -> None:
    """What was stored anew is not to be swept (see store/pruning.py)."""
    if connection.execute("SELECT 1 FROM condemned LIMIT 1").fetchone() is not None:
        connection.executemany(
            "DELETE FROM condemned WHERE chunk = (SELECT id FROM chunk WHERE digest = ?)", [(name,) for name in digests]
        )


def name_file(
    connection: Connection,
    owner: str,
    path: str,
    digest: str,
    size: int,
    chunks: Sequence[str],
    now: int,
    executable: bool = False,
) -> str | None:
    """Let a path mean a content, in place of what it meant. One that is here needs no chunks. What is missing, a chunk or the content, by
    its digest, where something is."""
    row = connection.execute("SELECT id FROM content WHERE digest = ?", (digest,)).fetchone()
    if row is None:
        if size and not chunks:
            return digest
        content = connection.execute("INSERT INTO content (digest, size) VALUES (?, ?)", (digest, size)).lastrowid
        start, rows = 0, []
        for position, chunk in enumerate(chunks):
            placed = connection.execute("SELECT id, size FROM chunk WHERE digest = ?", (chunk,)).fetchone()
            if placed is None:
                return chunk
            rows.append((content, position, placed[0], start))
            start += placed[1]
        connection.executemany("INSERT INTO content_chunk (content, position, chunk, start) VALUES (?, ?, ?, ?)", rows)
    else:
        content = row[0]
    connection.execute(
        "INSERT INTO artifact (owner, path, content, creation_time, executable) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (owner, path) DO UPDATE SET content = excluded.content, creation_time = excluded.creation_time,"
        " executable = excluded.executable",
        (owner, path, content, now, executable),
    )
    return None


def executables(connection: Connection, owner: str) -> set[str]:
    """The paths of an owner's files that may be run."""
    rows = connection.execute("SELECT path FROM artifact WHERE owner = ? AND executable <> 0", (owner,))
    return {path for (path,) in rows}


def digest_of(connection: Connection, owner: str, path: str) -> str | None:
    """What a path means; None where there is no such file."""
    row = connection.execute(
        "SELECT digest FROM artifact JOIN content ON content.id = artifact.content WHERE owner = ? AND path = ?",
        (owner, path),
    ).fetchone()
    return None if row is None else str(row[0])


def delete(connection: Connection, owner: str, path: str) -> int:
    """Take away an owner's file, or the files in the folder, of that path ('' for all); how many there were."""
    if not path:
        return connection.execute("DELETE FROM artifact WHERE owner = ?", (owner,)).rowcount
    return connection.execute(
        "DELETE FROM artifact WHERE owner = ? AND (path = ? OR (path > ? AND path < ?))",
        (owner, path, path + "/", path + "0"),
    ).rowcount


def file_and_folder(connection: Connection, owner: str, paths: Sequence[str]) -> tuple[str, str] | None:
    """A path among an owner's that is a file and, because of these paths, a folder too; and one of the files in that folder."""
    above: dict[str, str] = {}
    for path in paths:
        below = connection.execute(
            "SELECT path FROM artifact WHERE owner = ? AND path > ? AND path < ? LIMIT 1",
            (owner, path + "/", path + "0"),
        ).fetchone()
        if below is not None:
            return path, below[0]
        folder = path.rpartition("/")[0]
        while folder and folder not in above:
            above[folder] = path
            folder = folder.rpartition("/")[0]
    for folder, path in above.items():
        if connection.execute("SELECT 1 FROM artifact WHERE owner = ? AND path = ?", (owner, folder)).fetchone():
            return folder, path
    return None


def paths(connection: Connection, owner: str, path: str = "") -> list[tuple[str, int, str]]:
    """An owner's files, all or those at and below a path: path, size, digest; by path."""
    query = "SELECT path, size, digest FROM artifact JOIN content ON content.id = artifact.content WHERE owner = ?"
    if not path:
        return connection.execute(f"{query} ORDER BY path", (owner,)).fetchall()
    # Two ranges of the primary key; '0' is the character behind '/'.
    return connection.execute(
        f"{query} AND path = ? UNION ALL {query} AND path > ? AND path < ? ORDER BY path",
        (owner, path, owner, path + "/", path + "0"),
    ).fetchall()


def content(connection: Connection, digest: str) -> list[Placed]:
    """A content's chunks in order, and where they are."""
    return connection.execute(
        f"SELECT {PLACED} FROM content"
        " JOIN content_chunk ON content_chunk.content = content.id JOIN chunk ON chunk.id = content_chunk.chunk"
        " LEFT JOIN pack ON pack.id = chunk.pack WHERE content.digest = ? ORDER BY content_chunk.position",
        (digest,),
    ).fetchall()


def stored_size(connection: Connection, digest: str) -> int | None:
    """Bytes that a content's chunks take here, compressed, each once; None where it has none."""
    row = connection.execute(
        "SELECT SUM(CASE WHEN stored > 0 THEN stored ELSE size END) FROM chunk WHERE id IN"
        " (SELECT content_chunk.chunk FROM content JOIN content_chunk ON content_chunk.content = content.id WHERE content.digest = ?)",
        (digest,),
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def contents(connection: Connection, after: int, limit: int) -> list[tuple[int, str, int]]:
    """Contents behind one, in the order of their arrival: number, digest, size."""
    return connection.execute(
        "SELECT id, digest, size FROM content WHERE id > ? AND digest IS NOT NULL ORDER BY id LIMIT ?", (after, limit)
    ).fetchall()


def names(connection: Connection, digest: str) -> list[tuple[str, str]]:
    """The files that mean a content: owner and path."""
    return connection.execute(
        "SELECT owner, path FROM artifact JOIN content ON content.id = artifact.content WHERE digest = ? ORDER BY owner, path",
        (digest,),
    ).fetchall()
