"""Chunks that nothing needs."""

from __future__ import annotations

# A chunk is condemned before it is deleted: from then on it counts as unknown, so that whoever wants it stores it anew.
SQL = """
CREATE TABLE condemned (
  chunk INTEGER PRIMARY KEY REFERENCES chunk ON DELETE CASCADE,
  time INTEGER NOT NULL
);
CREATE INDEX condemned_mirror ON condemned (time);
"""
