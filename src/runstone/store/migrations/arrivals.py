"""Points as they arrive."""

from __future__ import annotations

# Points as they arrive (see store/arrivals.py), a row for each request, and what of them was found damaged.
SQL = """
CREATE TABLE arrival (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run,
  checksum INTEGER NOT NULL,
  data BLOB NOT NULL
);
CREATE TABLE damaged_arrival (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run,
  data BLOB NOT NULL
);
"""
