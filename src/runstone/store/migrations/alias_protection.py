"""Aliases that not everybody may move."""

from __future__ import annotations

# `users` are names joined by line breaks.
SQL = """
CREATE TABLE alias_protection (
  registered_model INTEGER NOT NULL REFERENCES registered_model,
  pattern TEXT NOT NULL,
  users TEXT NOT NULL,
  PRIMARY KEY (registered_model, pattern)
) WITHOUT ROWID;
CREATE INDEX alias_protection_mirror ON alias_protection (users);
"""
