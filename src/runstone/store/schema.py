"""The tables, as numbered migrations (`migrations/`)."""

from __future__ import annotations

from importlib import import_module

from runstone.repository.stores import APPLICATION_ID as APPLICATION_ID

# In their order: a database says in its header how many of them it has had.
MIGRATIONS = (
    "beginning",
    "dataset_uses",
    "models",
    "arrivals",
    "arrivals_by_run",
    "compressed_chunks",
    "chunk_starts",
    "mirrors",
    "pruning",
    "artifact_versions",
    "retention",
    "executable",
    "older_writers",
    "removals",
    "registry_search",
    "alias_protection",
    "webhooks",
)


def statements(migration: str) -> str:
    """A migration's SQL; read when it is to be carried out, for most databases have had all of them."""
    sql: str = import_module(f"runstone.store.migrations.{migration}").SQL
    return sql
