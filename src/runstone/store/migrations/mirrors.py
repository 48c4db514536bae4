"""Every value is written twice, so that a flipped bit in one of them is found."""

from __future__ import annotations

# SQLite's own check compares every index with its table. A value that stands in no index could change unseen on the disk: so each table
# has one more index, of all that its others leave out. Left out here is what is compared otherwise (store/checking.py): bytes, which have
# digests and checksums, where chunks lie, and what sums up points.
SQL = """
CREATE INDEX experiment_mirror ON experiment (artifact_location, lifecycle_stage, creation_time, last_update_time);
CREATE INDEX experiment_tag_mirror ON experiment_tag (value);
CREATE INDEX run_mirror ON run (run_name, user_id, status, end_time, deleted_time, artifact_uri);
CREATE INDEX pack_mirror ON pack (size, creation_time);
CREATE INDEX chunk_by_pack ON chunk (pack, offset, size, stored, codec);
CREATE INDEX dataset_mirror ON dataset (source_type, source, schema, profile);
CREATE INDEX dataset_use_tag_mirror ON dataset_use_tag (value);
CREATE INDEX logged_model_mirror ON logged_model
  (name, model_type, status, status_message, artifact_uri, last_updated_timestamp, deleted_time);
CREATE INDEX logged_model_metric_mirror ON logged_model_metric (last_timestamp, last_step, last_value);
CREATE INDEX model_output_mirror ON model_output (step);
CREATE INDEX registered_model_mirror ON registered_model (description, creation_timestamp, last_updated_timestamp, last_version);
CREATE INDEX registered_model_alias_mirror ON registered_model_alias (version);
CREATE INDEX model_version_mirror ON model_version
  (source, storage_location, run_link, description, user_id, current_stage, status, status_message, creation_timestamp,
   last_updated_timestamp);
CREATE INDEX registry_change_mirror ON registry_change (kind, key, old, new, user_id, time);
DROP INDEX content_chunk_by_chunk;
CREATE INDEX content_chunk_by_chunk ON content_chunk (chunk, start);
DROP INDEX artifact_by_content;
CREATE INDEX artifact_by_content ON artifact (content, creation_time);
"""
