"""Files that may be run."""

from __future__ import annotations

# The index is small, for such files are few; and it is the second place in which the bit stands (see mirrors.py).
SQL = """
ALTER TABLE artifact ADD COLUMN executable INTEGER NOT NULL DEFAULT 0;
CREATE INDEX artifact_executable ON artifact (owner, path) WHERE executable <> 0;
"""
