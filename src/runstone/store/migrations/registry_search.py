"""Indexes for searches of a large registry."""

from __future__ import annotations

# Versions come last updated first; an alias, and a metric of the logged model behind a version, lead to the versions.
SQL = """
CREATE INDEX model_version_by_update ON model_version (last_updated_timestamp);
CREATE INDEX registered_model_alias_by_alias ON registered_model_alias (alias, registered_model, version);
CREATE INDEX logged_model_metric_by_value ON logged_model_metric (key, last_value, logged_model);
"""
