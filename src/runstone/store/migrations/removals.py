"""Runs and logged models that are being removed for good."""

from __future__ import annotations

# Where their files are plain ones these go before their rows do, and from the first of them on the run cannot be restored.
SQL = """
CREATE TABLE removal (
  owner TEXT NOT NULL PRIMARY KEY
)
"""
