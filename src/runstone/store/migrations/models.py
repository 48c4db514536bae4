"""Logged models, the registry, and what was changed in it."""

from __future__ import annotations

# Logged models and the registry. A run may name models that this store does not know, as a client of another server would: its inputs,
# its outputs and its points keep their ids as texts.
SQL = """
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
