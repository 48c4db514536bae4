"""SEAM 2: one SQL database, SQLite for now: connections, transactions, migrations. Knows nothing of what the tables mean."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runstone import settings
from runstone.errors import (
    CorruptData,
    MissingFile,
    RunstoneError,
    StorageBusy,
    StorageDenied,
    StorageError,
    StorageFull,
    StoreMismatch,
    from_os_error,
)
from runstone.repository import stores
from runstone.store import gate
from runstone.store.functions import as_number, folded
from runstone.store.held import NO_SHADOW, EndOfThread, Held
from runstone.store.held import Shadow as Shadow
from runstone.store.schema import APPLICATION_ID, MIGRATIONS, statements

Connection = sqlite3.Connection


# What tells SQLite that nobody writes the file.
_FROZEN = "&immutable=1"
# Steps of SQLite's machine between two looks at the clock: some milliseconds.
_BETWEEN_LOOKS = 100_000
# Bytes of the header that every SQLite file begins with.
_HEADER = 100


class Database:
    """One SQLite file in WAL mode, opened once per thread and process; made when missing.

    `read()` gives a connection that sees one snapshot; `write()` one that holds the write lock and commits, with fsync, when
    the block ends without an exception. Both raise the family's StorageError kinds instead of sqlite3's errors. Where nothing can
    be written (a read-only disk), reading works.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        # For readers who know something that they may not write.
        self.shadow = NO_SHADOW
        # Seconds that one reading may take, for a server whose readers are few; None is no limit.
        self.patience: float | None = None
        self._turn = threading.Lock()
        self._interrupted = False
        self._local = threading.local()
        self._all: set[Held] = set()
        # Those of threads that have ended.
        self._ended: deque[Held] = deque()
        stores.enter(self)
        with gate.passage(), self._translated():
            self._keep_for_thread(self._hold())
        gate.add(self)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot: every statement in the block sees the same state."""
        with gate.passage(), self._translated():
            connection = self._connection()
            if connection.in_transaction:  # inside write() or read() of the same thread: their snapshot serves
                yield connection
                return
            self._cast(self.shadow)
            # Begun within the `try`: a signal's exception may come when it is just begun.
            try:
                connection.execute("BEGIN")
                if self.patience is not None:
                    deadline = time.monotonic() + self.patience
                    connection.set_progress_handler(
                        lambda: self._interrupted or time.monotonic() > deadline, _BETWEEN_LOOKS
                    )
                yield connection
            finally:
                if self.patience is not None:
                    connection.set_progress_handler(None, 0)
                _roll_back(connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, on disk when the block has ended; nothing of it if the block raises. Within `group()`, a part of that one."""
        if getattr(self._local, "grouped", False):
            with self._part() as connection:
                yield connection
            return
        with gate.passage(), self._translated():
            connection = self._connection()
            if connection.in_transaction:
                raise RunstoneError(
                    "A write within a read or write of the same thread. This is a fault of runstone's: please report it."
                )
            self._cast(NO_SHADOW)
            # SQLite has those who wait look again every now and then: beside a thread that writes all the time one could wait for
            # seconds. A thread of this process that waits here is woken as soon as there is room.
            with self._turn:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    _roll_back(connection)
                    raise

    @contextmanager
    def group(self) -> Iterator[Callable[[], bool]]:
        """One transaction of several writes of this thread: what one of them raises undoes that one only. All are on disk when the
        block has ended, and none if it raises. What it gives tells whether the transaction is still there: on some errors, such as a full
        disk, SQLite rolls all of it back."""
        with self.write() as connection:
            self._local.grouped, self._local.broken = True, False
            try:
                yield lambda: connection.in_transaction and not self._local.broken
            finally:
                self._local.grouped = False

    @contextmanager
    def trial(self) -> Iterator[Connection]:
        """A transaction that is never kept, in memory alone: for reading what the disk has no room for. Writers wait meanwhile."""
        with gate.passage(), self._translated(), self._turn:
            connection = self._connection()
            self._cast(NO_SHADOW)
            connection.execute("PRAGMA cache_spill=OFF")
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
            finally:
                _roll_back(connection)
                connection.execute("PRAGMA cache_spill=ON")

    @contextmanager
    def outside(self) -> Iterator[Connection]:
        """A connection outside of any transaction, for what SQLite does in none."""
        with gate.passage(), self._translated(), self._turn:
            yield self._connection()

    def interrupt(self) -> None:
        """Have all that is being read end with an error: the process is ending."""
        self._interrupted = True

    @contextmanager
    def _part(self) -> Iterator[Connection]:
        with self._translated():
            connection: Connection = self._local.held.connection
            connection.execute("SAVEPOINT part")
            try:
                yield connection
                connection.execute("RELEASE part")
            except BaseException:
                self._local.broken = True  # until what was begun is taken back
                if connection.in_transaction:
                    connection.execute("ROLLBACK TO part")
                    connection.execute("RELEASE part")
                    self._local.broken = False
                raise

    def close(self) -> None:
        """Close every thread's connection. Only where no other thread is using the database any more."""
        for held in list(self._all):
            held.close()
        self._all.clear()
        self._local = threading.local()

    def suspend(self) -> None:
        """Close every thread's connection before a fork, but one that this thread is in the midst of using."""
        for held in list(self._all):
            if not held.closed and not held.connection.in_transaction:
                held.close()

    def _connection(self) -> Connection:
        if self._ended:
            self._close_ended()
        held: Held | None = getattr(self._local, "held", None)
        if held is not None and not held.closed and held.process == os.getpid():
            # What was deleted and made again under a running program is another store: writing to the old one would be lost.
            # What could only be read may be written by now; what was read as if nobody wrote it is opened anew for each reading.
            if held.connection.in_transaction or (held.identity == self._identity() and self._still_right(held)):
                return held.connection
            held.close()
            self._all.discard(held)
        self._identity()  # it is made once: a missing one is never made again behind its user's back
        held = self._hold()
        self._keep_for_thread(held)
        return held.connection

    def _keep_for_thread(self, held: Held) -> None:
        self._local.held, self._local.end = held, EndOfThread(held, self._ended)

    def _close_ended(self) -> None:
        while self._ended:
            held = self._ended.popleft()
            held.close()
            self._all.discard(held)

    def _still_right(self, held: Held) -> bool:
        return held.read_only is None or (_FROZEN not in held.read_only and held.read_only == self._read_only())

    def _cast(self, shadow: Shadow) -> None:
        held: Held = self._local.held
        if held.shadow is not shadow:
            for statement, values in (*held.shadow.drop, *shadow.make):
                held.connection.execute(statement, values)
            held.shadow = shadow

    def _identity(self) -> tuple[int, int]:
        try:
            status = os.stat(self.path)
        except FileNotFoundError as error:
            raise MissingFile(
                f"The store's database {self.path!r} is gone: it was deleted or moved while it was in use. Put it back, or open the "
                "store where it is now.",
                self.path,
            ) from error
        except OSError as error:
            raise from_os_error(error, f"Looking for the store {self.path!r}") from error
        return status.st_dev, status.st_ino

    def _hold(self) -> Held:
        if os.path.exists(self.path) and 0 < os.path.getsize(self.path) < _HEADER:
            # SQLite takes a file of a byte or so for an empty one, and would write over it
            raise self._error(sqlite3.DatabaseError("it was cut short"), sqlite3.SQLITE_NOTADB)
        read_only = self._read_only()
        connection = self._open(read_only)
        try:
            self._migrate(connection)
            if read_only is None:
                self._keep_log(connection)
            held = Held(connection, self._identity(), read_only)
        except BaseException:
            connection.close()
            raise
        self._all.add(held)
        return held

    def _open(self, read_only: str | None) -> Connection:
        connection = sqlite3.connect(
            read_only or self.path,
            timeout=settings.BUSY_TIMEOUT.read(),
            isolation_level=None,
            check_same_thread=False,
            uri=bool(read_only),
        )
        # FULL: a commit is acknowledged only after the fsync of the log. case_sensitive_like: MLflow's LIKE is.
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            "case_sensitive_like=ON",
            "cache_size=-8192",
            "mmap_size=0",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("as_number", 1, as_number, deterministic=True)
        connection.create_function("folded", 1, folded, deterministic=True)
        return connection

    def _read_only(self) -> str | None:
        """The address by which SQLite reads a file that cannot be written; None where it can, or is still to be made."""
        log = os.path.exists(self.path + "-wal")
        folder = os.path.dirname(self.path)
        if not os.path.exists(self.path) or (os.access(self.path, os.W_OK) and (log or os.access(folder, os.W_OK))):
            return None
        from urllib.parse import quote

        # Without its log nobody is writing it, and nobody can: SQLite need not make the files by which processes agree.
        return f"file:{quote(self.path)}?mode=ro" + ("" if log else _FROZEN)

    def _migrate(self, connection: Connection) -> None:
        # In one transaction, so that all that is looked at is of one moment: another thread or process may be making it just now.
        connection.execute("BEGIN")
        try:
            version = self._version(connection)
        finally:
            _roll_back(connection)
        if version == len(MIGRATIONS):
            return
        if not version:
            # Pages that fall free can be given back one by one then; it is heard only while there is no table.
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        # Two processes may be first at once: the lock decides, the second looks again and finds the work done.
        connection.execute("BEGIN EXCLUSIVE")
        try:
            for number in range(self._version(connection), len(MIGRATIONS)):
                for statement in separated(statements(MIGRATIONS[number])):
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _keep_log(self, connection: Connection) -> None:
        # Write-ahead logging is a property of the file; the process that made it may have died before setting it.
        limit = time.monotonic() + settings.BUSY_TIMEOUT.read()
        while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                # SQLite does not wait here, as it does elsewhere, for others who are opening the file just now.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > limit:
                    raise
            time.sleep(0.002)

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

    def _error(self, error: sqlite3.Error, code: int | None = None) -> RunstoneError:
        if code is None:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StorageBusy(
                f"The store {self.path!r} stayed locked by another process. Try again, or raise RUNSTONE_BUSY_TIMEOUT (seconds).",
                self.path,
            )
        if code == sqlite3.SQLITE_INTERRUPT:
            return RunstoneError(
                f"Reading took longer than the {self.patience:g} seconds it may. Ask for less: fewer experiments, a plainer filter.",
                "DEADLINE_EXCEEDED",
            )
        if code == sqlite3.SQLITE_FULL:
            return StorageFull(
                f"No space is left for the store {self.path!r}. Free some and try again; nothing was half written.",
                self.path,
            )
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
            return StorageDenied(
                f"The store {self.path!r} cannot be written ({error}). Check the folder's permissions, or point RUNSTONE_URI elsewhere.",
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


def _roll_back(connection: Connection) -> None:
    # After some errors SQLite has rolled back by itself.
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def separated(script: str) -> Iterator[str]:
    """The statements of a script, without the lines that are comments. A trigger's own statements are parts of it."""
    statement = ""
    for part in "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("--")).split(";"):
        statement += part
        if statement.strip() and sqlite3.complete_statement(statement + ";"):
            yield statement
            statement = ""
        elif statement.strip():
            statement += ";"
