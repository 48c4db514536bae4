"""A store as an older runstone left it: today's rows in the tables of its time."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from runstone.store.database import separated
from runstone.store.schema import APPLICATION_ID, MIGRATIONS, statements


def older_store(store: Path, folder: Path, last: str) -> Path:
    """A copy of a store in `folder`, whose database has had the migrations up to `last`; columns that came later are left out."""
    had = MIGRATIONS[: MIGRATIONS.index(last) + 1]
    shutil.copytree(store, folder, ignore=shutil.ignore_patterns("runstone.db*"))
    with closing(sqlite3.connect(folder / "runstone.db")) as database:
        for migration in had:
            for statement in separated(statements(migration)):
                database.execute(statement)
        database.execute("ATTACH ? AS newer", (str(store / "runstone.db"),))
        tables = database.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        for (table,) in tables.fetchall():
            columns = ", ".join(row[1] for row in database.execute(f"PRAGMA main.table_info({table})"))
            database.execute(f"DELETE FROM main.{table}")
            database.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")
        database.execute(f"PRAGMA main.application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA main.user_version = {len(had)}")
        database.commit()
    return folder
