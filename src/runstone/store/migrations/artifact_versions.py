"""Named artifacts: versions of files, their aliases, and which runs made and used them."""

from __future__ import annotations

# next_version only rises: a version that was deleted is never another one's. A version's files are artifacts of the owner
# 'named/<named_artifact>/<version>'. Runs are named by their ids: what they made outlives them. Changes outlive what they are about.
# Every value stands in an index (see mirrors.py). The last four let lineage be followed from either end.
SQL = """
CREATE TABLE named_artifact (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  creation_time INTEGER NOT NULL,
  next_version INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX named_artifact_mirror ON named_artifact (creation_time, next_version);
CREATE TABLE artifact_version (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  named_artifact INTEGER NOT NULL REFERENCES named_artifact,
  version INTEGER NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  file_count INTEGER NOT NULL,
  description TEXT,
  user_id TEXT NOT NULL,
  creation_time INTEGER NOT NULL,
  UNIQUE (named_artifact, version),
  UNIQUE (named_artifact, digest)
);
CREATE INDEX artifact_version_mirror ON artifact_version (size, file_count, description, user_id, creation_time);
CREATE TABLE artifact_version_tag (
  artifact_version INTEGER NOT NULL REFERENCES artifact_version,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (artifact_version, key)
) WITHOUT ROWID;
CREATE INDEX artifact_version_tag_by_value ON artifact_version_tag (key, value, artifact_version);
CREATE TABLE artifact_alias (
  named_artifact INTEGER NOT NULL,
  alias TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (named_artifact, alias),
  FOREIGN KEY (named_artifact, version) REFERENCES artifact_version (named_artifact, version)
) WITHOUT ROWID;
CREATE INDEX artifact_alias_by_version ON artifact_alias (named_artifact, version);
CREATE TABLE artifact_producer (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  artifact_version INTEGER NOT NULL REFERENCES artifact_version,
  run_id TEXT NOT NULL,
  path TEXT NOT NULL,
  time INTEGER NOT NULL,
  UNIQUE (artifact_version, run_id, path)
);
CREATE INDEX artifact_producer_by_run ON artifact_producer (run_id, time);
CREATE TABLE artifact_use (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  artifact_version INTEGER NOT NULL REFERENCES artifact_version,
  run_id TEXT NOT NULL,
  reference TEXT NOT NULL,
  time INTEGER NOT NULL,
  UNIQUE (artifact_version, run_id)
);
CREATE INDEX artifact_use_by_run ON artifact_use (run_id, time, reference);
CREATE TABLE artifact_change (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  named_artifact INTEGER NOT NULL,
  version INTEGER,
  kind TEXT NOT NULL,
  key TEXT,
  old TEXT,
  new TEXT,
  user_id TEXT NOT NULL,
  time INTEGER NOT NULL
);
CREATE INDEX artifact_change_by_name ON artifact_change (named_artifact, version, kind, key, old, new, user_id, time);
CREATE INDEX model_input_by_model ON model_input (model_id);
CREATE INDEX model_output_by_model ON model_output (model_id);
CREATE INDEX dataset_by_digest ON dataset (name, digest);
CREATE INDEX dataset_use_by_dataset ON dataset_use (dataset);
"""
