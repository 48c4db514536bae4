"""The database's own pages: those that are free are given back to the disk, a few at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from runstone.errors import StorageBusy, StoreMismatch
from runstone.store.database import Connection, Database
from runstone.store.schema import MIGRATIONS


def free_bytes(connection: Connection) -> int:
    """Bytes of the database file that hold nothing."""
    pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_size"))
    return int(pages) * int(size)


def can_shrink(connection: Connection) -> bool:
    """Whether single pages can be given back, as in every store but one made by an older runstone."""
    return bool(connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 2)


def shrink(database: Database, size: int) -> None:
    """Give so many bytes of free pages back, in one transaction."""
    with database.write() as connection:
        pages = size // int(connection.execute("PRAGMA page_size").fetchone()[0])
        # One at a time: Python takes the first step of a statement without columns for all of it.
        for _ in range(pages):
            connection.execute("PRAGMA incremental_vacuum(1)")


def rebuild(database: Database) -> None:
    """Write the database anew without its free pages; from then on single ones can be given back. It takes as much room again, and nobody
    else writes meanwhile."""
    with database.outside() as connection:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("VACUUM")


def put_back_log(database: Database) -> None:
    """Bring what the log holds into the database file and empty it: only then do the files grow smaller. Not while somebody reads or
    writes, who is not waited for."""
    with database.outside() as connection:
        patience = connection.execute("PRAGMA busy_timeout").fetchone()[0]
        connection.execute("PRAGMA busy_timeout=0").fetchall()
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.execute(f"PRAGMA busy_timeout={patience}").fetchall()


@contextmanager
def held_alone(path: str) -> Iterator[Connection]:
    """A database for reading while nobody else can even open it, without the files that several processes agree by: for a disk that has
    no room for them. Raises StorageBusy where somebody has it open, StoreMismatch where it is of another schema than ours."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("PRAGMA user_version").fetchone()[0] != len(MIGRATIONS):
            raise StoreMismatch(
                f"{path!r} is of another runstone's schema: give the disk some room, then open the store once."
            )
        yield connection
        connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise StorageBusy(f"The store's database {path!r} is in use or cannot be read: {error}.", path) from error
    finally:
        connection.close()
