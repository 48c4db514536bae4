"""What is kept of an experiment's runs, and for how long."""

from __future__ import annotations

# `pattern` says which files a rule is about; '' is whole runs. Times are ms. What is NULL is no condition.
SQL = """
CREATE TABLE retention_rule (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  experiment INTEGER NOT NULL REFERENCES experiment,
  pattern TEXT NOT NULL,
  older_than INTEGER,
  keep_last INTEGER,
  keep_best INTEGER,
  metric TEXT,
  mode TEXT,
  user_id TEXT NOT NULL,
  time INTEGER NOT NULL,
  UNIQUE (experiment, pattern)
);
CREATE INDEX retention_rule_mirror ON retention_rule (older_than, keep_last, keep_best, metric, mode, user_id, time);
"""
