"""The client: one typed method per operation, under MlflowClient's names. Its methods live in the files named after what they are on."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from runstone.client import (
    artifact_versions,
    artifacts,
    deleting,
    downloads,
    experiments,
    inputs,
    lineage,
    logged_models,
    lookup,
    media,
    model_description,
    model_versions,
    previews,
    registered_models,
    repair,
    retention,
    run_changes,
    run_matrix,
    run_table,
    run_timeline,
    runs,
    sampling,
    series,
    settled,
    space,
    tables,
    verification,
    webhooks,
)
from runstone.client.settled import SettledTransport
from runstone.transport import Transport
from runstone.transport.discovery import SERVERS, open_transport

if TYPE_CHECKING:
    from runstone.repository.files import Repository

__all__ = ["Client", "MlflowClient"]


class Client:
    """A store's client. It has no active run and no defaults: every method names what it works on.

    Args:
        tracking_uri: which store; a folder, a file: URI or a server's http(s): address. None: the environment's, or the nearest `.runstone/`.
        registry_uri: taken for MLflow's sake; models live in the same store.
    """

    def __init__(
        self, tracking_uri: str | os.PathLike[str] | None = None, registry_uri: str | os.PathLike[str] | None = None
    ) -> None:
        inner: Transport = open_transport(tracking_uri)
        self._folder = inner.folder
        # What journals are shipped by, and what everything else is asked by: what a run says while its server is away waits in a journal.
        self._carrier: Any = inner
        self._is_server = inner.uri.startswith(SERVERS)
        if self._is_server:
            from runstone.client import leftovers
            from runstone.journal.outbox import QueuingTransport

            queue = QueuingTransport(inner)
            self._carrier = queue.inner
            self._transport = SettledTransport(queue, self._carrier, partial(leftovers.keep, self))
        else:
            self._transport = SettledTransport(inner, inner, send=partial(artifacts.send_waiting, self))
        self._opened_repository: Repository | None = None

    @property
    def tracking_uri(self) -> str:
        """The store's address."""
        return self._transport.uri

    @property
    def _repository(self) -> Repository:
        if self._opened_repository is None:
            self._opened_repository = self._transport.repository()
        return self._opened_repository

    def __repr__(self) -> str:
        return f"<runstone.Client of {self.tracking_uri}>"

    create_experiment = experiments.create_experiment
    get_experiment = experiments.get_experiment
    get_experiment_by_name = experiments.get_experiment_by_name
    rename_experiment = experiments.rename_experiment
    delete_experiment = experiments.delete_experiment
    restore_experiment = experiments.restore_experiment
    set_experiment_tag = experiments.set_experiment_tag
    delete_experiment_tag = experiments.delete_experiment_tag
    search_experiments = experiments.search_experiments

    create_run = runs.create_run
    get_run = runs.get_run
    get_parent_run = runs.get_parent_run
    update_run = runs.update_run
    set_terminated = runs.set_terminated
    change_runs = run_changes.change_runs
    delete_run = runs.delete_run
    restore_run = runs.restore_run
    search_runs = runs.search_runs
    log_param = runs.log_param
    log_metric = runs.log_metric
    log_batch = runs.log_batch
    set_tag = runs.set_tag
    delete_tag = runs.delete_tag

    get_metric_history = series.get_metric_history
    get_metric_series = series.get_metric_series
    get_metric_summaries = series.get_metric_summaries
    get_experiment_activity = experiments.get_experiment_activity
    get_pulse = experiments.get_pulse
    look_up = lookup.look_up
    get_run_columns = run_table.get_run_columns
    get_run_groups = run_table.get_run_groups
    get_run_ids = run_table.get_run_ids
    get_run_matrix = run_matrix.get_run_matrix
    get_run_numbers = run_table.get_run_numbers
    get_run_table = run_table.get_run_table
    get_run_timeline = run_timeline.get_run_timeline
    get_run_values = run_table.get_run_values
    sample_series = sampling.sample_series
    preview_artifact = previews.preview_artifact
    get_stored_size = previews.get_stored_size
    metric_frame = series.metric_frame

    settle = settled.settle

    log_inputs = inputs.log_inputs
    log_outputs = inputs.log_outputs
    log_model_output = inputs.log_model_output

    create_logged_model = logged_models.create_logged_model
    finalize_logged_model = logged_models.finalize_logged_model
    get_logged_model = logged_models.get_logged_model
    delete_logged_model = logged_models.delete_logged_model
    set_logged_model_tags = logged_models.set_logged_model_tags
    delete_logged_model_tag = logged_models.delete_logged_model_tag
    log_model_params = logged_models.log_model_params
    search_logged_models = logged_models.search_logged_models
    log_model_artifact = logged_models.log_model_artifact
    log_model_artifacts = logged_models.log_model_artifacts
    list_logged_model_artifacts = logged_models.list_logged_model_artifacts

    create_registered_model = registered_models.create_registered_model
    get_registered_model = registered_models.get_registered_model
    rename_registered_model = registered_models.rename_registered_model
    update_registered_model = registered_models.update_registered_model
    delete_registered_model = registered_models.delete_registered_model
    search_registered_models = registered_models.search_registered_models
    get_latest_versions = registered_models.get_latest_versions
    set_registered_model_tag = registered_models.set_registered_model_tag
    delete_registered_model_tag = registered_models.delete_registered_model_tag
    set_registered_model_alias = registered_models.set_registered_model_alias
    delete_registered_model_alias = registered_models.delete_registered_model_alias
    get_model_version_by_alias = registered_models.get_model_version_by_alias
    protect_alias = registered_models.protect_alias
    unprotect_alias = registered_models.unprotect_alias
    get_alias_protections = registered_models.get_alias_protections
    get_registry_changes = registered_models.get_registry_changes

    describe_model = model_description.describe_model
    scan_model = model_description.scan_model
    get_model_measures = model_description.get_model_measures
    create_model_version = model_versions.create_model_version
    copy_model_version = model_versions.copy_model_version
    get_model_version = model_versions.get_model_version
    update_model_version = model_versions.update_model_version
    transition_model_version_stage = model_versions.transition_model_version_stage
    get_model_version_stages = model_versions.get_model_version_stages
    delete_model_version = model_versions.delete_model_version
    get_model_version_download_uri = model_versions.get_model_version_download_uri
    search_model_versions = model_versions.search_model_versions
    set_model_version_tag = model_versions.set_model_version_tag
    delete_model_version_tag = model_versions.delete_model_version_tag

    create_webhook = webhooks.create_webhook
    get_webhook = webhooks.get_webhook
    list_webhooks = webhooks.list_webhooks
    update_webhook = webhooks.update_webhook
    delete_webhook = webhooks.delete_webhook
    test_webhook = webhooks.test_webhook
    list_webhook_deliveries = webhooks.list_webhook_deliveries
    deliver_webhooks = webhooks.deliver_webhooks

    log_artifact = artifacts.log_artifact
    log_artifacts = artifacts.log_artifacts
    log_stream = artifacts.log_stream
    log_bytes = artifacts.log_bytes
    log_files = artifacts.log_files
    list_artifacts = artifacts.list_artifacts
    download_artifacts = downloads.download_artifacts
    read_artifact = downloads.read_artifact
    stream_artifact = downloads.stream_artifact
    open_artifact = downloads.open_artifact
    delete_artifact = deleting.delete_artifact
    delete_logged_model_artifact = deleting.delete_logged_model_artifact
    log_artifact_version = artifact_versions.log_artifact_version
    use_artifact = artifact_versions.use_artifact
    get_artifact_version = artifact_versions.get_artifact_version
    search_artifact_versions = artifact_versions.search_artifact_versions
    list_artifact_names = artifact_versions.list_artifact_names
    set_artifact_alias = artifact_versions.set_artifact_alias
    delete_artifact_alias = artifact_versions.delete_artifact_alias
    update_artifact_version = artifact_versions.update_artifact_version
    delete_artifact_version = artifact_versions.delete_artifact_version
    get_artifact_changes = artifact_versions.get_artifact_changes
    diff_artifact_versions = artifact_versions.diff_artifact_versions
    lineage = lineage.lineage
    verify = verification.verify
    repair = repair.repair
    usage = space.usage
    prune = space.prune
    plan_prune = space.plan_prune
    set_retention = retention.set_retention
    keep_best_models = retention.keep_best_models
    get_retention = retention.get_retention
    delete_retention = retention.delete_retention

    log_text = media.log_text
    log_dict = media.log_dict
    log_figure = media.log_figure
    log_image = media.log_image

    log_table = tables.log_table
    load_table = tables.load_table


MlflowClient = Client
