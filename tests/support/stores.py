"""New stores at the price of a copy: making one's tables takes 9 ms and a dozen syncs, and nearly every test makes one.

The tables are those that runstone makes: made once, and copied. tests/contracts and tests/faults, and every process that a test starts,
make their own.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import pytest


def made(folder: Path) -> bytes:
    """The bytes of a new store's database."""
    from runstone.store.database import Database

    path = folder / "runstone.db"
    Database(str(path)).close()
    return path.read_bytes()


def copy(new: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a database that is missing be a copy of these bytes, from now on."""
    from runstone.store import database, schema
    from runstone.store.database import Database

    opened = Database._open

    def opens(self: Database, read_only: str | None) -> Any:
        # A test that makes an older store has fewer migrations.
        if read_only is None and not os.path.exists(self.path) and vars(database)["MIGRATIONS"] is schema.MIGRATIONS:
            with contextlib.suppress(OSError):  # there is no such folder, say: that is told as ever
                _put(new, self.path)
        return opened(self, read_only)

    monkeypatch.setattr(Database, "_open", opens)


def _put(data: bytes, path: str) -> None:
    # Whole or not at all, and never in the place of one that somebody else has made meanwhile.
    beside = f"{path}.{os.urandom(4).hex()}"
    try:
        Path(beside).write_bytes(data)
        os.link(beside, path)
    finally:
        os.unlink(beside)
