"""A run may use one dataset for several things."""

from __future__ import annotations

# A run may use one dataset for several things, training and test: a use is a run, a dataset and a context ('' where none is said).
# The context is among the tags too, under MLflow's name for it; it stands here so that a use said twice is one use.
# Datasets of one name and digest that came from elsewhere are two: a run shows the source that it was told.
SQL = """
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
