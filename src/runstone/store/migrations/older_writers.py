"""A process of an older runstone that is still running writes no rows that would be wrong here."""

from __future__ import annotations

# Its connection was opened before the upgrade and knows nothing of it. `schema` is how many migrations the writer of a pack's row knew:
# an older one leaves it out, has made its pack unseen by pruning, and never looks whether the pack is still there. It leaves out `start`
# as well (see chunk_starts.py). What such processes have written since that migration is reckoned anew.
SQL = """
ALTER TABLE pack ADD COLUMN schema INTEGER NOT NULL DEFAULT 0;
DROP INDEX pack_mirror;
CREATE INDEX pack_mirror ON pack (size, creation_time, schema);
INSERT OR REPLACE INTO content_chunk (content, position, chunk, start)
  SELECT content, position, chunk, SUM(size) OVER (PARTITION BY content ORDER BY position) - size
  FROM content_chunk JOIN chunk ON chunk.id = content_chunk.chunk
  WHERE content IN (SELECT content FROM content_chunk WHERE start = 0 AND position > 0);
CREATE TRIGGER pack_of_older_writer BEFORE INSERT ON pack WHEN NEW.schema = 0
BEGIN
  SELECT RAISE(ABORT, 'a newer runstone has upgraded it while this program was running, so that it takes no more files of it: start the program again');
END;
CREATE TRIGGER content_chunk_of_older_writer BEFORE INSERT ON content_chunk WHEN NEW.start = 0 AND NEW.position > 0 AND EXISTS
  (SELECT 1 FROM content_chunk AS c JOIN chunk ON chunk.id = c.chunk WHERE c.content = NEW.content AND c.position < NEW.position AND chunk.size > 0)
BEGIN
  SELECT RAISE(ABORT, 'a newer runstone has upgraded it while this program was running, so that it takes no more files of it: start the program again');
END
"""
