"""Where in its content each chunk begins."""

from __future__ import annotations

# A stretch of a content is found by halving, some fifteen looks into the primary key: no index more.
SQL = """
ALTER TABLE content_chunk ADD COLUMN start INTEGER NOT NULL DEFAULT 0;
INSERT OR REPLACE INTO content_chunk (content, position, chunk, start)
  SELECT content, position, chunk, SUM(size) OVER (PARTITION BY content ORDER BY position) - size
  FROM content_chunk JOIN chunk ON chunk.id = content_chunk.chunk
"""
