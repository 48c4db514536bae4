"""The database's own pages: those that are free are given back to the disk, a few at a time."""

from __future__ import annotations

from runstone.store.database import Connection, Database


def free_bytes(connection: Connection) -> int:
    """Bytes of the database file that hold nothing."""
    pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_size"))
    return int(pages) * int(size)


def can_shrink(connection: Connection) -> bool:
    """Whether single pages can be given back, as in every store but one made by an older runstone."""
    return bool(connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 2)


def shrink(database: Database, pages: int) -> None:
    """Give so many free pages back, in one transaction."""
    with database.write() as connection:
        connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()


def rebuild(database: Database) -> None:
    """Write the database anew without its free pages; from then on single ones can be given back. It takes as much room again, and nobody
    else writes meanwhile."""
    with database.outside() as connection:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("VACUUM")


def put_back_log(database: Database) -> None:
    """Bring what the log holds into the database file, as far as nobody reads what it replaces: only then does the file grow smaller."""
    with database.outside() as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
