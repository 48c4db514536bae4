"""The client's methods on logged models. One typed method per operation; MLflow's names and arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runstone.entities import PagedList
from runstone.errors import InvalidParameter, brief

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities import FileInfo, LoggedModel, LoggedModelStatus


def create_logged_model(
    self: Client,
    experiment_id: str,
    name: str | None = None,
    source_run_id: str | None = None,
    tags: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    model_type: str | None = None,
) -> LoggedModel:
    """Make a logged model, PENDING until `finalize_logged_model` says that its files are there.

    Args:
        experiment_id: where it belongs.
        name: two words and a number unless said; several models may bear one name.
        source_run_id: the run that makes it.
        tags: labels, kept as text.
        params: its params, kept as text.
        model_type: what its kind is called.
    """
    from runstone.entities.logged_models import LoggedModelParameter, LoggedModelTag
    from runstone.operations import logged_models, model_rules

    request = logged_models.CreateLoggedModel(
        experiment_id=str(experiment_id),
        name=None if name is None else model_rules.check_logged_model_name(name),
        model_type=model_type,
        source_run_id=source_run_id,
        params=[LoggedModelParameter(key, str(value)) for key, value in (params or {}).items()],
        tags=[LoggedModelTag(key, str(value)) for key, value in (tags or {}).items()],
    )
    return self._transport.call(logged_models.create_logged_model, request).model


def finalize_logged_model(self: Client, model_id: str, status: str | LoggedModelStatus) -> LoggedModel:
    """Say that a model's files are there (READY), or will not come (FAILED)."""
    from runstone.entities.logged_models import WIRE_STATUSES
    from runstone.operations import logged_models

    # one that is none goes on as it is, to be refused with the others
    name = next((wire for known, wire in WIRE_STATUSES.items() if known == status), str(status))
    request = logged_models.FinalizeLoggedModel(model_id, name)
    return self._transport.call(logged_models.finalize_logged_model, request).model


def get_logged_model(self: Client, model_id: str) -> LoggedModel:
    """The model, with what was measured of it. Raises NotFound, also for a deleted one."""
    from runstone.operations import logged_models

    return self._transport.call(logged_models.get_logged_model, logged_models.GetLoggedModel(model_id)).model


def delete_logged_model(self: Client, model_id: str) -> None:
    """Delete a model; its files and its points are kept."""
    from runstone.operations import logged_models

    self._transport.call(logged_models.delete_logged_model, logged_models.LoggedModelId(model_id))


def set_logged_model_tags(self: Client, model_id: str, tags: dict[str, Any]) -> None:
    """Set tags (kept as `str(value)`)."""
    from runstone.entities.logged_models import LoggedModelTag
    from runstone.operations import logged_models

    labels = [LoggedModelTag(key, str(value)) for key, value in tags.items()]
    self._transport.call(logged_models.set_logged_model_tags, logged_models.SetLoggedModelTags(model_id, labels))


def delete_logged_model_tag(self: Client, model_id: str, key: str) -> None:
    """Take a tag away. Raises NotFound where there is none."""
    from runstone.operations import logged_models

    self._transport.call(logged_models.delete_logged_model_tag, logged_models.DeleteLoggedModelTag(model_id, key))


def log_model_params(self: Client, model_id: str, params: dict[str, str]) -> None:
    """Log params of a model (kept as `str(value)`). Raises InvalidParameter for one that had another value."""
    from runstone.entities.logged_models import LoggedModelParameter
    from runstone.operations import logged_models

    texts = [LoggedModelParameter(key, str(value)) for key, value in params.items()]
    self._transport.call(logged_models.log_logged_model_params, logged_models.LogLoggedModelParams(model_id, texts))


def list_logged_model_artifacts(self: Client, model_id: str, path: str | None = None) -> list[FileInfo]:
    """One level of a model's artifacts, by path; nothing where `path` is a file or missing."""
    from runstone.operations import proxy

    return self._transport.call(proxy.list_model_artifacts, proxy.ModelFolder(model_id, path)).files


def log_model_artifact(self: Client, model_id: str, local_path: str, artifact_path: str | None = None) -> None:
    """Log a file, or a folder with its name, among a model's files. Raises NotFound for a missing model, MissingFile."""
    self.log_artifact(model_id, local_path, artifact_path)


def log_model_artifacts(self: Client, model_id: str, local_dir: str, artifact_path: str | None = None) -> None:
    """Log what is in a folder among a model's files, in one transaction. Raises NotFound for a missing model, MissingFile."""
    self.log_artifacts(model_id, local_dir, artifact_path)


def search_logged_models(
    self: Client,
    experiment_ids: list[str],
    filter_string: str | None = None,
    datasets: list[dict[str, Any]] | None = None,
    max_results: int | None = None,
    order_by: list[dict[str, Any]] | None = None,
    page_token: str | None = None,
    *,
    latest: bool = False,
) -> PagedList[LoggedModel]:
    """The models of some experiments that a filter lets through (its language: docs/search.md), a page at a time, last made first.

    Args:
        experiment_ids: where to look.
        filter_string: e.g. "metrics.accuracy > 0.9 AND params.kind = 'forest'".
        datasets: what the filter's metrics are to have been measured on: dicts of dataset_name and, if need be, dataset_digest.
        max_results: how many on a page; 100 unless said.
        order_by: dicts of field_name and, if need be, ascending, dataset_name and dataset_digest.
        page_token: of the page before.
        latest: of each metric on each dataset the latest value alone, where the models' metrics are all their points else. (Ours.)
    """
    from runstone.operations import model_search

    request = model_search.SearchLoggedModels(
        experiment_ids=experiment_ids and [str(number) for number in _listed("experiment_ids", experiment_ids)],
        filter=filter_string,
        datasets=[_struct(model_search.DatasetFilter, "datasets", given) for given in _listed("datasets", datasets)],
        max_results=max_results,
        order_by=[_struct(model_search.OrderByField, "order_by", given) for given in _listed("order_by", order_by)],
        page_token=page_token or None,
        latest=latest,
    )
    answer = self._transport.call(model_search.search_logged_models, request)
    return PagedList(answer.models, answer.next_page_token or None)


def _listed(name: str, given: Sequence[Any] | None) -> Sequence[Any]:
    if isinstance(given, str | bytes | dict):
        raise InvalidParameter(f"search_logged_models takes a list as {name}, not {brief(given)}.")
    return given or []


def _struct(kind: Any, name: str, given: Any) -> Any:
    known = kind.__struct_fields__
    if not isinstance(given, dict) or not given.keys() <= set(known):
        raise InvalidParameter(
            f"search_logged_models takes as {name} a list of dicts with the keys {', '.join(known)}; this holds {brief(given)}."
        )
    return kind(**given)
