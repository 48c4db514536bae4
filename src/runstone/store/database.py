"""SEAM 2: one SQL database, SQLite for now: connections, transactions, migrations. Knows nothing of what the tables mean."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from runstone import settings
from runstone.errors import (
    CorruptData,
    RunstoneError,
    StorageBusy,
    StorageDenied,
    StorageError,
    StorageFull,
    StoreMismatch,
)
from runstone.store.schema import APPLICATION_ID, MIGRATIONS

Connection = sqlite3.Connection

# Connections a forked child inherited: never closed there, since closing would disturb the parent's locks.
_orphans: list[Connection] = []


class Database:
    """One SQLite file in WAL mode, opened once per thread and process.

    `read()` gives a connection that sees one snapshot; `write()` one that holds the write lock and commits, with fsync, when
    the block ends without an exception. Both raise the family's StorageError kinds instead of sqlite3's errors.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._local = threading.local()
        self._all: list[Connection] = []
        self._process = os.getpid()
        with self._translated():
            self._migrate()
            self._keep_log()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot: every statement in the block sees the same state."""
        with self._translated():
            connection = self._connection()
            if connection.in_transaction:  # inside write() or read() of the same thread: their snapshot serves
                yield connection
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, on disk when the block has ended; nothing of it if the block raises."""
        with self._translated():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close every thread's connection. Only where no other thread is using the database any more."""
        if os.getpid() == self._process:
            for connection in self._all:
                connection.close()
        self._all.clear()
        self._local = threading.local()

    def _connection(self) -> Connection:
        if os.getpid() != self._process:
            _orphans.extend(self._all)
            self._all, self._local, self._process = [], threading.local(), os.getpid()
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._open()
            self._all.append(connection)
        return connection

    def _open(self) -> Connection:
        connection = sqlite3.connect(
            self.path, timeout=settings.BUSY_TIMEOUT.read(), isolation_level=None, check_same_thread=False
        )
        # FULL: a commit is acknowledged only after the fsync of the log. case_sensitive_like: MLflow's LIKE is.
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            "case_sensitive_like=ON",
            "cache_size=-8192",
            "mmap_size=0",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("as_number", 1, _as_number, deterministic=True)
        connection.create_function("matches", 2, _matches, deterministic=True)
        return connection

    def _migrate(self) -> None:
        connection = self._connection()
        if self._version(connection) == len(MIGRATIONS):
            return
        # Two processes may be first at once: the lock decides, the second looks again and finds the work done.
        connection.execute("BEGIN EXCLUSIVE")
        try:
            for number in range(self._version(connection), len(MIGRATIONS)):
                for statement in _statements(MIGRATIONS[number]):
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _keep_log(self) -> None:
        # Write-ahead logging is a property of the file; the process that made it may have died before setting it.
        connection = self._connection()
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode=WAL")

    def _version(self, connection: Connection) -> int:
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if owner != APPLICATION_ID:
            if owner or version or connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                raise StoreMismatch(
                    f"{self.path!r} is a database of another program, not a runstone store. Point RUNSTONE_URI at another folder."
                )
            return 0
        if version > len(MIGRATIONS):
            raise StoreMismatch(
                f"{self.path!r} was written by a newer runstone (schema {version}; this one knows {len(MIGRATIONS)}). "
                "Upgrade with `pip install -U runstone`; the store was not touched."
            )
        return version

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _error(self, error: sqlite3.Error) -> RunstoneError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StorageBusy(
                f"The store {self.path!r} stayed locked by another process. Try again, or raise RUNSTONE_BUSY_TIMEOUT (seconds).",
                self.path,
            )
        if code == sqlite3.SQLITE_FULL:
            return StorageFull(
                f"No space is left for the store {self.path!r}. Free some and try again; nothing was half written.",
                self.path,
            )
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
            return StorageDenied(
                f"The store {self.path!r} cannot be opened for writing ({error}). Check the folder's permissions.",
                self.path,
            )
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return CorruptData(
                f"The store's database {self.path!r} is damaged or no database ({error}). Restore it from a backup; "
                "`runstone doctor` says what can still be read."
            )
        if code == sqlite3.SQLITE_IOERR:
            return StorageError(
                f"Reading or writing the store {self.path!r} failed ({error}). Check the disk.", self.path
            )
        return RunstoneError(f"The store {self.path!r} refused a statement: {error}.")


def _statements(script: str) -> Iterator[str]:
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("--")]
    yield from (statement for statement in "\n".join(lines).split(";") if statement.strip())


def _as_number(text: str) -> float | None:
    """A param's text as a number; NULL where it is none (NaN is none)."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number == number else None


def _matches(pattern: str, text: str | None) -> bool | None:
    """Whether a regular expression is found in a text; `re` keeps what it compiled."""
    import re

    return None if text is None else re.search(pattern, text) is not None
