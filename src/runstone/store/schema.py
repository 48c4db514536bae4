"""The tables, as numbered migrations. A migration, once released, is never changed: write the next one."""

from __future__ import annotations

# SQLite marks whose file it is in its header; any other number there is a foreign database. ("RNST")
APPLICATION_ID = 0x524E5354

_FIRST = """
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

# A run may use one dataset for several things, training and test: a use is a run, a dataset and a context ('' where none is said).
# The context is among the tags too, under MLflow's name for it; it stands here so that a use said twice is one use.
# Datasets of one name and digest that came from elsewhere are two: a run shows the source that it was told.
_USES = """
CREATE TABLE used_dataset (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  experiment INTEGER NOT NULL REFERENCES experiment,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  source_type TEXT NOT NULL,
  source TEXT NOT NULL,
  schema TEXT,
  profile TEXT
);
CREATE INDEX dataset_by_name ON used_dataset (experiment, name, digest);
INSERT INTO used_dataset SELECT id, experiment, name, digest, source_type, source, schema, profile FROM dataset;
CREATE TABLE dataset_use (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES run,
  dataset INTEGER NOT NULL REFERENCES used_dataset,
  context TEXT NOT NULL,
  UNIQUE (run, dataset, context)
);
CREATE TABLE dataset_use_tag (
  dataset_use INTEGER NOT NULL REFERENCES dataset_use,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (dataset_use, key)
) WITHOUT ROWID;
INSERT INTO dataset_use (run, dataset, context)
  SELECT u.run, u.dataset, COALESCE(t.value, '') FROM run_input AS u LEFT JOIN input_tag AS t
    ON t.run = u.run AND t.dataset = u.dataset AND t.key = 'mlflow.data.context' ORDER BY u.run, u.position;
INSERT INTO dataset_use_tag (dataset_use, key, value)
  SELECT u.id, t.key, t.value FROM input_tag AS t JOIN dataset_use AS u ON u.run = t.run AND u.dataset = t.dataset;
DROP TABLE input_tag;
DROP TABLE run_input;
DROP TABLE dataset;
ALTER TABLE used_dataset RENAME TO dataset;
"""

# Logged models and the registry. A run may name models that this store does not know, as a client of another server would: its inputs,
# its outputs and its points keep their ids as texts.
_MODELS = """
CREATE TABLE logged_model (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  model_id TEXT NOT NULL UNIQUE,
  experiment INTEGER NOT NULL REFERENCES experiment,
  name TEXT NOT NULL,
  model_type TEXT,
  source_run_id TEXT,
  status TEXT NOT NULL,
  status_message TEXT,
  artifact_uri TEXT NOT NULL,
  creation_timestamp INTEGER NOT NULL,
  last_updated_timestamp INTEGER NOT NULL,
  lifecycle_stage TEXT NOT NULL DEFAULT 'active',
  deleted_time INTEGER
);
CREATE INDEX logged_model_by_creation ON logged_model (experiment, lifecycle_stage, creation_timestamp, model_id);
CREATE INDEX logged_model_by_run ON logged_model (source_run_id);
CREATE TABLE logged_model_param (
  logged_model INTEGER NOT NULL REFERENCES logged_model,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (logged_model, key)
) WITHOUT ROWID;
CREATE INDEX logged_model_param_by_value ON logged_model_param (key, value, logged_model);
CREATE TABLE logged_model_tag (
  logged_model INTEGER NOT NULL REFERENCES logged_model,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (logged_model, key)
) WITHOUT ROWID;
CREATE INDEX logged_model_tag_by_value ON logged_model_tag (key, value, logged_model);

-- What search asks of a model's metric on a dataset ('' for none), kept up to date with its points: the value of the greatest
-- (timestamp, step). NaN is NULL here.
CREATE TABLE logged_model_metric (
  id INTEGER PRIMARY KEY,
  logged_model INTEGER NOT NULL REFERENCES logged_model,
  key TEXT NOT NULL,
  dataset_name TEXT NOT NULL,
  dataset_digest TEXT NOT NULL,
  last_timestamp INTEGER NOT NULL,
  last_step INTEGER NOT NULL,
  last_value REAL,
  UNIQUE (logged_model, key, dataset_name, dataset_digest)
);
CREATE INDEX series_by_model ON series (model_id) WHERE model_id <> '';

CREATE TABLE model_input (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES run,
  model_id TEXT NOT NULL,
  UNIQUE (run, model_id)
);
CREATE TABLE model_output (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES run,
  model_id TEXT NOT NULL,
  step INTEGER NOT NULL,
  UNIQUE (run, model_id)
);

-- last_version is the greatest number ever given: a version that was deleted is never another one's.
CREATE TABLE registered_model (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  description TEXT,
  creation_timestamp INTEGER NOT NULL,
  last_updated_timestamp INTEGER NOT NULL,
  last_version INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE registered_model_tag (
  registered_model INTEGER NOT NULL REFERENCES registered_model,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (registered_model, key)
) WITHOUT ROWID;
CREATE INDEX registered_model_tag_by_value ON registered_model_tag (key, value, registered_model);
-- source is what was registered, storage_location where its files are.
CREATE TABLE model_version (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  registered_model INTEGER NOT NULL REFERENCES registered_model,
  version INTEGER NOT NULL,
  source TEXT NOT NULL,
  storage_location TEXT NOT NULL,
  run_id TEXT,
  model_id TEXT,
  run_link TEXT,
  description TEXT,
  user_id TEXT,
  current_stage TEXT NOT NULL,
  status TEXT NOT NULL,
  status_message TEXT,
  creation_timestamp INTEGER NOT NULL,
  last_updated_timestamp INTEGER NOT NULL,
  UNIQUE (registered_model, version)
);
CREATE INDEX model_version_by_run ON model_version (run_id);
CREATE INDEX model_version_by_model ON model_version (model_id);
CREATE TABLE model_version_tag (
  model_version INTEGER NOT NULL REFERENCES model_version,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model_version, key)
) WITHOUT ROWID;
CREATE INDEX model_version_tag_by_value ON model_version_tag (key, value, model_version);
CREATE TABLE registered_model_alias (
  registered_model INTEGER NOT NULL,
  alias TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (registered_model, alias),
  FOREIGN KEY (registered_model, version) REFERENCES model_version (registered_model, version)
) WITHOUT ROWID;

-- What was changed in the registry: it outlives what it is about, so it refers to nothing. `version` is NULL for a change of the
-- registered model itself; `key` is a tag's or an alias; the old and the new value are NULL where there was or is none.
CREATE TABLE registry_change (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  registered_model INTEGER NOT NULL,
  version INTEGER,
  kind TEXT NOT NULL,
  key TEXT,
  old TEXT,
  new TEXT,
  user_id TEXT NOT NULL,
  time INTEGER NOT NULL
);
CREATE INDEX registry_change_by_model ON registry_change (registered_model, version, id);
"""

# Points as they arrive (see store/arrivals.py), a row for each request, and what of them was found damaged.
_ARRIVALS = """
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

# A run at a time is put into its series, so that nobody waits for all of them.
_ARRIVALS_BY_RUN = "CREATE INDEX arrival_by_run ON arrival (run)"

MIGRATIONS: tuple[str, ...] = (_FIRST, _USES, _MODELS, _ARRIVALS, _ARRIVALS_BY_RUN)
