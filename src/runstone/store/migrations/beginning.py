"""What a machine-learning store needs first: experiments, runs, series of points, datasets, bytes."""

from __future__ import annotations

SQL = """
CREATE TABLE experiment (
  experiment_id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  artifact_location TEXT NOT NULL,
  lifecycle_stage TEXT NOT NULL DEFAULT 'active',
  creation_time INTEGER NOT NULL,
  last_update_time INTEGER NOT NULL
);
CREATE TABLE experiment_tag (
  experiment INTEGER NOT NULL REFERENCES experiment,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (experiment, key)
) WITHOUT ROWID;

-- run.id is the store's own short name for a run; run_id is the name the world uses.
CREATE TABLE run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  experiment INTEGER NOT NULL REFERENCES experiment,
  run_name TEXT NOT NULL,
  user_id TEXT NOT NULL,
  status TEXT NOT NULL,
  start_time INTEGER,
  end_time INTEGER,
  lifecycle_stage TEXT NOT NULL DEFAULT 'active',
  deleted_time INTEGER,
  artifact_uri TEXT NOT NULL
);
CREATE INDEX run_by_start ON run (experiment, lifecycle_stage, start_time, run_id);

CREATE TABLE param (
  run INTEGER NOT NULL REFERENCES run,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE INDEX param_by_value ON param (key, value, run);
CREATE TABLE tag (
  run INTEGER NOT NULL REFERENCES run,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE INDEX tag_by_value ON tag (key, value, run);

-- What search asks of a metric, kept up to date with its points. NaN is NULL here (no row: the metric is missing).
-- last = the greatest (step, timestamp, value), first = the least; min and max leave NaN out.
CREATE TABLE metric (
  run INTEGER NOT NULL REFERENCES run,
  key TEXT NOT NULL,
  count INTEGER NOT NULL,
  last_step INTEGER NOT NULL,
  last_timestamp INTEGER NOT NULL,
  last_value REAL,
  first_step INTEGER NOT NULL,
  first_timestamp INTEGER NOT NULL,
  first_value REAL,
  min_value REAL,
  max_value REAL,
  PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE INDEX metric_by_value ON metric (key, last_value, run);

-- A series is the points of one metric in one context; its chunks are columnar (see store/points.py). `chunks` is the number that
-- the next one gets, `last_step` and `last_timestamp` are the greatest: points beyond either are new without looking further.
CREATE TABLE series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES run,
  key TEXT NOT NULL,
  model_id TEXT NOT NULL DEFAULT '',
  dataset_name TEXT NOT NULL DEFAULT '',
  dataset_digest TEXT NOT NULL DEFAULT '',
  chunks INTEGER NOT NULL DEFAULT 0,
  last_step INTEGER,
  last_timestamp INTEGER,
  UNIQUE (run, key, model_id, dataset_name, dataset_digest)
);
-- Chunks lie in the order of their writing, not by series: a batch of a thousand series then writes its own pages, not everybody's.
CREATE TABLE series_chunk (
  id INTEGER PRIMARY KEY,
  series INTEGER NOT NULL REFERENCES series,
  number INTEGER NOT NULL,
  count INTEGER NOT NULL,
  first_timestamp INTEGER NOT NULL,
  last_timestamp INTEGER NOT NULL,
  data BLOB NOT NULL
);
CREATE UNIQUE INDEX series_chunk_by_number ON series_chunk (series, number);
-- the chunks that may still be merged with what comes
CREATE INDEX series_chunk_open ON series_chunk (series, number, count) WHERE count < 8192;

CREATE TABLE dataset (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  experiment INTEGER NOT NULL REFERENCES experiment,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  source_type TEXT NOT NULL,
  source TEXT NOT NULL,
  schema TEXT,
  profile TEXT,
  UNIQUE (experiment, name, digest)
);
CREATE TABLE run_input (
  run INTEGER NOT NULL REFERENCES run,
  dataset INTEGER NOT NULL REFERENCES dataset,
  position INTEGER NOT NULL,
  PRIMARY KEY (run, dataset)
) WITHOUT ROWID;
CREATE TABLE input_tag (
  run INTEGER NOT NULL REFERENCES run,
  dataset INTEGER NOT NULL REFERENCES dataset,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, dataset, key)
) WITHOUT ROWID;

-- Bytes. A chunk lies in a pack (pack, offset) or, when small, here (data). A content is a whole file's bytes: its chunks in
-- order. An artifact is a name for a content and is written last.
CREATE TABLE pack (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  creation_time INTEGER NOT NULL
);
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  digest TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  pack INTEGER REFERENCES pack,
  offset INTEGER,
  data BLOB,
  CHECK ((pack IS NULL) = (data IS NOT NULL))
);
CREATE TABLE content (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  digest TEXT UNIQUE,
  size INTEGER NOT NULL
);
CREATE TABLE content_chunk (
  content INTEGER NOT NULL REFERENCES content,
  position INTEGER NOT NULL,
  chunk INTEGER NOT NULL REFERENCES chunk,
  PRIMARY KEY (content, position)
) WITHOUT ROWID;
CREATE INDEX content_chunk_by_chunk ON content_chunk (chunk);
CREATE TABLE artifact (
  owner TEXT NOT NULL,
  path TEXT NOT NULL,
  content INTEGER NOT NULL REFERENCES content,
  creation_time INTEGER NOT NULL,
  PRIMARY KEY (owner, path)
) WITHOUT ROWID;
CREATE INDEX artifact_by_content ON artifact (content);

INSERT INTO experiment (experiment_id, name, artifact_location, creation_time, last_update_time)
  SELECT 0, 'Default', 'mlflow-artifacts:/0', now.ms, now.ms FROM (SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000 AS ms) AS now;
"""
